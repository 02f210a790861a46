#include <jensen/em/seeding.h>
#include <jensen/em/starts.h>
#include <jensen/em/summary.h>
#include <jensen/em/ward.h>
#include <jensen/execution/reduction.h>
#include <jensen/math/random.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

namespace jensen {

namespace {

// Rows in scaled coordinates, row by row.
struct Sample {
  int columns = 0;
  std::vector<std::int64_t> rows;
  std::vector<double> values;
  std::vector<double> weights;
  const double* row(std::size_t i) const { return values.data() + i * static_cast<std::size_t>(columns); }
};

class Scaling {
 public:
  explicit Scaling(const Summary& summary) : location_(summary.location), scale_(summary.scale) {
    for (double& s : scale_) {
      if (!(s > 0)) s = 1;
    }
  }
  double operator()(double x, int j) const {
    const auto at = static_cast<std::size_t>(j);
    return (x - location_[at]) / scale_[at];
  }

 private:
  std::vector<double> location_, scale_;
};

// All rows of positive weight, or one from each of `most` equal strata.
Sample take_sample(const Data& data, const Scaling& scaled, std::int64_t most, std::uint64_t seed) {
  Sample sample;
  sample.columns = data.columns();
  BlockBuffer buffer;
  const std::int64_t count = std::min(most, data.rows());
  Stream stream(seed, Purpose::start, 1);
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t row = i;
    if (count < data.rows()) {
      const double stratum = static_cast<double>(data.rows()) / static_cast<double>(count);
      row = std::min(data.rows() - 1, static_cast<std::int64_t>((static_cast<double>(i) + stream.uniform()) * stratum));
    }
    const Block block = data.block(row, 1, buffer);
    if (block.weight(0) == 0) continue;
    sample.rows.push_back(row);
    sample.weights.push_back(block.weight(0));
    for (int j = 0; j < sample.columns; ++j) sample.values.push_back(scaled(block.x(0, j), j));
  }
  return sample;
}

// Squared distance over the cells that row i has, scaled up to all columns; 0 for a row without any.
double distance(const double* x, std::int64_t stride, const double* center, int columns) {
  double total = 0;
  int seen = 0;
  for (int j = 0; j < columns; ++j) {
    const double difference = x[j * stride] - center[j];
    if (std::isnan(difference)) continue;
    total += difference * difference;
    ++seen;
  }
  return seen == 0 ? 0 : total * columns / seen;
}

// Means of the rows whose state is known for certain, in scaled coordinates; an empty vector for the other states.
std::vector<std::vector<double>> labelled_means(const Data& data, int states, const Scaling& scaled, Workers& workers) {
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
                                 const double value = scaled(block.x(i, static_cast<int>(j)), static_cast<int>(j));
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
      means[k].push_back(w > 0 ? sums.first[k * d + j] / w : 0);
    }
  }
  return means;
}

// Every row to the nearest centre among its allowed states; a row without cells evenly to all.
Given nearest(std::vector<std::vector<double>> centers, Scaling scaled) {
  return {[centers = std::move(centers), scaled = std::move(scaled)](const Block& x, Panel q) {
    std::vector<double> row(static_cast<std::size_t>(x.columns()));
    for (std::int64_t i = 0; i < q.rows; ++i) {
      bool empty = true;
      for (int j = 0; j < x.columns(); ++j) {
        row[static_cast<std::size_t>(j)] = scaled(x.x(i, j), j);
        empty = empty && std::isnan(x.x(i, j));
      }
      int best = -1;
      double shortest = 0;
      for (int k = 0; k < q.columns; ++k) {
        q(i, k) = empty ? 1.0 / q.columns : 0;
        if (!x.allows(i, k)) continue;
        const double length = distance(row.data(), 1, centers[static_cast<std::size_t>(k)].data(), x.columns());
        if (best < 0 || length < shortest) {
          best = k;
          shortest = length;
        }
      }
      if (!empty && best >= 0) q(i, best) = 1;
    }
  }};
}

std::vector<double> filled_row(const Sample& sample, std::size_t i) {
  std::vector<double> row(sample.row(i), sample.row(i) + sample.columns);
  for (double& v : row) v = std::isnan(v) ? 0 : v;
  return row;
}

}  // namespace

Given k_means_plus_plus_seeding(const Data& data, int states, std::uint64_t seed, Workers& workers) {
  const Scaling scaled(summarize(data, workers));
  const Sample sample = take_sample(data, scaled, k_means_sample_rows, seed);
  auto centers = labelled_means(data, states, scaled, workers);
  Stream stream(seed, Purpose::start, 2);
  std::vector<double> nearest_distance(sample.rows.size(), std::numeric_limits<double>::infinity());
  const auto add = [&](const std::vector<double>& center) {
    for (std::size_t i = 0; i < sample.rows.size(); ++i) {
      nearest_distance[i] = std::min(nearest_distance[i], distance(sample.row(i), 1, center.data(), sample.columns));
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
    center = filled_row(sample, static_cast<std::size_t>(stream.choice(chances)));
    add(center);
    any = true;
  }
  return nearest(std::move(centers), scaled);
}

Given hierarchical_seeding(const Data& data, int states, std::uint64_t seed, Workers& workers) {
  const Scaling scaled(summarize(data, workers));
  const Sample sample = take_sample(data, scaled, hierarchical_sample_rows, seed);
  std::vector<std::vector<double>> rows;
  for (std::size_t i = 0; i < sample.rows.size(); ++i) rows.push_back(filled_row(sample, i));
  std::vector<int> clusters = ward_clusters(rows, sample.weights, states);

  std::vector<std::vector<double>> centers(static_cast<std::size_t>(states),
                                           std::vector<double>(static_cast<std::size_t>(sample.columns), 0.0));
  std::vector<double> weights(static_cast<std::size_t>(states));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto k = static_cast<std::size_t>(clusters[i]);
    weights[k] += sample.weights[i];
    for (std::size_t j = 0; j < rows[i].size(); ++j) centers[k][j] += sample.weights[i] * rows[i][j];
  }
  for (std::size_t k = 0; k < centers.size(); ++k) {
    for (double& c : centers[k]) c = weights[k] > 0 ? c / weights[k] : 0;
  }

  // Cluster numbers mean nothing, labelled states do: each takes the nearest cluster that is still free.
  const auto known = labelled_means(data, states, scaled, workers);
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
        return distance(known[s].data(), 1, centers[cluster].data(), sample.columns);
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

  Given by_center = nearest(std::move(ordered), scaled);
  if (data.rows() > hierarchical_sample_rows) return by_center;
  auto labels = std::make_shared<std::vector<int>>(static_cast<std::size_t>(data.rows()), -1);
  for (std::size_t i = 0; i < sample.rows.size(); ++i) {
    (*labels)[static_cast<std::size_t>(sample.rows[i])] = state_of[static_cast<std::size_t>(clusters[i])];
  }
  return {[labels, by_center](const Block& x, Panel q) {
    by_center.responsibilities(x, q);  // for rows of weight 0, and rows whose label rules their cluster out
    for (std::int64_t i = 0; i < q.rows; ++i) {
      const int k = (*labels)[static_cast<std::size_t>(x.first_row + i)];
      if (k < 0 || !x.allows(i, k)) continue;
      for (int other = 0; other < q.columns; ++other) q(i, other) = other == k ? 1 : 0;
    }
  }};
}

}  // namespace jensen
