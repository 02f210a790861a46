#include "chains.h"

#include <jensen/math/random.h>

namespace jensen::benchmarks {

namespace {

MarkovChain staying_chain(int states) {
  const auto size = static_cast<std::size_t>(states);
  std::vector<double> transitions(size * size, 0.1 / (states - 1));
  for (std::size_t k = 0; k < size; ++k) transitions[k * size + k] = 0.9;
  return {std::vector<double>(size, 1.0 / states), std::move(transitions)};
}

}  // namespace

HiddenMarkov<Gaussian> gaussian_chain(int states, int columns) {
  Gaussian gaussian(states, columns, Covariance::diagonal);
  const auto cells = static_cast<std::size_t>(states) * static_cast<std::size_t>(columns);
  Stream stream(7, Purpose::test);
  std::vector<double> means(cells);
  for (double& mean : means) mean = stream.normal();
  gaussian.set(std::move(means), std::vector<double>(cells, 1.0));
  return {staying_chain(states), std::move(gaussian)};
}

HiddenMarkov<Independent<Categorical>> categorical_chain(int states, int levels) {
  Stream stream(7, Purpose::test);
  std::vector<Categorical> families;
  for (int k = 0; k < states; ++k) {
    std::vector<double> p(static_cast<std::size_t>(levels));
    double total = 0;
    for (double& v : p) total += v = stream.exponential();
    for (double& v : p) v /= total;
    families.emplace_back(std::move(p));
  }
  return {staying_chain(states), Independent<Categorical>(std::move(families))};
}

}  // namespace jensen::benchmarks
