#include <gtest/gtest.h>
#include <jensen/em/climb.h>
#include <jensen/em/e_step.h>
#include <jensen/em/seeding.h>
#include <jensen/em/starts.h>
#include <jensen/em/ward.h>
#include <jensen/error.h>
#include <jensen/fit_gaussian_mixture.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "../examples/two_coins.h"
#include "support/data.h"

namespace jensen {
namespace {

constexpr int states = 3;

// q of a start for all rows, row by row.
std::vector<std::vector<double>> responsibilities(Start start, const Data& data, std::uint64_t seed, int k = states) {
  Workers workers(1);
  SummarizedData summarized(data);
  const auto rule = std::get<Given>(starting_rule(start, summarized, k, seed, workers));
  BlockBuffer buffer;
  std::vector<std::vector<double>> q;
  for (std::int64_t first = 0; first < data.rows(); first += 7) {  // blocks of any size give the same
    const Block block = data.block(first, std::min<std::int64_t>(7, data.rows() - first), buffer);
    std::vector<double> values(static_cast<std::size_t>(block.rows() * k), -1.0);
    const Panel panel{values.data(), block.rows(), k, block.rows()};
    rule.responsibilities(block, panel);
    for (std::int64_t i = 0; i < block.rows(); ++i) {
      q.emplace_back();
      for (int state = 0; state < k; ++state) q.back().push_back(panel(i, state));
    }
  }
  return q;
}

const Start ruled[] = {Start::random, Start::k_means_plus_plus, Start::hierarchical};

// Three clusters ten standard deviations apart: every sensible seeding finds them.
Table apart(std::int64_t n = 90) { return support::clustered(n, 2, states, 5, 25); }

TEST(Starts, EveryRowIsSharedOutOnce) {
  for (const Start start : ruled) {
    for (const auto& row : responsibilities(start, support::clustered_with_holes(80, 3, 3), 1)) {
      EXPECT_NEAR(std::accumulate(row.begin(), row.end(), 0.0), 1, 1e-14);
      EXPECT_TRUE(std::all_of(row.begin(), row.end(), [](double r) { return r >= 0; }));
    }
  }
}

TEST(Starts, ARowWithoutCellsIsSharedEvenly) {
  const auto data = support::clustered_with_holes(80, 3, 3);  // row 40 is empty
  const auto q = responsibilities(Start::k_means_plus_plus, data, 1);
  for (double r : q[40]) EXPECT_DOUBLE_EQ(r, 1.0 / states);
}

// Beyond 16384 rows a sample is looked at, which may miss the only row that has a weight.
TEST(Starts, ASampleWithoutAnyWeightIsNone) {
  constexpr std::int64_t rows = 200000;
  std::vector<double> x(static_cast<std::size_t>(rows)), weights(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i % 10);
  weights[77777] = 1;
  const Table data = Table(std::move(x), rows, 1).with_weights(std::move(weights));
  Workers workers(1);
  BlockBuffer buffer;
  const Block row = data.block(77777, 1, buffer);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    SummarizedData summarized(data);
    const auto rule = std::get<Given>(starting_rule(Start::k_means_plus_plus, summarized, 2, seed, workers));
    std::vector<double> q(2, -1.0);
    rule.responsibilities(row, {q.data(), 1, 2, 1});
    EXPECT_EQ(q[0] + q[1], 1);
  }
}

TEST(Starts, SeedsDecideAndNothingElse) {
  const auto data = support::clustered(80, 2, 3, 1, 1);
  for (const Start start : {Start::random, Start::k_means_plus_plus}) {
    EXPECT_EQ(responsibilities(start, data, 1), responsibilities(start, data, 1));
    std::set<std::vector<std::vector<double>>> different;
    for (std::uint64_t seed = 0; seed < 10; ++seed) different.insert(responsibilities(start, data, seed));
    EXPECT_EQ(different.size(), 10U);
  }
  EXPECT_EQ(responsibilities(Start::hierarchical, data, 1), responsibilities(Start::hierarchical, data, 2));
}

// A selection asks for many numbers of clusters of the same rows.
TEST(Starts, OneTreeServesAnyNumberOfClusters) {
  const auto data = support::clustered(300, 2, 4, 5, 3);
  Workers workers(1);
  SummarizedData shared(data);
  const Agglomeration* tree = &shared.agglomeration(1, workers);
  EXPECT_EQ(tree, &shared.agglomeration(2, workers)) << "all rows are agglomerated: there is nothing to draw";
  EXPECT_EQ(tree->rows.size(), 300U);
  for (const int k : {1, 2, 3, 7}) {
    SummarizedData alone(data);
    const auto rows_of = [&](SummarizedData& summarized) {
      const Rule rule = starting_rule(Start::hierarchical, summarized, k, 1, workers);
      BlockBuffer buffer;
      std::vector<double> values(static_cast<std::size_t>(300 * k));
      std::get<Given>(rule).responsibilities(data.block(0, 300, buffer), Panel{values.data(), 300, k, 300});
      return values;
    };
    EXPECT_EQ(rows_of(shared), rows_of(alone)) << k << " clusters";
  }
}

TEST(Starts, SamplesOfManyRowsDependOnTheSeed) {
  const auto data = support::clustered(hierarchical_sample_rows + 500, 2, 4, 5, 3);
  Workers workers(1);
  SummarizedData shared(data);
  EXPECT_EQ(shared.agglomeration(1, workers).rows.size(), static_cast<std::size_t>(hierarchical_sample_rows));
  EXPECT_NE(shared.agglomeration(1, workers).rows, shared.agglomeration(2, workers).rows);
  EXPECT_EQ(&shared.agglomeration(1, workers), &shared.agglomeration(1, workers));
}

TEST(Starts, ClustersFarApartAreFound) {
  const auto data = apart();
  const auto finds = [&](Start start, std::uint64_t seed) {
    const auto q = responsibilities(start, data, seed);
    for (std::size_t i = 0; i < q.size(); ++i) {
      if (q[i] != q[i % states]) return false;
    }
    return q[0] != q[1] && q[1] != q[2] && q[0] != q[2];
  };
  EXPECT_TRUE(finds(Start::hierarchical, 1));
  // D² seeding misses a cluster with probability of order 1 / (separation²) here: let it miss once in thirty.
  int found = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) found += finds(Start::k_means_plus_plus, seed) ? 1 : 0;
  EXPECT_GE(found, 29);
}

TEST(Starts, LabelsAreHonoured) {
  auto labels = support::some_labels(90, states);
  for (auto& label : labels) label = label < 0 ? -1 : (label + 1) % states;  // states named otherwise than found
  const auto data = apart().with_labels(labels, states);
  for (const Start start : {Start::k_means_plus_plus, Start::hierarchical}) {
    const auto q = responsibilities(start, data, 3);
    for (std::size_t i = 0; i < q.size(); ++i) {
      EXPECT_EQ(q[i][(i + 1) % states], 1) << "row " << i << " should go where its cluster's labels point";
    }
  }
}

TEST(Starts, RowsOfNoWeightDrawNoSeed) {
  // A thousand kilometres away and weightless: a D² draw that ignored weights would always pick it.
  std::vector<double> values = support::clustered_values(60, 1, 2);
  values[30] = 1e6;
  std::vector<double> weights(60, 1.0);
  weights[30] = 0;
  const auto data = Table(values, 60, 1).with_weights(weights);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    std::set<std::vector<double>> used;
    const auto q = responsibilities(Start::k_means_plus_plus, data, seed, 2);
    for (std::size_t i = 0; i < q.size(); ++i) {
      if (i != 30) used.insert(q[i]);
    }
    EXPECT_EQ(used.size(), 2U) << "both seeds belong to weighted rows";
  }
}

TEST(Starts, UnitsDoNotMatter) {
  auto values = support::clustered_values(80, 2, 3, 2, 4);
  const Table data(values, 80, 2);
  for (std::size_t i = 0; i < 80; ++i) values[i] = 1e5 * values[i] - 3e7;
  const Table other(values, 80, 2);
  for (const Start start : {Start::k_means_plus_plus, Start::hierarchical}) {
    EXPECT_EQ(responsibilities(start, data, 1), responsibilities(start, other, 1));
  }
}

TEST(Starts, StartedModelsAreUsable) {
  const auto data = support::clustered_with_holes(120, 3, states).with_weights(support::uneven_weights(120));
  const Erased prototype(gaussian_mixture_for(data, {states, Covariance::full, Prior::data_scaled}));
  Workers workers(2);
  EStep e_step(data, workers);
  std::map<Start, double> reached;
  for (const Start start : {Start::random, Start::k_means_plus_plus, Start::hierarchical, Start::short_runs}) {
    const auto model = started(prototype, start, data, 4, workers);
    reached[start] = e_step(*model).evidence.log_likelihood;
    EXPECT_TRUE(std::isfinite(reached[start]));
    EXPECT_EQ(model->parameters(), started(prototype, start, data, 4, workers)->parameters());
  }
  EXPECT_GT(reached[Start::short_runs], reached[Start::k_means_plus_plus]) << "fifty iterations of ten runs must show";
  EXPECT_EQ(started(prototype, Start::given, data, 4, workers)->parameters(), prototype.parameters());
}

// Two M-steps: the second takes its moments about the means that the first one found.
TEST(Starts, TwoPassesAreMade) {
  struct Counting : TwoCoins {
    int m_steps = 0;
    void maximize(const Statistics& s) {
      TwoCoins::maximize(s);
      ++m_steps;
    }
  };
  const Table tosses({5, 9, 8, 4, 7, 5, 1, 2, 6, 3}, 5, 2);
  Workers workers(1);
  const auto model = started(Erased{Counting()}, Start::random, tosses, 1, workers);
  EXPECT_EQ(static_cast<const Erased<Counting>&>(*model).get().m_steps, 2);
}

// Ten runs, each over when its last gain is a hundredth of all that it gained: the best end is the start.
TEST(Starts, ShortRunsReturnTheBestOfTen) {
  const auto data = support::clustered(200, 2, 6, 2, 1.5);
  const Erased prototype(gaussian_mixture_for(data, {6, Covariance::diagonal, Prior::data_scaled}));
  Workers workers(1);
  std::vector<double> ends;
  for (int run = 0; run < 10; ++run) {
    double first = 0;
    PlainStride stride;
    Options options;
    options.max_iterations = 50;
    const auto begin = started(prototype, Start::k_means_plus_plus, data, restart_seed(4, run), workers);
    ends.push_back(climb(*begin, data, workers, options, stride, [&](const Step& step) {
                     if (step.iteration == 0) first = step.reading.objective();
                     const bool over = step.iteration > 0 && step.gain <= 0.01 * (step.reading.objective() - first);
                     return over ? Verdict::stop : Verdict::go_on;
                   }).reading.objective());
  }
  ASSERT_GT(*std::max_element(ends.begin(), ends.end()), *std::min_element(ends.begin(), ends.end()) + 1);
  const auto chosen = started(prototype, Start::short_runs, data, 4, workers);
  EStep e_step(data, workers);
  EXPECT_EQ(e_step(*chosen).evidence.log_likelihood + chosen->log_prior(), *std::max_element(ends.begin(), ends.end()));
}

// Random responsibilities are uniform on the simplex: each has mean 1/K and variance (K − 1) / (K² (K + 1)).
TEST(Starts, RandomResponsibilitiesAreUniformOnTheSimplex) {
  constexpr std::int64_t n = 20000;
  const auto q = responsibilities(Start::random, Table(std::vector<double>(n, 0.0), n, 1), 6);
  double first = 0;
  double second = 0;
  for (const auto& row : q) {
    first += row[1] / n;
    second += row[1] * row[1] / n;
  }
  const double variance = 2.0 / 9 / 4;
  EXPECT_NEAR(first, 1.0 / 3, 5 * std::sqrt(variance / n));
  EXPECT_NEAR(second - first * first, variance, 0.05 * variance);
}

// The first seed is uniform over the rows, so that each of two rows is it in half of all draws; the second is the
// other.
// Nine tenths of a row on the state that its path visits; both states are left as often as one chain says, in every
// sequence, and another seed draws another chain.
TEST(Starts, RandomPathsOfSequencesFollowOneChain) {
  constexpr std::int64_t length = 2000;
  const Table data(std::vector<double>(2 * length, 0.0), 2 * length, 1);
  const auto sequences = data.with_sequences({0, length, 2 * length});
  std::set<double> different;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    Workers workers(1);
    SummarizedData summarized(sequences);
    const auto rule = std::get<Given>(starting_rule(Start::random, summarized, 2, seed, workers));
    BlockBuffer buffer;
    std::vector<double> stays;
    for (const std::int64_t first : {std::int64_t{0}, length}) {  // each sequence in a block of its own
      const Block block = sequences.block(first, length, buffer);
      std::vector<double> values(2 * length);
      const Panel q{values.data(), length, 2, length};
      rule.responsibilities(block, q);
      double left = 0, visits = 0;
      for (std::int64_t i = 0; i + 1 < length; ++i) {
        EXPECT_NEAR(q(i, 0) + q(i, 1), 1, 1e-14);
        EXPECT_NEAR(std::max(q(i, 0), q(i, 1)), 0.95, 1e-14);
        if (q(i, 0) < 0.5) continue;
        ++visits;
        left += q(i + 1, 1);
      }
      stays.push_back(left / visits);
    }
    EXPECT_NEAR(stays[0], stays[1], 0.1);
    different.insert(std::round(10 * stays[0]));
  }
  EXPECT_GT(different.size(), 1U);
}

TEST(Starts, SeedsAreDrawnByWeightTimesSquaredDistance) {
  const auto data = Table({0, 1, 3}, 3, 1).with_weights({4, 1, 1});
  int pairs_with_far = 0;
  constexpr int draws = 4000;
  for (std::uint64_t seed = 0; seed < draws; ++seed) {
    const auto q = responsibilities(Start::k_means_plus_plus, data, seed, 2);
    pairs_with_far += q[2] != q[1] ? 1 : 0;  // rows 1 and 3 are told apart
  }
  // By hand. First 0 (4/6): second is 1 with w d² = 1 or 3 with 9. Then 1 is its own (0 | 1, 3: not apart) or {0, 1 |
  // 3}. First 1 (1/6): second 0 (4 · 1) gives {0 | 1, 3}, second 3 (4) gives {0, 1 | 3}: half each. First 3 (1/6):
  // second 0 (4 · 9) or 1 (4): either way 3 stands alone.
  const double expected = 4.0 / 6 * 0.9 + 1.0 / 6 * 0.5 + 1.0 / 6;
  EXPECT_NEAR(static_cast<double>(pairs_with_far) / draws, expected, 5 * std::sqrt(expected * (1 - expected) / draws));
}

// Ward ---------------------------------------------------------------------------------------------------------------

// The textbook algorithm: merge the cheapest of all pairs, count down to `clusters`.
std::vector<int> naive_ward(const std::vector<std::vector<double>>& rows, const std::vector<double>& weights,
                            int clusters) {
  struct Group {
    std::vector<std::size_t> members;
  };
  std::vector<Group> groups;
  for (std::size_t i = 0; i < rows.size(); ++i) groups.push_back({{i}});
  const auto squares = [&](const std::vector<std::size_t>& members) {  // weighted, about the weighted mean
    double total = 0;
    for (std::size_t j = 0; j < rows[0].size(); ++j) {
      double weight = 0;
      double mean = 0;
      for (auto i : members) weight += weights[i], mean += weights[i] * rows[i][j];
      mean /= weight;
      for (auto i : members) total += weights[i] * (rows[i][j] - mean) * (rows[i][j] - mean);
    }
    return total;
  };
  while (static_cast<int>(groups.size()) > clusters) {
    double cheapest = std::numeric_limits<double>::infinity();
    std::pair<std::size_t, std::size_t> pair;
    for (std::size_t a = 0; a < groups.size(); ++a) {
      for (std::size_t b = a + 1; b < groups.size(); ++b) {
        auto both = groups[a].members;
        both.insert(both.end(), groups[b].members.begin(), groups[b].members.end());
        const double cost = squares(both) - squares(groups[a].members) - squares(groups[b].members);
        if (cost < cheapest) cheapest = cost, pair = {a, b};
      }
    }
    auto& into = groups[pair.first].members;
    into.insert(into.end(), groups[pair.second].members.begin(), groups[pair.second].members.end());
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(pair.second));
  }
  std::vector<int> numbers(rows.size());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (auto i : groups[g].members) numbers[i] = static_cast<int>(g);
  }
  std::map<int, int> by_appearance;
  for (int& number : numbers)
    number = by_appearance.emplace(number, static_cast<int>(by_appearance.size())).first->second;
  return numbers;
}

TEST(Ward, AgreesWithTheTextbook) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    const auto values = support::clustered_values(26, 2, 3, seed, 1.5);
    std::vector<std::vector<double>> rows;
    std::vector<double> weights;
    for (std::size_t i = 0; i < 26; ++i) {
      rows.push_back({values[i], values[26 + i]});
      weights.push_back(seed % 2 == 0 ? 1 : 0.3 + static_cast<double>(i % 4));
    }
    for (const int clusters : {1, 2, 3, 5, 9, 26}) {
      EXPECT_EQ(WardTree(rows, weights).clusters(clusters), naive_ward(rows, weights, clusters))
          << seed << " " << clusters;
    }
  }
}

TEST(Ward, FewerRowsThanClustersStayAlone) {
  EXPECT_EQ(WardTree({{1}, {2}}, std::vector<double>{1, 1}).clusters(5), (std::vector<int>{0, 1}));
}

TEST(Ward, EqualRowsGoTogether) {
  const auto clusters = WardTree({{1}, {7}, {1}, {7}, {1}, {1}}, std::vector<double>(6, 1.0)).clusters(2);
  EXPECT_EQ(clusters, (std::vector<int>{0, 1, 0, 1, 0, 0}));
}

}  // namespace
}  // namespace jensen
