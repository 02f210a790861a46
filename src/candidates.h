// Candidates of a selection, whatever they are models of: filled from a report, judged, ranked.
#pragma once

#include <jensen/select_mixture.h>

namespace jensen {

/// What a report says about a candidate that was fitted.
void fill(MixtureCandidate& candidate, const Report& report);
/// Unsound where the criterion, which may come after the report, is not finite.
void judge(MixtureCandidate& candidate, MixtureCriterion criterion);
/// Sound ones by the criterion come first, then unsound, then those that could not be fitted.
bool better(const MixtureCandidate& a, const MixtureCandidate& b, MixtureCriterion criterion);

}  // namespace jensen
