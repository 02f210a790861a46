// How many components, and which distributions? Fits every combination, ranks them, and tests K against K + 1.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jensen/em/criteria.h>
#include <jensen/em/no_likelihood.h>
#include <jensen/fit_mixture.h>

namespace jensen {

/// What mixtures of columns are compared by.
enum class MixtureCriterion {
  aic,  ///< these three: lower is better, see Report
  bic,
  icl,
  entropy,          ///< Criteria::normalized_entropy: higher is better
  cross_validation  ///< MixtureCandidate::cross_validated: higher is better
};
std::string to_string(MixtureCriterion criterion);
MixtureCriterion mixture_criterion_named(std::string_view name);

/// All schemas that a schema with alternatives stands for: "income:gaussian|log-normal, a+b:gaussian(full|EII|VEV)" is
/// six of them. gaussian(all) and student-t(all) stand for all covariance structures that differ in so many columns.
std::vector<Schema> alternatives(const Schema& schema);

/// One combination and what became of it.
struct MixtureCandidate : Criteria {
  int components = 1;
  int form = 0;         ///< which of the schemas
  bool fitted = false;  ///< false: `reason` says why not, and all that follows it means nothing
  bool sound = false;   ///< fitted, no component degenerate, the objective never fell, the criterion a number
  std::string reason;
  /// Where no start has a finite likelihood: the row or sequence that is to blame, which `reason` names by its number.
  std::optional<NoLikelihood> no_likelihood;
  Outcome outcome = Outcome::not_finite;
  int starts = 0;
  int starts_at_best = 0;
  /// Mean log-likelihood per unit of weight of rows that the fit did not see, over all folds; NaN without folds.
  double cross_validated = std::numeric_limits<double>::quiet_NaN();
  /// Bootstrap p-value of this K against K + 1 of the same form; NaN where it was not asked for or not possible.
  double p_value = std::numeric_limits<double>::quiet_NaN();
};

struct MixtureSelectionOptions {
  std::vector<int> components = {1, 2, 3, 4, 5, 6};
  MixtureCriterion criterion = MixtureCriterion::bic;
  Prior prior = Prior::data_scaled;
  /// Folds of the cross-validation; 0: none. A row's fold depends on the seed and its number alone.
  int folds = 0;
  /// Samples of the parametric bootstrap likelihood-ratio test (McLachlan 1987) of K against K + 1, for each pair of
  /// neighbours among `components` of the best candidate's form; 0: none. p = (1 + #{samples whose ratio reaches the
  /// observed one}) / (1 + samples). Holes, given columns and labels are those of the data: where a label restricts the
  /// component it is drawn among those allowed. A row of frequency weight w, a whole number, is w draws; one of
  /// sampling weight w is one draw that keeps its weight.
  int bootstrap = 0;
  /// Called, never by two threads at once, when another of `count` tasks is done.
  std::function<void(int done, int count)> progress;
};

struct MixtureSelection {
  std::vector<Schema> forms;                 ///< as given, resolved where a candidate could be fitted
  std::vector<MixtureCandidate> candidates;  ///< best first: sound ones by the criterion, then unsound, then unfitted
  std::optional<FittedTable> best;           ///< of candidates.front(); empty where none could be fitted
};

/// Fits every (form, K) with the same options and seed; candidates share out the threads, and the result does not
/// depend on how many there are. A candidate that cannot be fitted is a row with its reason. Throws ArgumentError for
/// options out of their domain, empty lists and repeated entries, for forms that do not read the same columns, and for
/// a bootstrap of what cannot be drawn: frequency weights that are no whole numbers, and columns of upper ends, as the
/// model does not say which cells would be censored. Labels of states beyond a candidate's K are that candidate's
/// failure; those of a larger K leave the components without a label to the rows without one.
MixtureSelection select_mixture(const Data& data, const std::vector<Schema>& forms,
                                const MixtureSelectionOptions& selection, const Options& options = from_data());

struct GroupedMixtureSelection {
  std::vector<Schema> forms;
  std::vector<MixtureCandidate> candidates;
  std::optional<FittedGroupedTable> best;
};
/// The same for rows in groups (fit_grouped_mixture): the groups are held out of folds, and drawn, as wholes.
GroupedMixtureSelection select_grouped_mixture(const Data& data, const std::vector<Schema>& forms,
                                               const MixtureSelectionOptions& selection,
                                               const Options& options = from_data());

}  // namespace jensen
