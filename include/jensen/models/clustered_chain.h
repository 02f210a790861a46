// A mixture of Markov chains: sequences that differ in how their states follow one another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <jensen/concepts.h>
#include <jensen/models/chain_posterior.h>
#include <jensen/models/markov_chain.h>

namespace jensen {

/// Each sequence belongs to one of C clusters, which nobody has seen, and keeps to the K states of that cluster:
///
///   p(z_1 … z_T) = w_c π_c(z_1) Π_t A_c(z_{t−1}, z_t),   c the cluster of z_1
///
/// State k of cluster c has number c K + k: this is the Markov chain over all C K states whose transitions lead from no
/// cluster into another, with π = (w_1 π_1, …, w_C π_C). Its M-step is that of this chain; its E-step runs through the
/// clusters one after the other, O(T C K²) time. A pseudo-count of first states is added to each of the C K.
///
/// p(cluster c | x) is the sum of the responsibilities of its states, the same in every row of a sequence.
///
/// Smyth (1997), Clustering sequences with hidden Markov models; Helske and Helske (2019), Mixture hidden Markov models
/// for sequence data, of R's seqHMM.
class ClusteredChain {
 public:
  class Path;

  /// Clusters, first states and transitions uniform. clusters ≥ 1, states ≥ 1 in each.
  ClusteredChain(int clusters, int states);
  /// C clusters with that chain each, its zeros and pseudo-counts, all of the same weight. Throws ArgumentError where
  /// its π is fixed, which would fix the weights, or stationary, which a chain that falls into parts has no single one.
  static ClusteredChain alike(const MarkovChain& cluster, int clusters);
  /// The chain over all states. Throws ArgumentError where its states do not fall into so many clusters of the same
  /// size, where a transition that is no structural zero leads from one to another, or where π is stationary.
  ClusteredChain(MarkovChain whole, int clusters);

  int states() const { return whole_.states(); }  ///< C K
  int clusters() const { return clusters_; }      ///< C
  int states_of_cluster() const { return states() / clusters_; }
  const MarkovChain& whole() const { return whole_; }
  MarkovChain& whole() { return whole_; }
  double weight(int cluster) const;
  /// π_c and A_c; π_c is uniform where w_c = 0.
  MarkovChain cluster(int cluster) const;

  /// The states in such an order that clusters come by falling weight, those of a cluster staying as they are.
  std::vector<int> by_weight() const;
  /// The same chain with state k being what state order[k] was; clusters must stay together (ArgumentError).
  ClusteredChain reordered(std::span<const int> order) const;

  std::size_t statistics_size() const { return whole_.statistics_size(); }
  void maximize(std::span<const double> statistics) { whole_.maximize(statistics); }
  double expected_log_density(std::span<const double> statistics) const {
    return whole_.expected_log_density(statistics);
  }
  double log_prior() const { return whole_.log_prior(); }
  int free_parameters() const { return whole_.free_parameters(); }
  std::vector<double> unconstrained() const { return whole_.unconstrained(); }
  void set_unconstrained(std::span<const double> u) { whole_.set_unconstrained(u); }
  /// π, then A cluster by cluster and row by row: moves from one cluster into another are no parameters.
  std::vector<double> parameters() const;
  void set_parameters(std::span<const double> v);
  std::vector<std::string> parameter_names() const;  ///< initial[k], transition[i,j], numbered over all C K states

 private:
  MarkovChain whole_;
  int clusters_;
};

/// Into how many clusters the states of any chain fall.
template <class Chain>
int chain_clusters(const Chain& chain) {
  if constexpr (requires { chain.clusters(); }) return chain.clusters();
  return 1;
}

/// A path drawn from left to right. Refers to the chain.
class ClusteredChain::Path {
 public:
  explicit Path(const ClusteredChain& chain) : path_(chain.whole()) {}
  Path(const ClusteredChain& chain, int state) : path_(chain.whole(), state) {}
  int next(Stream& stream) { return path_.next(stream); }

 private:
  MarkovChain::Path path_;
};

/// As for a Markov chain (chain_posterior.h, viterbi.h). With `Given` responsibilities r the cluster of a sequence has
/// q(c) ∝ Π_t (1/C + Σ_k r_t(c, k)), 0 where a label rules c out; within it states are independent in time, q(z_t | c)
/// ∝ r_t(c, ·).
Evidence chain_posterior(const Block& x, const Rule& rule, const ClusteredChain& chain, Panel log_density,
                         std::span<double> counts, ChainScratch& scratch);
void chain_score(const Block& x, const ClusteredChain& chain, Panel log_density, std::span<double> out,
                 ChainScratch& scratch);
void chain_filter(const Block& x, const ClusteredChain& chain, Panel log_density, ChainScratch& scratch);
void chain_predict(const Block& x, const ClusteredChain& chain, Panel log_density, ChainScratch& scratch);
void viterbi(const Block& x, const ClusteredChain& chain, Panel log_density, std::span<std::int32_t> path,
             std::span<double> value = {});

}  // namespace jensen
