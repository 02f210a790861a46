#include <jensen/models/any_chain.h>

#include <gtest/gtest.h>

#include <type_traits>
#include <vector>

namespace jensen {
namespace {

MarkovChain two_states() { return {{0.25, 0.75}, {0.9, 0.1, 0.4, 0.6}}; }

// What becomes an AnyChain is not taken for one where an overload of its own is missing: that would call itself.
struct Convertible {
  operator AnyChain() const { return two_states(); }
};
template <class Chain>
concept IsFiltered = requires(const Block& x, const Chain& chain, Panel p, ChainScratch& scratch) {
  chain_filter(x, chain, p, scratch);
};
template <class Chain>
concept IsDecoded = requires(const Block& x, const Chain& chain, Panel p, std::span<std::int32_t> path) {
  viterbi(x, chain, p, path);
};
static_assert(std::is_convertible_v<Convertible, AnyChain> && std::is_convertible_v<MarkovChain, AnyChain>);
static_assert(IsFiltered<AnyChain> && IsFiltered<ClusteredChain> && !IsFiltered<Convertible>);
static_assert(IsDecoded<AnyChain> && IsDecoded<TimedChain> && !IsDecoded<Convertible>);

TEST(AnyChain, KnowsTheClustersOfTheChainInside) {
  const AnyChain chain = ClusteredChain(3, 2);
  EXPECT_EQ(chain.states(), 6);
  EXPECT_EQ(chain.clusters(), 3);
  EXPECT_EQ(AnyChain(two_states()).clusters(), 1);
  EXPECT_EQ(chain.free_parameters(), 5 + 6);
}

TEST(AnyChain, HoldsTheChainItWasGiven) {
  const AnyChain chain = two_states();
  ASSERT_NE(chain.as<MarkovChain>(), nullptr);
  EXPECT_EQ(chain.states(), 2);
  EXPECT_EQ(chain.parameters(), two_states().parameters());
  EXPECT_EQ(chain.parameter_names(), two_states().parameter_names());
  EXPECT_EQ(chain.unconstrained(), two_states().unconstrained());
  EXPECT_EQ(chain.free_parameters(), 3);
  EXPECT_EQ(AnyChain(3).parameters(), MarkovChain(3).parameters());
}

TEST(AnyChain, MaximizesTheChainInside) {
  AnyChain chain = two_states();
  const std::vector<double> statistics{1, 3, 6, 2, 1, 3};
  MarkovChain known = two_states();
  known.maximize(statistics);
  chain.maximize({statistics, {}});
  EXPECT_EQ(chain.parameters(), known.parameters());
  EXPECT_EQ(chain.expected_log_density({statistics, {}}), known.expected_log_density(statistics));
  EXPECT_EQ(chain.statistics_size(), statistics.size());
}

TEST(AnyChain, ReordersTheChainInside) {
  const std::vector<int> swapped{1, 0};
  EXPECT_EQ(AnyChain(two_states()).reordered(swapped).parameters(), two_states().reordered(swapped).parameters());
}

TEST(AnyChain, DrawsThePathsOfTheChainInside) {
  const AnyChain chain = two_states();
  const MarkovChain known = two_states();
  AnyChain::Path any(chain);
  MarkovChain::Path own(known);
  for (std::uint64_t t = 0; t < 50; ++t) {
    Stream left(1, Purpose::sample, 0, 0, t);
    Stream right(1, Purpose::sample, 0, 0, t);
    EXPECT_EQ(any.next(left, {}, static_cast<std::int64_t>(t)), own.next(right)) << t;
  }
}

}  // namespace
}  // namespace jensen
