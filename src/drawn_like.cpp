#include "drawn_like.h"

#include <jensen/math/random.h>

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace jensen {

namespace {

constexpr double most_rows = 1e9;

// Rows [first, end) of the data that share their component, and how often they come.
struct Unit {
  std::int64_t first, end, copies;
};

std::vector<Unit> units_of(const Data& data, const Block& all) {
  std::vector<Unit> units;
  const bool counted = data.weight_kind() == WeightKind::frequency;
  const auto add = [&](std::int64_t first, std::int64_t end) {
    units.push_back({first, end, counted ? static_cast<std::int64_t>(all.weight(first)) : 1});
  };
  const auto begins = data.sequences();
  for (std::size_t s = 0; s + 1 < begins.size(); ++s) add(begins[s], begins[s + 1]);
  for (std::int64_t i = 0; begins.empty() && i < all.rows(); ++i) add(i, i + 1);
  return units;
}

// The weights of the components that all rows of the unit allow.
std::vector<double> allowed_weights(std::span<const double> weights, const Block& all, const Unit& unit) {
  std::vector<double> allowed(weights.begin(), weights.end());
  for (std::size_t k = 0; k < allowed.size(); ++k) {
    for (std::int64_t i = unit.first; i < unit.end; ++i) {
      if (!all.allows(i, static_cast<int>(k))) allowed[k] = 0;
    }
  }
  return allowed;
}

class Drawing {
 public:
  Drawing(std::span<const double> weights, const AnyEmissions& emissions, const Data& data, std::uint64_t seed)
      : weights_(weights),
        emissions_(emissions),
        data_(data),
        all_(data.block(0, data.rows(), buffer_)),
        seed_(seed),
        units_(units_of(data, all_)) {}

  Table run() {
    for (const Unit& unit : units_) rows_ += unit.copies * (unit.end - unit.first);
    values_.resize(static_cast<std::size_t>(rows_) * static_cast<std::size_t>(data_.columns()));
    for (const Unit& unit : units_) {
      for (std::int64_t copy = 0; copy < unit.copies; ++copy) draw(unit);
    }
    begins_.push_back(rows_);
    Table table(std::move(values_), rows_, data_.columns());
    if (!kept_weights_.empty()) table = table.with_weights(std::move(kept_weights_), WeightKind::sampling);
    if (!all_.allowed.empty()) table = table.with_allowed(std::move(allowed_), *all_.state_sets);
    return data_.sequences().empty() ? table : table.with_sequences(std::move(begins_));
  }

 private:
  void draw(const Unit& unit) {
    begins_.push_back(at_);
    const auto weights = allowed_weights(weights_, all_, unit);
    const Panel x{values_.data(), rows_, data_.columns(), rows_};
    int k = -1;
    for (std::int64_t i = unit.first; i < unit.end; ++i, ++at_) {
      Stream stream(seed_, Purpose::sample, 0, 0, static_cast<std::uint64_t>(at_));
      if (k < 0) k = stream.choice(weights);
      for (int j = 0; j < x.columns; ++j) x(at_, j) = all_.x(i, j);
      optional::sample_row(emissions_, k, stream, x, at_, row_);
      for (int j = 0; j < x.columns; ++j) {
        if (std::isnan(all_.x(i, j))) x(at_, j) = std::numeric_limits<double>::quiet_NaN();
      }
      if (!all_.allowed.empty()) allowed_.push_back(all_.allowed[static_cast<std::size_t>(i)]);
      if (data_.weight_kind() == WeightKind::sampling) kept_weights_.push_back(all_.weight(i));
    }
  }

  std::span<const double> weights_;
  const AnyEmissions& emissions_;
  const Data& data_;
  BlockBuffer buffer_;
  Block all_;
  std::uint64_t seed_;
  std::vector<Unit> units_;
  std::int64_t rows_ = 0;
  std::int64_t at_ = 0;
  std::vector<double> values_, kept_weights_, row_;
  std::vector<std::int32_t> allowed_;
  std::vector<std::int64_t> begins_;
};

}  // namespace

std::string cannot_be_drawn(const Data& data) {
  if (data.weight_kind() == WeightKind::sampling) return {};
  BlockBuffer buffer;
  const Block all = data.block(0, data.rows(), buffer);
  double total = 0;
  for (std::int64_t i = 0; i < all.rows(); ++i) {
    const double weight = all.weight(i);
    total += weight;
    if (weight == std::floor(weight)) continue;
    return fmt::format("cannot draw the {} observations that row {} stands for: its weight is one of frequency", weight,
                       i + 1);
  }
  return total > most_rows ? fmt::format("cannot draw {:.3g} observations in memory", total) : std::string();
}

Table drawn_like(const AnyMixture& model, const Data& data, std::uint64_t seed) {
  return Drawing(model.weights(), model.emissions(), data, seed).run();
}
Table drawn_like(const AnyGroupedMixture& model, const Data& data, std::uint64_t seed) {
  return Drawing(model.weights(), model.emissions(), data, seed).run();
}

}  // namespace jensen
