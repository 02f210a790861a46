// Seeds for K clusters, and the responsibilities that follow: each row to its nearest seed among the states it may be
// in.
#pragma once

#include <jensen/concepts.h>
#include <jensen/data/data.h>
#include <jensen/em/summary.h>
#include <jensen/execution/workers.h>

namespace jensen {

/// D² seeding (Arthur and Vassilvitskii 2007): the first seed is a row drawn by weight, each next one a row drawn by
/// weight × squared distance to the nearest seed so far. Columns are scaled to unit variance; distances over the
/// observed cells are scaled up to all columns. States with labelled rows are seeded at their mean.
Given k_means_plus_plus_seeding(const Data& data, const Summary& summary, int states, std::uint64_t seed,
                                Workers& workers);

/// Ward's (1963) minimum-variance agglomeration of the scaled rows (missing cells at the column's mean), cut at K
/// clusters. Beyond hierarchical_sample_rows rows a random sample is agglomerated and the other rows go to the nearest
/// cluster mean. Clusters are matched to labelled states by nearness of means.
Given hierarchical_seeding(SummarizedData& data, int states, std::uint64_t seed, Workers& workers);

}  // namespace jensen
