// Where a climb begins: responsibilities that depend on the data alone, so that any model with discrete states can turn
// them into a first θ by its own M-step.
#pragma once

#include <memory>

#include <jensen/data/data.h>
#include <jensen/em/model.h>
#include <jensen/em/options.h>
#include <jensen/em/summary.h>
#include <jensen/execution/workers.h>

namespace jensen {

/// Rows that seeding looks at: all, up to this many, else a random sample of this size.
constexpr std::int64_t k_means_sample_rows = 16384;
constexpr std::int64_t hierarchical_sample_rows = 2000;

/// The rule for q of a start: a function of (data, states, seed). Known states (labels) are honoured: a labelled state
/// is seeded at the mean of its labelled rows.
Rule starting_rule(Start start, SummarizedData& data, int states, std::uint64_t seed, Workers& workers);

/// `prototype` after M-steps under the starting rule: one on an excerpt of the data, which gives the second, on all of
/// them, means to take its moments about. Where its states fall into clusters of which a sequence keeps to one, the
/// rule is that of cluster_starts.h, but for labelled data. Throws UnsupportedError where the prototype has no discrete
/// states.
std::unique_ptr<Model> started(const Model& prototype, Start start, SummarizedData& data, std::uint64_t seed,
                               Workers& workers);
/// The same for a single start.
std::unique_ptr<Model> started(const Model& prototype, Start start, const Data& data, std::uint64_t seed,
                               Workers& workers);

}  // namespace jensen
