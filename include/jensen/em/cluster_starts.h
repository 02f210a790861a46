// Where fits of models begin that put sequences into clusters, each with states of its own (Model::clusters):
// responsibilities for a sequence's cluster and for its states within it.
#pragma once

#include <cstdint>
#include <functional>

#include <jensen/concepts.h>
#include <jensen/data/data.h>
#include <jensen/em/options.h>
#include <jensen/em/summary.h>
#include <jensen/execution/workers.h>

namespace jensen {

/// Every sequence is put into one of C clusters at random and follows a path of a random chain of that cluster, over
/// the K states c K … c K + K − 1, so that clusters differ from the first in their dynamics; with one cluster all
/// sequences follow one chain. Transitions are uniform on the simplex. For blocks of whole sequences; a function of
/// (seed, row where the sequence begins).
std::function<void(const Block&, Panel)> random_paths(int clusters, int states, std::uint64_t seed);

/// Clusters by what sequences look like, with the seeding that `start` says (starting_rule) at three levels:
///
///   1. rows to C K seeds (at most 8), their symbols;
///   2. sequences to C seeds, by the square roots of the frequencies of pairs of symbols that follow one another (whose
///      Euclidean distance is Hellinger's, and whose noise is alike whatever the frequency): clusters that differ in
///      what they show, in how long they stay and in what follows what lie apart;
///   3. rows of the sequences of each cluster to K seeds, the states of that cluster.
///
/// For data without labels. A cluster that no sequence came to takes its states from all of them.
Given seeded_clusters(Start start, SummarizedData& data, int clusters, int states, std::uint64_t seed,
                      Workers& workers);

}  // namespace jensen
