#include <jensen/data/table.h>
#include <jensen/em/cluster_starts.h>
#include <jensen/math/random.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace jensen {
namespace {

constexpr int clusters = 2;
constexpr int states = 2;
constexpr std::int64_t steps = 50;

// Sequences of two kinds in turn: level(kind, state) is what is shown, stays(kind) how likely a state goes on.
template <class Level, class Stays>
Table sequences_of_two_kinds(Level level, Stays stays, int sequences = 30) {
  std::vector<double> x;
  std::vector<std::int64_t> begins{0};
  Stream stream(5, Purpose::test);
  for (int s = 0; s < sequences; ++s) {
    int state = stream.uniform() < 0.5 ? 0 : 1;
    for (std::int64_t t = 0; t < steps; ++t) {
      x.push_back(level(s % 2, state) + 0.3 * stream.normal());
      state = stream.uniform() < stays(s % 2) ? state : 1 - state;
    }
    begins.push_back(begins.back() + steps);
  }
  const auto rows = begins.back();
  return Table(std::move(x), rows, 1).with_sequences(begins);
}

Table by_stays() {
  return sequences_of_two_kinds([](int, int state) { return 3.0 * state; },
                                [](int kind) { return kind == 0 ? 0.9 : 0.3; });
}
Table by_levels() {
  return sequences_of_two_kinds([](int kind, int state) { return 3.0 * state + 1.5 * kind; }, [](int) { return 0.7; });
}

// rows × (C K)
std::vector<double> answers(const std::function<void(const Block&, Panel)>& rule, const Table& data,
                            std::size_t at_once) {
  std::vector<double> all(static_cast<std::size_t>(data.rows() * clusters * states));
  const auto begins = data.sequences();
  BlockBuffer buffer;
  for (std::size_t s = 0; s + 1 < begins.size(); s += at_once) {
    const std::int64_t end = begins[std::min(s + at_once, begins.size() - 1)];
    const Block x = data.block(begins[s], end - begins[s], buffer);
    rule(x, {all.data() + begins[s], x.rows(), clusters * states, data.rows()});
  }
  return all;
}

std::vector<double> seeded(const Table& data, std::uint64_t seed, Start start = Start::k_means_plus_plus,
                           std::size_t at_once = 7) {
  Workers workers(1);
  SummarizedData summarized(data);
  return answers(seeded_clusters(start, summarized, clusters, states, seed, workers).responsibilities, data, at_once);
}

// Of each sequence, the share of its rows in the first cluster.
std::vector<double> in_first(const std::vector<double>& q, const Table& data) {
  std::vector<double> shares;
  for (std::int64_t row = 0; row < data.rows(); row += steps) {
    double total = 0;
    for (std::int64_t t = row; t < row + steps; ++t) {
      for (std::int64_t k = 0; k < states; ++k) total += q[static_cast<std::size_t>(t + k * data.rows())];
    }
    shares.push_back(total / static_cast<double>(steps));
  }
  return shares;
}

// How many sequences lie with those of their kind.
int together(const std::vector<double>& shares) {
  int right = 0;
  for (std::size_t s = 0; s < shares.size(); ++s) right += (shares[s] > 0.5) == (s % 2 == 0) ? 1 : 0;
  return std::max(right, static_cast<int>(shares.size()) - right);
}

TEST(ClusterStarts, EveryRowIsSharedOutOnceWithinOneCluster) {
  for (const Start start : {Start::k_means_plus_plus, Start::hierarchical}) {
    const Table data = by_levels();
    const auto q = seeded(data, 1, start);
    for (std::int64_t row = 0; row < data.rows(); ++row) {
      double total = 0;
      for (std::int64_t k = 0; k < clusters * states; ++k) total += q[static_cast<std::size_t>(row + k * data.rows())];
      EXPECT_NEAR(total, 1, 1e-14);
    }
    for (const double share : in_first(q, data)) EXPECT_TRUE(share == 0 || share == 1) << share;
  }
}

TEST(ClusterStarts, KindsOfSequencesAreFoundByHowLongTheyStay) {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    found += together(in_first(seeded(by_stays(), seed), by_stays())) >= 27 ? 1 : 0;
  }
  EXPECT_GE(found, 5);  // the two seeds may be of one kind
  EXPECT_GE(together(in_first(seeded(by_stays(), 0, Start::hierarchical), by_stays())), 27);
}

TEST(ClusterStarts, KindsOfSequencesAreFoundByWhatTheyShow) {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    found += together(in_first(seeded(by_levels(), seed), by_levels())) >= 29 ? 1 : 0;
  }
  EXPECT_GE(found, 5);
}

TEST(ClusterStarts, StatesOfAClusterAreThoseOfItsOwnRows) {
  const Table data = by_levels();
  BlockBuffer buffer;
  const Block all = data.block(0, data.rows(), buffer);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto q = seeded(data, seed);
    const auto shares = in_first(q, data);
    if (together(shares) < 30) continue;
    for (int c = 0; c < clusters; ++c) {
      const bool shifted = (shares[1] == 1) == (c == 0);  // 1.5 higher
      std::vector<double> means;
      for (int k = 0; k < states; ++k) {
        double weight = 0;
        double sum = 0;
        for (std::int64_t row = 0; row < data.rows(); ++row) {
          const double share = q[static_cast<std::size_t>(row + (c * states + k) * data.rows())];
          weight += share;
          sum += share * all.x(row, 0);
        }
        means.push_back(sum / weight);
      }
      std::sort(means.begin(), means.end());
      EXPECT_LT(means[0], shifted ? 2.6 : 1.1);
      EXPECT_GT(means[1], shifted ? 3.4 : 1.9);
    }
    return;
  }
  FAIL() << "no seed found the kinds";
}

TEST(ClusterStarts, SeedsDecideAndBlocksDoNot) {
  const Table data = by_stays();
  EXPECT_EQ(seeded(data, 3), seeded(data, 3, Start::k_means_plus_plus, 1));
  EXPECT_NE(seeded(data, 3), seeded(data, 4));
  const auto paths = [&](std::uint64_t seed, std::size_t at_once) {
    return answers(random_paths(clusters, states, seed), data, at_once);
  };
  EXPECT_EQ(paths(3, 7), paths(3, 1));
  EXPECT_NE(paths(3, 7), paths(4, 7));
}

TEST(ClusterStarts, ASequenceOfWeightZeroIsNoSeed) {
  Table data = by_stays();
  std::vector<double> weights(static_cast<std::size_t>(data.rows()), 1.0);
  std::fill_n(weights.begin(), steps, 0.0);
  Workers workers(1);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Table weighted = data.with_weights(weights);
    SummarizedData summarized(weighted);
    const auto q =
        answers(seeded_clusters(Start::k_means_plus_plus, summarized, clusters, states, seed, workers).responsibilities,
                weighted, 7);
    const auto shares = in_first(q, data);
    const double others = std::accumulate(shares.begin() + 1, shares.end(), 0.0);
    EXPECT_GT(others, 0);  // no cluster is this sequence's alone
    EXPECT_LT(others, static_cast<double>(shares.size() - 1));
  }
}

TEST(ClusterStarts, RandomPathsKeepToTheirCluster) {
  const Table data = by_stays();
  const auto q = answers(random_paths(clusters, states, 1), data, 7);
  const auto shares = in_first(q, data);
  int first = 0;
  for (const double share : shares) {
    EXPECT_TRUE(std::abs(share - 0.95) < 1e-12 || std::abs(share - 0.05) < 1e-12) << share;
    first += share > 0.5 ? 1 : 0;
  }
  EXPECT_GT(first, 5);
  EXPECT_LT(first, 25);
  for (std::int64_t row = 0; row < data.rows(); ++row) {
    double total = 0;
    for (std::int64_t k = 0; k < clusters * states; ++k) total += q[static_cast<std::size_t>(row + k * data.rows())];
    EXPECT_NEAR(total, 1, 1e-14);
  }
}

}  // namespace
}  // namespace jensen
