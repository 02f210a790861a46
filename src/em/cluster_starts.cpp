#include <jensen/data/table.h>
#include <jensen/em/cluster_starts.h>
#include <jensen/em/starts.h>
#include <jensen/math/random.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "data/data_view.h"
#include "em/whole_sequences.h"

namespace jensen {

namespace {

constexpr double path_share = 0.9;  // of a row's responsibility on the state that its random path visits
constexpr int most_symbols = 8;     // pairs of them are kept for every sequence

std::vector<double> responsibilities_of(const Rule& rule, const Block& x, int states) {
  std::vector<double> memory(static_cast<std::size_t>(x.rows()) * static_cast<std::size_t>(states));
  std::get<Given>(rule).responsibilities(x, {memory.data(), x.rows(), states, x.rows()});
  return memory;
}

// A row for each sequence: √ of the frequency of each symbol as the first one, and of each pair.
Table pair_frequencies(const Data& data, const Rule& rule, int symbols) {
  const auto sequences = static_cast<std::int64_t>(data.sequences().size()) - 1;
  const int pairs = (symbols + 1) * symbols;
  std::vector<double> values(static_cast<std::size_t>(sequences) * static_cast<std::size_t>(pairs));
  const Panel f{values.data(), sequences, pairs, sequences};
  std::vector<double> weights;
  visit_whole_sequences(data, [&](std::size_t number, const Block& x) {
    const auto memory = responsibilities_of(rule, x, symbols);
    const ConstPanel q{memory.data(), x.rows(), symbols, x.rows()};
    for (std::size_t s = 0; s + 1 < x.sequences.size(); ++s) {
      const auto row = static_cast<std::int64_t>(number + s);
      const std::int64_t first = x.sequences[s] - x.first_row;
      const std::int64_t end = x.sequences[s + 1] - x.first_row;
      for (int j = 0; j < symbols; ++j) {
        f(row, symbols * symbols + j) = q(first, j);
        for (std::int64_t t = first + 1; t < end; ++t) {
          for (int i = 0; i < symbols; ++i) f(row, i * symbols + j) += q(t - 1, i) * q(t, j);
        }
      }
      for (int p = 0; p < pairs; ++p) f(row, p) = std::sqrt(f(row, p) / static_cast<double>(end - first));
      weights.push_back(x.weight(first));
    }
  });
  return Table(std::move(values), sequences, pairs).with_weights(std::move(weights));
}

// The cluster of each sequence. Frequencies are on one scale already.
std::vector<int> clusters_of(Start start, const Table& frequencies, int clusters, std::uint64_t seed,
                             Workers& workers) {
  Summary summary = summarize(frequencies, workers);
  std::ranges::fill(summary.scale, 1.0);
  SummarizedData summarized(frequencies, std::move(summary));
  const Rule rule = starting_rule(start, summarized, clusters, seed, workers);
  BlockBuffer buffer;
  const Block all = frequencies.block(0, frequencies.rows(), buffer);
  const auto memory = responsibilities_of(rule, all, clusters);
  const ConstPanel q{memory.data(), all.rows(), clusters, all.rows()};
  std::vector<int> result;
  for (std::int64_t s = 0; s < q.rows; ++s) {
    int most = 0;
    for (int c = 1; c < clusters; ++c) most = q(s, c) > q(s, most) ? c : most;
    result.push_back(most);
  }
  return result;
}

// The data with weight 0 for the sequences of other clusters.
class OneCluster final : public DataView {
 public:
  OneCluster(const Data& data, const std::vector<int>& cluster_of, int cluster) : DataView(data) {
    weights_.resize(static_cast<std::size_t>(data.rows()));
    visit_whole_sequences(data, [&](std::size_t number, const Block& x) {
      for (std::size_t s = 0; s + 1 < x.sequences.size(); ++s) {
        if (cluster_of[number + s] != cluster) continue;
        for (std::int64_t row = x.sequences[s]; row < x.sequences[s + 1]; ++row) {
          weights_[static_cast<std::size_t>(row)] = x.weight(row - x.first_row);
          empty_ = empty_ && weights_[static_cast<std::size_t>(row)] == 0;
        }
      }
    });
  }
  bool empty() const { return empty_; }

  Block block(std::int64_t first, std::int64_t count, BlockBuffer& buffer) const override {
    Block x = data().block(first, count, buffer);
    x.weights = std::span(weights_).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    return x;
  }

 private:
  std::vector<double> weights_;
  bool empty_ = true;
};

Rule states_of_cluster(Start start, SummarizedData& data, const std::vector<int>& cluster_of, int cluster, int states,
                       std::uint64_t seed, Workers& workers) {
  const OneCluster own(data.data(), cluster_of, cluster);
  if (own.empty()) return starting_rule(start, data, states, seed, workers);
  SummarizedData summarized(own);
  return starting_rule(start, summarized, states, seed, workers);
}

}  // namespace

std::function<void(const Block&, Panel)> random_paths(int clusters, int states, std::uint64_t seed) {
  const auto size = static_cast<std::size_t>(states);
  std::vector<double> transitions(static_cast<std::size_t>(clusters) * size * size);
  Stream chains(seed, Purpose::start, 0, 1);
  for (double& probability : transitions) probability = chains.exponential();
  return [=](const Block& x, Panel q) {
    for (std::size_t s = 0; s + 1 < x.sequences.size(); ++s) {
      Stream stream(seed, Purpose::start, 0, 2, static_cast<std::uint64_t>(x.sequences[s]));
      const auto any_of = [&](int count) { return std::min(static_cast<int>(stream.uniform() * count), count - 1); };
      const int cluster = clusters > 1 ? any_of(clusters) : 0;
      int state = any_of(states);
      for (std::int64_t t = x.sequences[s] - x.first_row; t < x.sequences[s + 1] - x.first_row; ++t) {
        for (int k = 0; k < q.columns; ++k) q(t, k) = (1 - path_share) / q.columns;
        q(t, cluster * states + state) += path_share;
        const std::size_t row = (static_cast<std::size_t>(cluster) * size + static_cast<std::size_t>(state)) * size;
        state = stream.choice(std::span(transitions).subspan(row, size));
      }
    }
  };
}

Given seeded_clusters(Start start, SummarizedData& data, int clusters, int states, std::uint64_t seed,
                      Workers& workers) {
  const int symbols = std::min(clusters * states, most_symbols);
  const Rule symbol = starting_rule(start, data, symbols, seed, workers);
  const auto cluster_of = std::make_shared<const std::vector<int>>(
      clusters_of(start, pair_frequencies(data.data(), symbol, symbols), clusters, seed, workers));
  std::vector<Rule> within;
  for (int c = 0; c < clusters; ++c) {
    within.push_back(states_of_cluster(start, data, *cluster_of, c, states, seed, workers));
  }
  const auto begins = data.data().sequences();
  return {.responsibilities = [=, within = std::move(within)](const Block& x, Panel q) {
    for (int k = 0; k < q.columns; ++k) std::fill_n(q.column(k), q.rows, 0.0);
    const auto number = static_cast<std::size_t>(std::ranges::lower_bound(begins, x.first_row) - begins.begin());
    for (int c = 0; c < clusters; ++c) {
      const auto own = responsibilities_of(within[static_cast<std::size_t>(c)], x, states);
      for (std::size_t s = 0; s + 1 < x.sequences.size(); ++s) {
        if ((*cluster_of)[number + s] != c) continue;
        const std::int64_t first = x.sequences[s] - x.first_row;
        const std::int64_t rows = x.sequences[s + 1] - x.sequences[s];
        for (int k = 0; k < states; ++k) {
          std::copy_n(own.data() + k * x.rows() + first, rows, q.column(c * states + k) + first);
        }
      }
    }
  }};
}

}  // namespace jensen
