// Hidden Markov models that the benchmarks iterate, and sequences that they explain.
#pragma once

#include <jensen/data/table.h>
#include <jensen/emissions/categories.h>
#include <jensen/emissions/gaussian.h>
#include <jensen/models/hidden_markov.h>

namespace jensen::benchmarks {

/// K states that stay nine times out of ten, diagonal covariances: means a standard deviation apart, so that states
/// overlap.
HiddenMarkov<Gaussian> gaussian_chain(int states, int columns);
/// The same over a column of `levels` symbols.
HiddenMarkov<Independent<Categorical>> categorical_chain(int states, int levels);

/// Sequences of that length drawn from the model.
template <class E>
Table sequences_of(const HiddenMarkov<E>& model, std::int64_t sequences, std::int64_t length) {
  const std::int64_t rows = sequences * length;
  std::vector<double> values(static_cast<std::size_t>(rows * model.columns()));
  std::vector<std::int64_t> begins{0};
  for (std::int64_t s = 0; s < sequences; ++s) {
    const Panel own{values.data() + begins.back(), length, model.columns(), rows};
    model.sample(static_cast<std::uint64_t>(s), 0, own, {});
    begins.push_back(begins.back() + length);
  }
  return Table(std::move(values), rows, model.columns()).with_sequences(std::move(begins));
}

}  // namespace jensen::benchmarks
