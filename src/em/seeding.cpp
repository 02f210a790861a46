#include <jensen/data/rows_of.h>
#include <jensen/em/seeding.h>
#include <jensen/em/starts.h>
#include <jensen/em/summary.h>
#include <jensen/em/ward.h>
#include <jensen/execution/reduction.h>
#include <jensen/math/kernels.h>
#include <jensen/math/panel_kernels.h>
#include <jensen/math/random.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

namespace jensen {

namespace {

// Distances in units of the columns' standard deviations.
class Metric {
 public:
  explicit Metric(const Summary& summary) : location_(summary.location), scale_(summary.scale) {
    for (double& s : scale_) {
      if (!(s > 0)) s = 1;
      precision_.push_back(1 / (s * s));
    }
  }

  const std::vector<double>& location() const { return location_; }
  // To coordinates of mean 0 and standard deviation 1, and back.
  std::vector<double> scaled(std::vector<double> row) const {
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = (row[j] - location_[j]) / scale_[j];
    return row;
  }
  std::vector<double> unscaled(std::vector<double> row) const {
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = location_[j] + scale_[j] * row[j];
    return row;
  }

  // Over the cells that both have, scaled up to all columns; 0 where there are none.
  double squared(const double* x, std::int64_t stride, const double* center) const {
    double total = 0;
    std::size_t seen = 0;
    for (std::size_t j = 0; j < scale_.size(); ++j) {
      const double difference = x[static_cast<std::int64_t>(j) * stride] - center[j];
      if (std::isnan(difference)) continue;
      total += difference * difference * precision_[j];
      ++seen;
    }
    return seen == 0 ? 0 : total * static_cast<double>(scale_.size()) / static_cast<double>(seen);
  }

  // The same for all rows of a panel. `whole` promises that no cell is missing.
  void squared(ConstPanel x, bool whole, const double* center, std::span<double> out, kernels::Workspace& w) const {
    if (!whole) {
      for (std::int64_t i = 0; i < x.rows; ++i) {
        out[static_cast<std::size_t>(i)] = squared(x.data + i, x.stride, center);
      }
      return;
    }
    std::fill(out.begin(), out.end(), 0.0);
    subtract_squares(x, center, out.data(), w);
    for (double& v : out) v *= -2;
  }

  // out[i] −= half the squared distance of row i. No cell is missing.
  void subtract_squares(ConstPanel x, const double* center, double* out, kernels::Workspace& w) const {
    kernels::add_diagonal_log_density(x, center, precision_.data(), 0, out, w);
  }

 private:
  std::vector<double> location_, scale_, precision_;
};

// Rows of positive weight, column by column.
struct Sample {
  int columns = 0;
  std::vector<std::int64_t> rows;
  std::vector<double> weights;
  std::vector<double> values;  // with room for `most` rows
  std::int64_t most = 0;
  bool whole = true;

  ConstPanel panel() const { return {values.data(), std::ssize(rows), columns, most}; }
};

// All rows of positive weight, or those among one from each of `most` equal strata; where none of these has a weight,
// the first rows that have.
Sample take_sample(const Data& data, std::int64_t most, std::uint64_t seed) {
  Sample sample;
  sample.columns = data.columns();
  BlockBuffer buffer;
  const std::int64_t count = std::min(most, data.rows());
  Stream stream(seed, Purpose::start, 1);
  sample.most = count;
  sample.values.resize(static_cast<std::size_t>(count * sample.columns));
  sample.rows.reserve(static_cast<std::size_t>(count));
  sample.weights.reserve(static_cast<std::size_t>(count));
  const auto take = [&](std::int64_t row) {
    const Block block = data.block(row, 1, buffer);
    if (block.weight(0) == 0) return;
    const std::int64_t at = std::ssize(sample.rows);
    for (int j = 0; j < sample.columns; ++j) {
      sample.values[static_cast<std::size_t>(at + j * count)] = block.x(0, j);
    }
    sample.rows.push_back(row);
    sample.weights.push_back(block.weight(0));
    sample.whole = sample.whole && !block.has_missing;
  };
  for (std::int64_t i = 0; i < count; ++i) {
    const double stratum = static_cast<double>(data.rows()) / static_cast<double>(count);
    take(count == data.rows() ? i
                              : std::min(data.rows() - 1, static_cast<std::int64_t>(
                                                              (static_cast<double>(i) + stream.uniform()) * stratum)));
  }
  const bool none = sample.rows.empty();
  for (std::int64_t row = 0; none && std::ssize(sample.rows) < most && row < data.rows(); ++row) take(row);
  return sample;
}

// Means of the rows whose state is known for certain; an empty vector for the other states.
std::vector<std::vector<double>> labelled_means(const Data& data, int states, const std::vector<double>& pivot,
                                                Workers& workers) {
  const auto d = static_cast<std::size_t>(data.columns());
  struct Sums {
    std::vector<double> first, weight;
    Sums& operator+=(const Sums& other) {
      for (std::size_t i = 0; i < first.size(); ++i) first[i] += other.first[i], weight[i] += other.weight[i];
      return *this;
    }
  };
  const std::size_t size = static_cast<std::size_t>(states) * d;
  const Sums sums = reduce(data, workers, Sums{std::vector<double>(size), std::vector<double>(size)},
                           [&](Sums& s, const Block& block, int) {
                             if (block.allowed.empty()) return;
                             for (std::int64_t i = 0; i < block.rows(); ++i) {
                               int only = -1;
                               int allowed = 0;
                               for (int k = 0; k < states; ++k) {
                                 if (!block.allows(i, k)) continue;
                                 only = k;
                                 ++allowed;
                               }
                               if (allowed != 1) continue;
                               for (std::size_t j = 0; j < d; ++j) {
                                 const double value = block.x(i, static_cast<int>(j)) - pivot[j];
                                 if (std::isnan(value)) continue;
                                 s.first[static_cast<std::size_t>(only) * d + j] += block.weight(i) * value;
                                 s.weight[static_cast<std::size_t>(only) * d + j] += block.weight(i);
                               }
                             }
                           });
  std::vector<std::vector<double>> means(static_cast<std::size_t>(states));
  for (std::size_t k = 0; k < means.size(); ++k) {
    if (!std::any_of(sums.weight.begin() + static_cast<std::ptrdiff_t>(k * d),
                     sums.weight.begin() + static_cast<std::ptrdiff_t>((k + 1) * d), [](double w) { return w > 0; })) {
      continue;
    }
    for (std::size_t j = 0; j < d; ++j) {
      const double w = sums.weight[k * d + j];
      means[k].push_back(pivot[j] + (w > 0 ? sums.first[k * d + j] / w : 0));
    }
  }
  return means;
}

// The same where every state is allowed and no cell is missing.
void assign_whole_rows(ConstPanel x, const std::vector<std::vector<double>>& centers, const Metric& metric, Panel q) {
  const auto rows = static_cast<std::size_t>(q.rows);
  std::vector<double> longest(rows);
  std::vector<std::int32_t> nearest(rows);
  kernels::Workspace workspace;
  for (int k = 0; k < q.columns; ++k) {
    std::fill_n(q.column(k), rows, 0.0);
    metric.subtract_squares(x, centers[static_cast<std::size_t>(k)].data(), q.column(k), workspace);
  }
  kernels::largest_states(q, longest.data(), nearest.data());
  for (int k = 0; k < q.columns; ++k) std::fill_n(q.column(k), rows, 0.0);
  for (std::int64_t i = 0; i < q.rows; ++i) q(i, nearest[static_cast<std::size_t>(i)]) = 1;
}

// Every row to the nearest centre among its allowed states; a row without cells evenly to all.
void assign_to_nearest(const Block& x, const std::vector<std::vector<double>>& centers, const Metric& metric, Panel q) {
  const auto rows = static_cast<std::size_t>(q.rows);
  if (!x.has_missing && x.allowed.empty()) return assign_whole_rows(x.x, centers, metric, q);
  std::vector<int> best(rows, -1);
  std::vector<double> shortest(rows, std::numeric_limits<double>::infinity()), lengths(rows);
  kernels::Workspace workspace;
  for (int k = 0; k < q.columns; ++k) {
    std::fill_n(q.column(k), rows, 0.0);
    metric.squared(x.x, !x.has_missing, centers[static_cast<std::size_t>(k)].data(), lengths, workspace);
    for (std::size_t i = 0; i < rows; ++i) {
      if (!(lengths[i] < shortest[i]) || !x.allows(static_cast<std::int64_t>(i), k)) continue;
      best[i] = k;
      shortest[i] = lengths[i];
    }
  }
  const auto without_cells = [&](std::int64_t i) {
    for (int j = 0; j < x.columns(); ++j) {
      if (!std::isnan(x.x(i, j))) return false;
    }
    return true;
  };
  for (std::int64_t i = 0; i < q.rows; ++i) {
    const int k = best[static_cast<std::size_t>(i)];
    if (x.has_missing && without_cells(i)) {
      for (int state = 0; state < q.columns; ++state) q(i, state) = 1.0 / q.columns;
    } else if (k >= 0) {
      q(i, k) = 1;
    }
  }
}

Given nearest(std::vector<std::vector<double>> centers, Metric metric) {
  return {ByRow{[centers = std::move(centers), metric = std::move(metric)](const Block& x, Panel q) {
    assign_to_nearest(x, centers, metric, q);
  }}};
}

// Row i with missing cells at the column's mean.
std::vector<double> filled_row(const Sample& sample, std::size_t i, const Metric& metric) {
  std::vector<double> row;
  for (int j = 0; j < sample.columns; ++j) {
    const double value = sample.panel()(static_cast<std::int64_t>(i), j);
    row.push_back(std::isnan(value) ? metric.location()[static_cast<std::size_t>(j)] : value);
  }
  return row;
}

}  // namespace

Given k_means_plus_plus_seeding(const Data& data, const Summary& summary, int states, std::uint64_t seed,
                                Workers& workers) {
  const Metric metric(summary);
  const Sample sample = take_sample(data, k_means_sample_rows, seed);
  auto centers = labelled_means(data, states, metric.location(), workers);
  Stream stream(seed, Purpose::start, 2);
  std::vector<double> nearest_distance(sample.rows.size(), std::numeric_limits<double>::infinity());
  std::vector<double> distances(sample.rows.size());
  kernels::Workspace workspace;
  const auto add = [&](const std::vector<double>& center) {
    metric.squared(sample.panel(), sample.whole, center.data(), distances, workspace);
    for (std::size_t i = 0; i < distances.size(); ++i) {
      nearest_distance[i] = std::min(nearest_distance[i], distances[i]);
    }
  };
  bool any = false;
  for (const auto& center : centers) {
    if (center.empty()) continue;
    add(center);
    any = true;
  }
  for (auto& center : centers) {
    if (!center.empty()) continue;
    std::vector<double> chances = sample.weights;
    double total = 0;
    for (std::size_t i = 0; any && i < chances.size(); ++i) total += chances[i] *= nearest_distance[i];
    if (any && !(total > 0)) chances = sample.weights;  // every row lies on a seed already
    center = filled_row(sample, static_cast<std::size_t>(stream.choice(chances)), metric);
    add(center);
    any = true;
  }
  return nearest(std::move(centers), metric);
}

SummarizedData::Tree::Tree() = default;
SummarizedData::Tree::~Tree() = default;

const Agglomeration& SummarizedData::agglomeration(std::uint64_t seed, Workers& workers) {
  if (data_.rows() <= hierarchical_sample_rows) seed = 0;  // there is nothing to draw
  std::unique_lock lock(trees_mutex_);
  Tree& tree = trees_[seed];
  lock.unlock();
  std::call_once(tree.once, [&] {
    const Metric metric(summary(workers));
    Sample sample = take_sample(data_, hierarchical_sample_rows, seed);
    std::vector<std::vector<double>> points;
    for (std::size_t i = 0; i < sample.rows.size(); ++i) points.push_back(metric.scaled(filled_row(sample, i, metric)));
    WardTree merged(points, sample.weights);
    tree.made = std::make_unique<const Agglomeration>(
        Agglomeration{std::move(sample.rows), std::move(sample.weights), std::move(points), std::move(merged)});
  });
  return *tree.made;
}

Given hierarchical_seeding(SummarizedData& summarized, int states, std::uint64_t seed, Workers& workers) {
  const Data& data = summarized.data();
  const Metric metric(summarized.summary(workers));
  const Agglomeration& sample = summarized.agglomeration(seed, workers);
  const std::vector<std::vector<double>>& rows = sample.points;
  const std::vector<int> clusters = sample.tree.clusters(states);

  std::vector<std::vector<double>> centers(static_cast<std::size_t>(states),
                                           std::vector<double>(static_cast<std::size_t>(data.columns()), 0.0));
  std::vector<double> weights(static_cast<std::size_t>(states));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto k = static_cast<std::size_t>(clusters[i]);
    weights[k] += sample.weights[i];
    for (std::size_t j = 0; j < rows[i].size(); ++j) centers[k][j] += sample.weights[i] * rows[i][j];
  }
  for (std::size_t k = 0; k < centers.size(); ++k) {
    for (double& c : centers[k]) c = weights[k] > 0 ? c / weights[k] : 0;
    centers[k] = metric.unscaled(centers[k]);
  }

  // Cluster numbers mean nothing, labelled states do: each takes the nearest cluster that is still free.
  const auto known = labelled_means(data, states, metric.location(), workers);
  std::vector<int> state_of(static_cast<std::size_t>(states), -1);
  std::vector<int> cluster_of(static_cast<std::size_t>(states), -1);
  const auto pair_up = [&](std::size_t state, std::size_t cluster) {
    cluster_of[state] = static_cast<int>(cluster);
    state_of[cluster] = static_cast<int>(state);
  };
  for (std::size_t s = 0; s < known.size(); ++s) {
    if (known[s].empty()) continue;
    std::size_t best = known.size();
    for (std::size_t c = 0; c < centers.size(); ++c) {
      if (state_of[c] >= 0) continue;
      const auto length = [&](std::size_t cluster) {
        return metric.squared(known[s].data(), 1, centers[cluster].data());
      };
      if (best == known.size() || length(c) < length(best)) best = c;
    }
    pair_up(s, best);
  }
  for (std::size_t s = 0, c = 0; s < known.size(); ++s) {
    if (cluster_of[s] >= 0) continue;
    while (state_of[c] >= 0) ++c;
    pair_up(s, c);
  }
  std::vector<std::vector<double>> ordered;
  for (int c : cluster_of) ordered.push_back(centers[static_cast<std::size_t>(c)]);

  Given by_center = nearest(std::move(ordered), metric);
  if (data.rows() > hierarchical_sample_rows) return by_center;
  auto labels = std::make_shared<std::vector<int>>(static_cast<std::size_t>(data.rows()), -1);
  for (std::size_t i = 0; i < sample.rows.size(); ++i) {
    (*labels)[static_cast<std::size_t>(sample.rows[i])] = state_of[static_cast<std::size_t>(clusters[i])];
  }
  return {ByRow{[labels, by_center](const Block& x, Panel q) {
    by_center.responsibilities(x, q);  // for rows of weight 0, and rows whose label rules their cluster out
    for (std::int64_t i = 0; i < q.rows; ++i) {
      const int k = (*labels)[static_cast<std::size_t>(x.first_row + i)];
      if (k < 0 || !x.allows(i, k)) continue;
      for (int other = 0; other < q.columns; ++other) q(i, other) = other == k ? 1 : 0;
    }
  }}};
}

}  // namespace jensen
