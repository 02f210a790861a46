// How many components, and which covariance structure? Fits every combination and ranks them by a criterion.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jensen/em/criteria.h>
#include <jensen/fit_gaussian_mixture.h>

namespace jensen {

/// What candidates are compared by; lower is better. See Report.
enum class Criterion { aic, bic, icl };
std::string to_string(Criterion criterion);
/// The criterion of that name. Throws ArgumentError listing the names there are.
Criterion criterion_named(std::string_view name);

/// One combination and what became of it.
struct Candidate : Criteria {
  int components = 1;
  Covariance covariance = Covariance::full;
  bool fitted = false;  ///< false: `reason` says why not, and all that follows it means nothing
  bool sound = false;   ///< fitted, no component degenerate, the objective never fell, the criterion finite
  std::string reason;   ///< why it is not sound; empty where it is
  Outcome outcome = Outcome::not_finite;
  int iterations = 0;
  int effective_components = 0;  ///< components that differ, see effective_components()
  int starts = 0;                ///< starts that were made ...
  int starts_at_best = 0;        ///< ... and how many of them reached the optimum reported

  double value(Criterion criterion) const;
};

struct SelectionOptions {
  std::vector<int> components = {1, 2, 3, 4, 5, 6};
  std::vector<Covariance> covariances = classic_covariances();
  Criterion criterion = Criterion::bic;
  Prior prior = Prior::data_scaled;
  Precision precision = Precision::float64;
  /// Called before candidate number `index` (from 0) of `count` is fitted, never by two threads at once.
  std::function<void(int index, int count, const Candidate& candidate)> begun;
};

struct Selection {
  std::vector<Candidate> candidates;  ///< best first: sound ones by the criterion, then unsound, then unfitted
  std::optional<Fitted<GaussianMixture>> best;  ///< of candidates.front(); empty where none could be fitted
};

/// Fits every (components, covariance) with the same options and seed; threads share out the candidates where the data
/// are small, else each pass over the data, and the result does not depend on how many there are. A candidate that
/// cannot be fitted is a row with its reason. Where options.callback says stop, the fit under way ends with its best so
/// far and the candidates that remain are rows that were not tried. Throws ArgumentError for options out of their
/// domain, empty lists and repeated entries.
Selection select_gaussian_mixture(const Data& data, const SelectionOptions& selection,
                                  const Options& options = from_data());

}  // namespace jensen
