#include <jensen/emissions/product.h>
#include <jensen/models/separation.h>

#include <algorithm>
#include <cmath>

namespace jensen {

namespace {

double entropy(std::span<const double> p) {
  double sum = 0;
  for (const double q : p) sum -= q > 0 ? q * std::log(q) : 0;
  return sum;
}

// 1 − (mean entropy of the rows of p) / H(weights).
double certainty(ConstPanel p, std::span<const double> weights) {
  const double prior = entropy(weights);
  if (!(prior > 0)) return 1;
  double total = 0;
  std::vector<double> row(weights.size());
  for (std::int64_t i = 0; i < p.rows; ++i) {
    for (int k = 0; k < p.columns; ++k) row[static_cast<std::size_t>(k)] = p(i, k);
    total += entropy(row);
  }
  return std::max(0.0, 1 - total / (static_cast<double>(p.rows) * prior));
}

template <class E>
Separation separate(const Mixture<E>& model, std::int64_t draws, std::uint64_t seed, std::vector<double>& values) {
  const int states = model.states();
  values.assign(static_cast<std::size_t>(draws) * static_cast<std::size_t>(model.columns()), 0.0);
  const Panel x{values.data(), draws, model.columns(), draws};
  std::vector<std::int32_t> z(static_cast<std::size_t>(draws));
  model.sample(seed, 0, x, z);
  Block block;
  block.x = x;
  std::vector<double> posterior(static_cast<std::size_t>(draws) * static_cast<std::size_t>(states));
  const Panel p{posterior.data(), draws, states, draws};
  model.responsibilities(block, p);

  Separation result;
  result.states = states;
  result.certainty = certainty(p, model.weights());
  for (int k = 0; k < states; ++k) {
    double mass = 0;
    for (std::int64_t i = 0; i < draws; ++i) mass += p(i, k);
    for (int l = 0; l < states; ++l) {
      double both = 0;
      for (std::int64_t i = 0; i < draws; ++i) both += p(i, k) * p(i, l);
      result.average_posterior.push_back(mass > 0 ? both / mass : 0);
    }
  }
  return result;
}

}  // namespace

Separation separation(const GaussianMixture& model, std::int64_t draws, std::uint64_t seed) {
  std::vector<double> values;
  return separate(model, draws, seed, values);
}

Separation separation(const AnyMixture& model, std::int64_t draws, std::uint64_t seed) {
  if (!model.can(Capability::sample)) throw UnsupportedError(model.name(), describe(Capability::sample), "separation");
  std::vector<double> values;
  Separation result = separate(model, draws, seed, values);
  const auto* product = model.emissions().as<Product>();
  if (product == nullptr) return result;
  const Panel x{values.data(), draws, model.columns(), draws};
  for (const auto& part : product->parts()) {
    // This part alone, its columns side by side.
    std::vector<double> own;
    for (const int column : part.columns) own.insert(own.end(), x.column(column), x.column(column) + draws);
    Block block;
    block.x = {own.data(), draws, static_cast<int>(part.columns.size()), draws};
    const AnyMixture alone({model.weights().begin(), model.weights().end()}, part.emissions);
    std::vector<double> posterior(static_cast<std::size_t>(draws) * static_cast<std::size_t>(model.states()));
    const Panel p{posterior.data(), draws, model.states(), draws};
    alone.responsibilities(block, p);
    result.certainty_by_part.push_back(certainty(p, model.weights()));
  }
  return result;
}

}  // namespace jensen
