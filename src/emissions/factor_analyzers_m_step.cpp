// M-step of factor analysers, and the expected log-density that it maximises.
#include <jensen/error.h>

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "emissions/factor_moments.h"
#include "math/packed_matrix.h"

namespace jensen {

FactorAnalyzers::Moments FactorAnalyzers::moments(ConstSlice s, int k) const {
  const double* own = s.sum.data() + static_cast<std::size_t>(k) * statistics_size();
  const double* about = s.about.data() + static_cast<std::size_t>(k) * d();
  Moments m;
  m.weight = own[0];
  if (!(m.weight > 0)) return m;
  const double* first_f = own + 1;
  const double* second_f = first_f + q();
  const double* first_x = second_f + packed_size(factors_);
  const double* cross = first_x + d();
  const double* second_x = cross + d() * q();
  for (std::size_t a = 0; a < q(); ++a) {
    m.mean_f.push_back(first_f[a] / m.weight);
    for (std::size_t b = 0; b <= a; ++b) {
      m.ff.push_back(second_f[a * (a + 1) / 2 + b] - first_f[a] * first_f[b] / m.weight);
    }
  }
  for (std::size_t j = 0; j < d(); ++j) {
    m.mean_x.push_back(about[j] + first_x[j] / m.weight);
    m.xx.push_back(second_x[j] - first_x[j] * first_x[j] / m.weight);
    for (std::size_t a = 0; a < q(); ++a) m.xf.push_back(cross[j * q() + a] - first_x[j] * first_f[a] / m.weight);
  }
  return m;
}

// λ_j = (Σ_k ff_k / ψ_kj)⁻¹ Σ_k xf_kj / ψ_kj over the components that share it, on the first min(j + 1, q) factors.
void FactorAnalyzers::maximize_loadings(std::span<const Moments> all, std::vector<double>& loadings,
                                        std::span<const double> noise) const {
  using Eigen::MatrixXd;
  using Eigen::VectorXd;
  for (std::size_t c = 0; c < loading_copies(); ++c) {
    const auto mine = structure_.tied_loadings ? all : all.subspan(c, 1);
    const bool weighted = structure_.tied_loadings && !structure_.tied_noise;
    Eigen::LLT<MatrixXd> llt;
    for (std::size_t j = 0; j < d(); ++j) {
      const auto count = static_cast<int>(std::min(q(), j + 1));
      MatrixXd ff = MatrixXd::Zero(count, count);
      VectorXd xf = VectorXd::Zero(count);
      for (std::size_t k = 0; k < mine.size(); ++k) {
        if (!(mine[k].weight > 0)) continue;
        const double share = weighted ? 1 / noise[k * noise_size() + (structure_.isotropic_noise ? 0 : j)] : 1;
        if (j < q() || weighted) ff += share * unpack_symmetric(mine[k].ff, factors_).topLeftCorner(count, count);
        xf += share * Eigen::Map<const VectorXd>(mine[k].xf.data() + j * q(), count);
      }
      if (j < q() || weighted) {
        if (!(ff.trace() > 0)) continue;  // no component has rows: what there was stays
        llt.compute(ff);
      } else if (!(xf.squaredNorm() > 0)) {
        continue;
      }
      const VectorXd solved = llt.solve(xf);
      std::copy(solved.begin(), solved.end(), loadings.begin() + static_cast<std::ptrdiff_t>((c * d() + j) * q()));
    }
  }
}

// Σ r (x_j − μ_j − λ_jᵀ f)² at the best μ, by component and column.
std::vector<double> FactorAnalyzers::residuals(std::span<const Moments> all, std::span<const double> loadings) const {
  std::vector<double> result(component_count() * d(), 0.0);
  for (std::size_t k = 0; k < component_count(); ++k) {
    const Moments& m = all[k];
    if (!(m.weight > 0)) continue;
    const Eigen::MatrixXd ff = unpack_symmetric(m.ff, factors_);
    for (std::size_t j = 0; j < d(); ++j) {
      const std::size_t at = (structure_.tied_loadings ? 0 : k * d()) + j;
      const Eigen::Map<const Eigen::VectorXd> lambda(loadings.data() + at * q(), factors_);
      const Eigen::Map<const Eigen::VectorXd> xf(m.xf.data() + j * q(), factors_);
      result[k * d() + j] = std::max(0.0, m.xx[j] - 2 * lambda.dot(xf) + lambda.dot(ff * lambda));
    }
  }
  return result;
}

std::vector<double> FactorAnalyzers::maximizing_noise(std::span<const Moments> all,
                                                      std::span<const double> residual) const {
  std::vector<double> sums(noise_.size(), 0.0);
  std::vector<double> weights(noise_.size(), 0.0);
  for (std::size_t k = 0; k < component_count(); ++k) {
    for (std::size_t j = 0; j < d() && all[k].weight > 0; ++j) {
      const std::size_t at = (structure_.tied_noise ? 0 : k * noise_size()) + (structure_.isotropic_noise ? 0 : j);
      sums[at] += residual[k * d() + j];
      weights[at] += all[k].weight;
    }
  }
  std::vector<double> noise = noise_;
  for (std::size_t i = 0; i < noise.size(); ++i) {
    if (weights[i] > 0) noise[i] = std::max(sums[i] / weights[i], floor(i));
  }
  return noise;
}

std::vector<FactorAnalyzers::Moments> FactorAnalyzers::all_moments(ConstSlice s) const {
  std::vector<Moments> all;
  for (int k = 0; k < components_; ++k) all.push_back(moments(s, k));
  return all;
}

// Loadings and noise; false, with nothing changed, where some noise would be 0.
bool FactorAnalyzers::maximize_factors(std::span<const Moments> all) {
  degeneracies_.clear();
  std::vector<double> loadings = loadings_;
  std::vector<double> noise = noise_;
  const bool in_turn = structure_.tied_loadings && !structure_.tied_noise;
  for (int i = 0; i < (in_turn ? 1000 : 1); ++i) {
    maximize_loadings(all, loadings, noise);
    const auto next = maximizing_noise(all, residuals(all, loadings));
    double moved = 0;
    for (std::size_t j = 0; j < next.size(); ++j) moved = std::max(moved, std::abs(next[j] / noise[j] - 1));
    noise = next;
    if (!(moved > 1e-13)) break;
  }
  for (std::size_t i = 0; i < noise.size(); ++i) {
    if (noise[i] > 0 && std::isfinite(1 / noise[i])) continue;
    const int component = structure_.tied_noise ? 0 : static_cast<int>(i / noise_size());
    degeneracies_.push_back({component, true,
                             fmt::format("the factors explain column {} wholly: its noise is 0",
                                         structure_.isotropic_noise ? 1 : i % d() + 1)});
  }
  if (!degeneracies_.empty()) return false;
  loadings_ = std::move(loadings);
  noise_ = std::move(noise);
  note_degeneracies(all);
  return true;
}

void FactorAnalyzers::maximize(ConstSlice s) {
  const auto all = all_moments(s);
  if (!maximize_factors(all)) return;
  for (std::size_t k = 0; k < component_count(); ++k) {
    for (std::size_t j = 0; j < d() && all[k].weight > 0; ++j) {
      means_[k * d() + j] = all[k].mean_x[j];
      for (std::size_t a = 0; a < q(); ++a) {
        means_[k * d() + j] -= this->loadings(static_cast<int>(k))[j * q() + a] * all[k].mean_f[a];
      }
    }
  }
}

// Moments about the μ that there is and a factor of 0, for regressions through it.
FactorAnalyzers::Moments FactorAnalyzers::about_the_mean(Moments m, int k) const {
  for (std::size_t j = 0; j < d() && m.weight > 0; ++j) {
    const double gap = m.mean_x[j] - mean(k)[j];
    m.xx[j] += m.weight * gap * gap;
    for (std::size_t a = 0; a < q(); ++a) m.xf[j * q() + a] += m.weight * gap * m.mean_f[a];
  }
  for (std::size_t a = 0; a < q() && m.weight > 0; ++a) {
    for (std::size_t b = 0; b <= a; ++b) m.ff[a * (a + 1) / 2 + b] += m.weight * m.mean_f[a] * m.mean_f[b];
  }
  return m;
}

void FactorAnalyzers::maximize(ConstSlice s, int part) {
  auto all = all_moments(s);
  if (part == 0) {
    for (std::size_t k = 0; k < component_count(); ++k) {
      if (all[k].weight > 0)
        std::copy_n(all[k].mean_x.begin(), d(), means_.begin() + static_cast<std::ptrdiff_t>(k * d()));
    }
    return;
  }
  for (int k = 0; k < components_; ++k) {
    auto& own = all[static_cast<std::size_t>(k)];
    own = about_the_mean(std::move(own), k);
  }
  maximize_factors(all);
}

void FactorAnalyzers::note_degeneracies(std::span<const Moments> all) {
  for (int k = 0; k < components_; ++k) {
    if (all[static_cast<std::size_t>(k)].weight > 0) continue;
    degeneracies_.push_back({k, false, "no observation belongs to it; its parameters are those of before"});
  }
  for (std::size_t c = 0; c < noise_copies(); ++c) {
    if (!structure_.tied_noise && !(all[c].weight > 0)) continue;
    for (std::size_t i = 0; i < noise_size(); ++i) {
      if (has_coordinate(c * noise_size() + i)) continue;
      const std::string what = structure_.isotropic_noise ? "its noise" : fmt::format("the noise of column {}", i + 1);
      degeneracies_.push_back({static_cast<int>(c), false, what + " is at its floor (a Heywood case)"});
      break;
    }
  }
}

// −½ Σ_j [N log 2πψ_j + S_j / ψ_j] − ½ [q N log 2π + tr Σ r f fᵀ], S_j = Σ r (x_j − μ_j − λ_jᵀ f)².
double FactorAnalyzers::expected_log_density(ConstSlice s) const {
  const double log_two_pi = std::log(2 * std::numbers::pi);
  double total = 0;
  for (int k = 0; k < components_; ++k) {
    const Moments m = moments(s, k);
    if (!(m.weight > 0)) continue;
    const Eigen::MatrixXd ff = unpack_symmetric(m.ff, factors_);
    for (int a = 0; a < factors_; ++a) {
      const auto at = static_cast<std::size_t>(a);
      total -= 0.5 * (m.weight * log_two_pi + ff(a, a) + m.weight * m.mean_f[at] * m.mean_f[at]);
    }
    for (std::size_t j = 0; j < d(); ++j) {
      const Eigen::Map<const Eigen::VectorXd> lambda(loadings(k).data() + j * q(), factors_);
      const Eigen::Map<const Eigen::VectorXd> xf(m.xf.data() + j * q(), factors_);
      double gap = m.mean_x[j] - mean(k)[j];
      for (std::size_t a = 0; a < q(); ++a) gap -= lambda(static_cast<int>(a)) * m.mean_f[a];
      const double sum = m.xx[j] - 2 * lambda.dot(xf) + lambda.dot(ff * lambda) + m.weight * gap * gap;
      const double psi = noise(k, static_cast<int>(j));
      total -= 0.5 * (m.weight * (log_two_pi + std::log(psi)) + sum / psi);
    }
  }
  return total;
}

void FactorAnalyzers::move(ConstSlice from, Slice to) const {
  std::copy(from.sum.begin(), from.sum.end(), to.sum.begin());
  for (std::size_t k = 0; k < component_count(); ++k) {
    const double* old = from.sum.data() + k * statistics_size();
    double* own = to.sum.data() + k * statistics_size();
    const std::size_t first_x = 1 + q() + packed_size(factors_);
    for (std::size_t j = 0; j < d(); ++j) {
      const double shift = from.about[k * d() + j] - to.about[k * d() + j];
      own[first_x + j] += old[0] * shift;
      for (std::size_t a = 0; a < q(); ++a) own[first_x + d() + j * q() + a] += shift * old[1 + a];
      own[first_x + d() * (1 + q()) + j] += shift * (2 * old[first_x + j] + old[0] * shift);
    }
  }
}

}  // namespace jensen
