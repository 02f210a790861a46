// Any of the chains of hidden states that the library has, chosen at run time.
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>
#include <variant>

#include <jensen/models/chain_posterior.h>
#include <jensen/models/chain_segments.h>
#include <jensen/models/clustered_chain.h>
#include <jensen/models/input_chain.h>
#include <jensen/models/markov_chain.h>
#include <jensen/models/semi_markov_chain.h>
#include <jensen/models/timed_chain.h>
#include <jensen/models/viterbi.h>

namespace jensen {

/// A value that holds one of the chains below; every call goes to the one inside.
///   AnyChain chain = MarkovChain::left_to_right(3);
/// The functions of chains (chain_posterior.h, viterbi.h) are its friends, found for an AnyChain alone: a chain that
/// lacks one of them is not taken for an AnyChain.
class AnyChain {
 public:
  using Held = std::variant<MarkovChain, InputChain, TimedChain, SemiMarkovChain, ClusteredChain>;
  class Path;

  /// MarkovChain(states)
  explicit AnyChain(int states) : held_(MarkovChain(states)) {}
  // clang-format off
  template <class Chain>
    requires std::constructible_from<Held, Chain> && (!std::same_as<std::remove_cvref_t<Chain>, AnyChain>)
  AnyChain(Chain chain) : held_(std::move(chain)) {}
  // clang-format on

  /// The chain inside if it is of type Chain, else null.
  template <class Chain>
  const Chain* as() const {
    return std::get_if<Chain>(&held_);
  }
  template <class Chain>
  Chain* as() {
    return std::get_if<Chain>(&held_);
  }
  const Held& held() const { return held_; }

  int states() const;
  int clusters() const;
  bool can(Capability capability) const;
  bool tentative() const;
  std::size_t statistics_size() const;
  std::size_t reference_size() const;
  void reference(std::span<double> about) const;
  void maximize(ConstSlice statistics);
  double expected_log_density(ConstSlice statistics) const;
  double log_prior() const;
  int free_parameters() const;
  std::vector<double> unconstrained() const;
  void set_unconstrained(std::span<const double> u);
  std::vector<double> parameters() const;
  void set_parameters(std::span<const double> v);
  std::vector<std::string> parameter_names() const;
  /// The same chain with state k being what state order[k] was.
  AnyChain reordered(std::span<const int> order) const;

  friend Evidence chain_posterior(const Block& x, const Rule& rule, const AnyChain& chain, Panel log_density,
                                  Slice statistics, ChainScratch& scratch) {
    return chain.posterior(x, rule, log_density, statistics, scratch);
  }
  friend Evidence chain_posterior(const Block& x, const Rule& rule, const AnyChain& chain, ChainSegments& segments,
                                  const ChainPlan& plan, Slice statistics, ChainScratch& scratch) {
    return chain.posterior(x, rule, segments, plan, statistics, scratch);
  }
  friend void chain_score(const Block& x, const AnyChain& chain, Panel log_density, std::span<double> out,
                          ChainScratch& scratch) {
    chain.score(x, log_density, out, scratch);
  }
  friend void chain_score(const Block& x, const AnyChain& chain, ChainSegments& segments, std::span<double> out,
                          ChainScratch& scratch) {
    chain.score(x, segments, out, scratch);
  }
  friend void chain_filter(const Block& x, const AnyChain& chain, Panel log_density, ChainScratch& scratch) {
    chain.filter(x, log_density, scratch);
  }
  friend void chain_predict(const Block& x, const AnyChain& chain, Panel log_density, ChainScratch& scratch) {
    chain.predict(x, log_density, scratch);
  }
  friend void viterbi(const Block& x, const AnyChain& chain, Panel log_density, std::span<std::int32_t> path,
                      std::span<double> value = {}) {
    chain.decode(x, log_density, path, value);
  }
  friend void viterbi(const Block& x, const AnyChain& chain, ChainSegments& segments, std::span<std::int32_t> path,
                      std::span<double> value) {
    chain.decode(x, segments, path, value);
  }

 private:
  Evidence posterior(const Block& x, const Rule& rule, Panel log_density, Slice statistics,
                     ChainScratch& scratch) const;
  Evidence posterior(const Block& x, const Rule& rule, ChainSegments& segments, const ChainPlan& plan, Slice statistics,
                     ChainScratch& scratch) const;
  void score(const Block& x, Panel log_density, std::span<double> out, ChainScratch& scratch) const;
  void score(const Block& x, ChainSegments& segments, std::span<double> out, ChainScratch& scratch) const;
  void filter(const Block& x, Panel log_density, ChainScratch& scratch) const;
  void predict(const Block& x, Panel log_density, ChainScratch& scratch) const;
  void decode(const Block& x, Panel log_density, std::span<std::int32_t> path, std::span<double> value) const;
  void decode(const Block& x, ChainSegments& segments, std::span<std::int32_t> path, std::span<double> value) const;

  Held held_;
};

/// A path drawn from left to right. Refers to the chain.
class AnyChain::Path {
 public:
  explicit Path(const AnyChain& chain);
  /// Goes on from the row before, whose state is this. Throws UnsupportedError for a chain whose next state depends on
  /// more than that (SemiMarkovChain).
  Path(const AnyChain& chain, int state);
  int next(Stream& stream, const ConstPanel& x, std::int64_t row);

 private:
  using Held =
      std::variant<MarkovChain::Path, InputChain::Path, TimedChain::Path, SemiMarkovChain::Path, ClusteredChain::Path>;
  static Held going_on(const AnyChain& chain, int state);

  Held held_;
};

}  // namespace jensen
