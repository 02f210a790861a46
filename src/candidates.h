// Candidates of a selection, whatever they are models of: filled from a report, judged, ranked.
#pragma once

#include <jensen/select_mixture.h>

#include <optional>
#include <utility>
#include <vector>

namespace jensen {

/// Throws ArgumentError of `function` for what no selection can do: no or equal numbers of components, forms that read
/// different columns, options that are for a single fit.
void check_candidates(const char* function, const std::vector<Schema>& forms, const MixtureSelectionOptions& selection,
                      const Options& options);

/// Every form with every number of components, not yet fitted.
std::vector<MixtureCandidate> grid(const std::vector<Schema>& forms, const std::vector<int>& components);

/// What a report says about a candidate that was fitted.
void fill(MixtureCandidate& candidate, const Report& report);
/// What an error says about one that could not be.
void fail(MixtureCandidate& candidate, const Error& error);
/// Unsound where the criterion, which may come after the report, is not finite.
void judge(MixtureCandidate& candidate, MixtureCriterion criterion);

/// Sound ones by the criterion come first, then unsound, then those that could not be fitted.
std::vector<std::size_t> best_first(const std::vector<MixtureCandidate>& candidates, MixtureCriterion criterion);

/// Fills a selection: its candidates in that order, and the fit of the first, where there is one.
template <class Selection, class Fit>
void put_in_order(Selection& selection, const std::vector<MixtureCandidate>& candidates,
                  std::vector<std::optional<Fit>>& fits, const std::vector<std::size_t>& order) {
  for (const std::size_t i : order) selection.candidates.push_back(candidates[i]);
  auto& best = fits[order.front()];
  if (!best) return;
  selection.best = std::move(best);
  selection.forms[static_cast<std::size_t>(candidates[order.front()].form)] = selection.best->schema;
}

}  // namespace jensen
