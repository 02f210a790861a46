// Data of a bootstrap: rows drawn from a model, or the rows there are under random weights.
#pragma once

#include <jensen/data/table.h>
#include <jensen/em/model.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace jensen {

/// Weights of the Bayesian bootstrap (Rubin 1981), scaled to the same sum: Gamma(w) variates for frequency weights w (w
/// copies of a row have Σ of w exponentials), w times an exponential for sampling weights.
std::vector<double> random_weights(const Data& data, std::uint64_t seed, std::uint64_t replicate);

/// Draws from a model, as many as there are observations, with the holes and known states of the rows that they stand
/// for.
class Sampler {
 public:
  /// Throws ArgumentError for frequency weights that are no whole numbers, and sets of several known states.
  Sampler(const Model& model, const Data& data);
  Table draw(std::uint64_t seed) const;

 private:
  struct Row {
    std::int64_t source = 0;
    bool labelled = false;
  };
  const Model& model_;
  const Data& data_;
  std::vector<Row> rows_;
  double weight_ = 1;  // of each row
  bool has_missing_ = false;
  bool has_labels_ = false;
};

}  // namespace jensen
