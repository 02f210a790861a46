#include <jensen/em/summary.h>
#include <jensen/execution/reduction.h>
#include <jensen/math/kernels.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

namespace jensen {

namespace {

// What is summed in a pass. Second moments are about the point that the pass was given.
struct Moments {
  std::vector<double> weight, first, largest, second;
  std::int64_t weighted_rows = 0;
  double total_weight = 0;
  bool holes = false;

  explicit Moments(std::size_t d) : weight(d), first(d), largest(d), second(d * (d + 1) / 2) {}
  Moments& operator+=(const Moments& other) {
    for (std::size_t j = 0; j < weight.size(); ++j) {
      weight[j] += other.weight[j];
      first[j] += other.first[j];
      largest[j] = std::max(largest[j], other.largest[j]);
    }
    for (std::size_t i = 0; i < second.size(); ++i) second[i] += other.second[i];
    weighted_rows += other.weighted_rows;
    total_weight += other.total_weight;
    holes = holes || other.holes;
    return *this;
  }
};

// A value of every column that has one, 0 for the others: a common shift of the data then costs no digits.
std::vector<double> first_values(const Data& data) {
  const auto d = static_cast<std::size_t>(data.columns());
  std::vector<double> values(d, std::numeric_limits<double>::quiet_NaN());
  std::size_t found = 0;
  visit_blocks(data, [&](const Block& block) {
    for (std::size_t j = 0; j < d; ++j) {
      for (std::int64_t i = 0; i < block.rows() && std::isnan(values[j]); ++i) {
        if (block.weight(i) == 0) continue;
        values[j] = block.x(i, static_cast<int>(j));
        found += std::isnan(values[j]) ? 0 : 1;
      }
    }
    return found < d;
  });
  for (double& v : values) v = std::isnan(v) ? 0 : v;
  return values;
}

void count_rows(const Block& block, Moments& m) {
  if (block.weights.empty()) {
    m.weighted_rows += block.rows();
    m.total_weight += static_cast<double>(block.rows());
    return;
  }
  for (std::int64_t i = 0; i < block.rows(); ++i) {
    m.weighted_rows += block.weight(i) > 0 ? 1 : 0;
    m.total_weight += block.weight(i);
  }
}

double largest_magnitude(const Block& block, int column) {
  constexpr std::size_t lanes = 8;  // independent, or each comparison would wait for the one before
  double largest[lanes] = {};
  const double* x = block.x.column(column);
  std::int64_t i = 0;
  for (; block.weights.empty() && i + static_cast<std::int64_t>(lanes) <= block.rows(); i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) largest[lane] = std::max(largest[lane], std::abs(x[i + lane]));
  }
  for (; i < block.rows(); ++i) {
    const double value = std::abs(x[i]);
    double& lane = largest[static_cast<std::size_t>(i) % lanes];
    if (value > lane && block.weight(i) > 0) lane = value;
  }
  return *std::max_element(largest, largest + lanes);
}

// Means over the first block of every chunk: over the whole data where there are no other blocks.
std::vector<double> rough_means(const Data& data) {
  const ChunkLayout layout = chunk_layout(data.rows(), data.columns());
  std::vector<double> means = first_values(data);
  const std::vector<double> pivot = means;
  std::vector<double> sums(pivot.size()), counts(pivot.size());
  BlockBuffer buffer;
  for (int chunk = 0; chunk < layout.chunks(); ++chunk) {
    const std::int64_t first = layout.chunk_begin(chunk);
    const Block x = data.block(first, std::min(layout.block_rows, layout.chunk_end(chunk) - first), buffer);
    for (std::size_t j = 0; j < pivot.size(); ++j) {
      const double* column = x.x.column(static_cast<int>(j));
      for (std::int64_t i = 0; i < x.rows(); ++i) {
        if (std::isnan(column[i]) || x.weight(i) == 0) continue;
        sums[j] += column[i] - pivot[j];
        counts[j] += 1;
      }
    }
  }
  for (std::size_t j = 0; j < means.size(); ++j) means[j] += counts[j] > 0 ? sums[j] / counts[j] : 0;
  return means;
}

// One pass over data without holes; where there are some, `holes` is set and the sums mean nothing. `about` lies so
// near the mean, as a mean of many of the rows, that the correction costs few digits: its square is at most variance ×
// rows over rows looked at.
Moments moments_of_whole_rows(const Data& data, Workers& workers, const std::vector<double>& about) {
  std::vector<kernels::Workspace> workspaces(static_cast<std::size_t>(workers.count()));
  return reduce(data, workers, Moments(about.size()), [&](Moments& m, const Block& block, int worker) {
    m.holes = m.holes || block.has_missing;
    if (m.holes) return;
    count_rows(block, m);
    for (int j = 0; j < block.columns(); ++j) {
      double& largest = m.largest[static_cast<std::size_t>(j)];
      largest = std::max(largest, largest_magnitude(block, j));
    }
    std::vector<double> ones;
    if (block.weights.empty()) ones.assign(static_cast<std::size_t>(block.rows()), 1.0);
    const double* weights = block.weights.empty() ? ones.data() : block.weights.data();
    kernels::add_full_moments(block.x, about.data(), weights, &m.weight[0], m.first.data(), m.second.data(),
                              workspaces[static_cast<std::size_t>(worker)]);
  });
}

// The two passes that data with holes need: correlations are about the means, which must be known before.
Moments first_moments(const Data& data, Workers& workers, const std::vector<double>& pivot) {
  return reduce(data, workers, Moments(pivot.size()), [&](Moments& m, const Block& block, int) {
    count_rows(block, m);
    for (std::size_t j = 0; j < pivot.size(); ++j) {
      const double* column = block.x.column(static_cast<int>(j));
      for (std::int64_t i = 0; i < block.rows(); ++i) {
        const double w = block.weight(i);
        if (std::isnan(column[i]) || w == 0) continue;
        m.weight[j] += w;
        m.first[j] += w * (column[i] - pivot[j]);
        m.largest[j] = std::max(m.largest[j], std::abs(column[i]));
      }
    }
  });
}

std::vector<double> second_moments(const Data& data, Workers& workers, const std::vector<double>& location) {
  const auto d = location.size();
  return reduce(data, workers, Moments(d),
                [&](Moments& m, const Block& block, int) {
                  std::vector<double> row(d);
                  for (std::int64_t i = 0; i < block.rows(); ++i) {
                    const double w = block.weight(i);
                    if (w == 0) continue;
                    for (std::size_t j = 0; j < d; ++j) {
                      const double value = block.x(i, static_cast<int>(j));
                      row[j] = std::isnan(value) ? 0 : value - location[j];
                    }
                    for (std::size_t a = 0; a < d; ++a) {
                      const double weighted = w * row[a];
                      for (std::size_t b = 0; b <= a; ++b) m.second[a * (a + 1) / 2 + b] += weighted * row[b];
                    }
                  }
                })
      .second;
}

// Second moments about the means, and the means into `location`.
Moments central_moments(const Data& data, Workers& workers, std::vector<double>& location) {
  location = rough_means(data);
  const std::size_t d = location.size();
  Moments moments = moments_of_whole_rows(data, workers, location);
  if (moments.holes) {
    location = first_values(data);
    moments = first_moments(data, workers, location);
    for (std::size_t j = 0; j < d; ++j) location[j] += moments.first[j] / moments.weight[j];
    moments.second = second_moments(data, workers, location);
    return moments;
  }
  std::fill(moments.weight.begin(), moments.weight.end(), moments.total_weight);
  for (std::size_t a = 0; a < d; ++a) {
    const double shift = moments.first[a] / moments.total_weight;
    for (std::size_t b = 0; b <= a; ++b) moments.second[a * (a + 1) / 2 + b] -= shift * moments.first[b];
    double& variance = moments.second[a * (a + 1) / 2 + a];
    variance = std::max(variance, 0.0);
    location[a] += shift;
  }
  return moments;
}

}  // namespace

bool Summary::is_constant(int column) const {
  const auto j = static_cast<std::size_t>(column);
  return !(scale[j] > 4 * std::numeric_limits<double>::epsilon() * largest[j]);
}

Summary summarize(const Data& data, Workers& workers) {
  const auto d = static_cast<std::size_t>(data.columns());
  Summary summary;
  summary.rows = data.rows();
  const Moments moments = central_moments(data, workers, summary.location);
  summary.weight = moments.total_weight;
  summary.weighted_rows = moments.weighted_rows;
  summary.observed = moments.weight;
  summary.largest = moments.largest;
  const std::vector<double>& second = moments.second;
  const auto variance = [&](std::size_t j) { return second[j * (j + 1) / 2 + j]; };
  summary.scale.resize(d);
  for (std::size_t j = 0; j < d; ++j) summary.scale[j] = std::sqrt(variance(j) / summary.observed[j]);
  summary.covariance.resize(d * (d + 1) / 2);
  for (std::size_t a = 0; a < d; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      const double norm = std::sqrt(variance(a)) * std::sqrt(variance(b));
      const double correlation = a == b ? 1 : (norm > 0 ? second[a * (a + 1) / 2 + b] / norm : 0);
      summary.covariance[a * (a + 1) / 2 + b] = summary.scale[a] * summary.scale[b] * correlation;
    }
  }
  return summary;
}

int distinct_rows(const Data& data, int enough) {
  std::set<std::vector<double>> seen;
  visit_blocks(data, [&](const Block& block) {
    for (std::int64_t i = 0; i < block.rows(); ++i) {
      if (block.weight(i) == 0) continue;
      std::vector<double> row;
      for (int j = 0; j < block.columns(); ++j) {
        const double value = block.x(i, j);
        row.push_back(std::isnan(value) ? std::numeric_limits<double>::infinity() : value);  // data hold no infinity
      }
      seen.insert(std::move(row));
      if (static_cast<int>(seen.size()) >= enough) return false;
    }
    return true;
  });
  return static_cast<int>(seen.size());
}

}  // namespace jensen
