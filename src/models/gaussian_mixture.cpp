#include <jensen/models/gaussian_mixture.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace jensen {

template class Mixture<Gaussian>;

namespace {

std::vector<int> complement(std::span<const int> columns, int d, const char* function) {
  std::vector<bool> taken(static_cast<std::size_t>(d), false);
  for (int j : columns) {
    if (j < 0 || j >= d) {
      throw ArgumentError(function, "columns", fmt::format("{} is not in 0 … {}", j, d - 1));
    }
    if (taken[static_cast<std::size_t>(j)]) throw ArgumentError(function, "columns", fmt::format("{} comes twice", j));
    taken[static_cast<std::size_t>(j)] = true;
  }
  std::vector<int> others;
  for (int j = 0; j < d; ++j) {
    if (!taken[static_cast<std::size_t>(j)]) others.push_back(j);
  }
  return others;
}

}  // namespace

GaussianMixture marginal(const GaussianMixture& model, std::span<const int> columns) {
  const Gaussian& gaussian = model.emissions();
  complement(columns, gaussian.columns(), "marginal");
  if (columns.empty()) throw ArgumentError("marginal", "columns", "must name at least one");
  const bool all_columns = static_cast<int>(columns.size()) == gaussian.columns();
  const Covariance whole = gaussian.covariance_structure();
  const Covariance structure = all_columns ? whole : structure_of_part(whole);
  const int d = static_cast<int>(columns.size());
  std::vector<double> means;
  std::vector<std::vector<double>> covariances;
  for (int k = 0; k < model.states(); ++k) {
    for (int j : columns) means.push_back(gaussian.mean(k)[static_cast<std::size_t>(j)]);
    const auto all = gaussian.covariance(k);
    std::vector<double> part(packed_size(d));
    for (int a = 0; a < d; ++a) {
      for (int b = 0; b <= a; ++b) {
        part[packed_index(a, b)] =
            all[packed_index(columns[static_cast<std::size_t>(a)], columns[static_cast<std::size_t>(b)])];
      }
    }
    covariances.push_back(std::move(part));
  }
  Gaussian result(model.states(), d, structure);
  result.set(std::move(means), in_shape(structure, d, covariances));
  return {{model.weights().begin(), model.weights().end()}, std::move(result)};
}

GaussianMixture conditional(const GaussianMixture& model, std::span<const int> columns,
                            std::span<const double> values) {
  const Gaussian& gaussian = model.emissions();
  if (columns.size() != values.size()) {
    throw ArgumentError("conditional", "values",
                        fmt::format("must be {} numbers, got {}", columns.size(), values.size()));
  }
  const auto others = complement(columns, gaussian.columns(), "conditional");
  if (others.empty()) throw ArgumentError("conditional", "columns", "must leave at least one column free");
  std::vector<int> given;
  std::vector<double> row(static_cast<std::size_t>(gaussian.columns()), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (std::isinf(values[i])) throw ArgumentError("conditional", "values", "holds an infinite number");
    if (std::isnan(values[i])) continue;
    given.push_back(columns[i]);
    row[static_cast<std::size_t>(columns[i])] = values[i];
  }

  Block block;
  block.x = {row.data(), 1, gaussian.columns(), 1};
  block.has_missing = true;
  std::vector<double> weights(static_cast<std::size_t>(model.states()));
  model.responsibilities(block, {weights.data(), 1, model.states(), 1});

  const Covariance structure =
      columns.empty() ? gaussian.covariance_structure() : structure_of_part(gaussian.covariance_structure());
  const int d = static_cast<int>(others.size());
  std::vector<double> means;
  std::vector<std::vector<double>> covariances;
  for (int k = 0; k < model.states(); ++k) {
    const Conditioning conditioning = condition(gaussian.covariance(k), given, others);
    const auto mean = gaussian.conditional_mean(k, conditioning, given, others, row);
    means.insert(means.end(), mean.begin(), mean.end());
    covariances.push_back(conditioning.residual);
  }
  Gaussian result(model.states(), d, structure);
  result.set(std::move(means), in_shape(structure, d, covariances));
  return {std::move(weights), std::move(result)};
}

void impute(const GaussianMixture& model, const Block& x, Panel filled) { model.impute(x, filled); }

int effective_components(const GaussianMixture& model) {
  const Gaussian& gaussian = model.emissions();
  const auto twins = [&](int a, int b) {
    const auto left = gaussian.covariance(a);
    const auto right = gaussian.covariance(b);
    for (int i = 0; i < gaussian.columns(); ++i) {
      const double deviation = std::sqrt(left[packed_index(i, i)]);
      const auto at = static_cast<std::size_t>(i);
      if (std::abs(gaussian.mean(a)[at] - gaussian.mean(b)[at]) > 1e-6 * deviation) return false;
      for (int j = 0; j <= i; ++j) {
        const double difference = std::abs(left[packed_index(i, j)] - right[packed_index(i, j)]);
        if (difference > 1e-6 * deviation * std::sqrt(left[packed_index(j, j)])) return false;
      }
    }
    return true;
  };
  int count = 0;
  for (int k = 0; k < model.states(); ++k) {
    if (!(model.weights()[static_cast<std::size_t>(k)] > 0)) continue;
    bool is_new = true;
    for (int earlier = 0; earlier < k && is_new; ++earlier) {
      is_new = !(model.weights()[static_cast<std::size_t>(earlier)] > 0) || !twins(earlier, k);
    }
    count += is_new ? 1 : 0;
  }
  return count;
}

}  // namespace jensen
