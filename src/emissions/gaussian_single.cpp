// E-steps in float: rows are centred on the pivot and scaled in double, where cancellation happens, and rounded once;
// what is added over rows is double again. docs/kernels.md has the errors.
#include <jensen/emissions/gaussian.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace jensen {

namespace {

// Measured, not derived: how far log-likelihoods of neighbouring θ, each a sum over rows, are off relative to each
// other.
constexpr double single_rounding = 0x1p-26;

}  // namespace

std::string to_string(Precision precision) { return precision == Precision::float32 ? "float32" : "float64"; }

Precision precision_named(std::string_view name) {
  for (const auto precision : {Precision::float64, Precision::float32}) {
    if (name == to_string(precision)) return precision;
  }
  throw ArgumentError("precision", "name", fmt::format("'{}' is none of float64, float32", name));
}

void Gaussian::set_precision(Precision precision) {
  precision_ = precision;
  derive_bounds();
  derive_single();
}

double Gaussian::rounding() const {
  return precision_ == Precision::float64 ? std::numeric_limits<double>::epsilon() : single_rounding;
}

// Powers of two change no digit of what they scale, and keep data in any unit within float's range.
void Gaussian::derive_single() {
  single_units_.clear();
  single_scales_.clear();
  single_factors_.clear();
  single_offsets_.clear();
  if (precision_ == Precision::float64) return;
  const auto d = static_cast<std::size_t>(columns_);
  for (std::size_t j = 0; j < d; ++j) {
    double largest = 0;
    for (int k = 0; k < components_; ++k) {
      const std::size_t own = static_cast<std::size_t>(factor_of(k)) * shape_size();
      const double variance = has_matrices()
                                ? covariances_[own + packed_index(static_cast<int>(j), static_cast<int>(j))]
                                : 1 / precisions_[static_cast<std::size_t>(k) * d + j];
      largest = std::max(largest, std::max(std::sqrt(variance), std::abs(mean(k)[j] - pivot_[j])));
    }
    constexpr int most = 500;
    const int exponent = std::isfinite(largest) && largest > 0 ? std::ilogb(largest) : 0;
    single_units_.push_back(std::ldexp(1.0, std::clamp(exponent, -most, most)));
    single_scales_.push_back(1 / single_units_.back());
  }
  const auto narrow = [](double v) { return static_cast<float>(v); };
  for (const Cholesky& factor : factors_) {
    for (std::size_t a = 0; a < d; ++a) {
      for (std::size_t b = 0; b <= a; ++b) {
        single_factors_.push_back(narrow(factor.inverse[a * (a + 1) / 2 + b] * single_units_[b]));
      }
    }
  }
  for (std::size_t i = 0; i < scales_.size(); ++i) single_factors_.push_back(narrow(scales_[i] * single_units_[i % d]));
  for (const double offset : offsets_) single_offsets_.push_back(narrow(offset));
}

void Gaussian::refuse_missing(const Block& x) const {
  if (!x.has_missing) return;
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (int j = 0; j < x.columns(); ++j) {
      if (!std::isnan(x.x(i, j))) continue;
      throw DataError(
          fmt::format("row {}, column {}: the cell is missing, which E-steps in float32 do not integrate out: "
                      "use float64",
                      x.first_row + i + 1, j + 1));
    }
  }
}

// Columns a cache line further apart than they are long, with room for whole vectors.
BasicPanel<float> Gaussian::single_panel(std::int64_t rows, Scratch& scratch) const {
  const std::int64_t stride = (rows + 15) / 16 * 16 + 16;
  scratch.single_panel.resize(static_cast<std::size_t>(stride) * static_cast<std::size_t>(components_));
  return {scratch.single_panel.data(), rows, components_, stride};
}

// p(i, k) −= ½ ‖z_ik‖². Where some component is near the pivot, scratch.single_centered is about it afterwards.
void Gaussian::add_single_log_densities(ConstPanel x, BasicPanel<float> p, Scratch& scratch) const {
  const auto d = static_cast<std::size_t>(columns_);
  const auto add = [&](std::span<const int> components) {
    std::vector<kernels::SingleTriangularTerm> triangular;
    std::vector<kernels::SingleDiagonalTerm> diagonal;
    for (const int k : components) {
      const auto at = static_cast<std::size_t>(k);
      const float* offset = single_offsets_.data() + at * d;
      if (has_matrices()) {
        const float* factor = single_factors_.data() + static_cast<std::size_t>(factor_of(k)) * packed_size(columns_);
        triangular.push_back({factor, offset, 0, p.column(k)});
      } else {
        diagonal.push_back({single_factors_.data() + at * d, offset, 0, p.column(k)});
      }
    }
    kernels::add_triangular_log_densities(scratch.single_centered, triangular);
    kernels::add_diagonal_log_densities(scratch.single_centered, columns_, diagonal);
  };
  for (const int k : far_) {
    scratch.single_centered.assign(x, mean(k).data(), single_scales_.data());
    add({&k, 1});
  }
  if (near_.empty()) return;
  scratch.single_centered.assign(x, pivot_.data(), single_scales_.data());
  add(near_);
}

void Gaussian::add_widened_log_densities(ConstPanel x, Panel p, Scratch& scratch) const {
  const BasicPanel<float> own = single_panel(p.rows, scratch);
  for (int k = 0; k < components_; ++k) std::fill_n(own.column(k), own.rows, 0.0F);
  add_single_log_densities(x, own, scratch);
  for (int k = 0; k < components_; ++k) {
    const double constant = constants_[static_cast<std::size_t>(k)];
    for (std::int64_t i = 0; i < p.rows; ++i) p(i, k) += constant + static_cast<double>(own(i, k));
  }
}

// Adds moments weighted by unit · r, about this object's means. scratch.single_centered is about the pivot, where some
// component is near it.
void Gaussian::accumulate_single(ConstPanel x, BasicPanel<float> r, double unit, Slice s, Scratch& scratch) const {
  std::vector<double> factors;  // of each moment: what scaling took away
  const auto unit_of = [&](int column) {
    return column == 0 ? 1.0 : single_units_[static_cast<std::size_t>(column) - 1];
  };
  for (const kernels::ColumnPair pair : pairs_) factors.push_back(unit * unit_of(pair.a) * unit_of(pair.b));
  const auto add = [&](std::span<const int> components, const double* point) {
    std::vector<const float*> columns;
    for (const int k : components) columns.push_back(r.column(k));
    scratch.moments.assign(components.size() * pairs_.size(), 0.0);
    kernels::add_pair_moments(scratch.single_centered, pairs_, columns, scratch.moments.data());
    const std::size_t count = components.size();
    for (std::size_t f = 0; f < pairs_.size(); ++f) {
      for (std::size_t t = 0; t < count; ++t) scratch.moments[f * count + t] *= factors[f];
    }
    add_recentered(scratch.moments, components, point, s, scratch);
  };
  if (!near_.empty()) add(near_, pivot_.data());
  for (const int k : far_) {
    scratch.single_centered.assign(x, mean(k).data(), single_scales_.data());
    add({&k, 1}, mean(k).data());
  }
}

// accumulate() from responsibilities in double, of any rule.
void Gaussian::accumulate_narrowed(ConstPanel x, ConstPanel r, Slice s, Scratch& scratch) const {
  double largest = 0;
  for (int k = 0; k < components_; ++k) {
    largest = std::max(largest, *std::max_element(r.column(k), r.column(k) + r.rows));
  }
  if (!(largest > 0)) return;
  const double unit = std::ldexp(1.0, std::ilogb(largest));
  const BasicPanel<float> narrowed = single_panel(r.rows, scratch);
  for (int k = 0; k < components_; ++k) {
    std::transform(r.column(k), r.column(k) + r.rows, narrowed.column(k),
                   [&](double v) { return static_cast<float>(v / unit); });
  }
  scratch.single_centered.assign(x, pivot_.data(), single_scales_.data());
  accumulate_single(x, narrowed, unit, s, scratch);
}

Evidence Gaussian::expect_single(const Block& x, std::span<const double> log_weights, std::span<double> weights,
                                 Slice s, Scratch& scratch) const {
  const BasicPanel<float> p = single_panel(x.rows(), scratch);
  // What is large and the same for all components is added in double.
  std::vector<double> level(log_weights.begin(), log_weights.end());
  for (std::size_t k = 0; k < level.size(); ++k) level[k] += constants_[k];
  const double highest = *std::max_element(level.begin(), level.end());
  for (int k = 0; k < components_; ++k) {
    std::fill_n(p.column(k), p.rows, static_cast<float>(level[static_cast<std::size_t>(k)] - highest));
  }
  add_single_log_densities(x.x, p, scratch);
  double unit = 1;
  if (!x.weights.empty()) {
    const double largest = *std::max_element(x.weights.begin(), x.weights.end());
    if (largest > 0) unit = std::ldexp(1.0, std::ilogb(largest));
  }
  const auto normalized = kernels::normalize(p, x.weights, unit);
  std::vector<double> before;
  for (int k = 0; k < components_; ++k) before.push_back(s.sum[static_cast<std::size_t>(k)]);
  accumulate_single(x.x, p, unit, s, scratch);
  for (std::size_t k = 0; k < weights.size(); ++k) weights[k] += s.sum[k] - before[k];
  return {normalized.log_likelihood + highest * normalized.weight, normalized.entropy, normalized.entropy,
          normalized.weight};
}

}  // namespace jensen
