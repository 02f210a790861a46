#include <jensen/em/summary.h>
#include <jensen/error.h>
#include <jensen/execution/reduction.h>

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <set>

namespace jensen {

namespace {

// Sums about a pivot taken from the data, so that a common shift costs no digits.
struct Moments {
  std::vector<double> weight, first, largest;
  std::int64_t weighted_rows = 0;
  double total_weight = 0;

  Moments& operator+=(const Moments& other) {
    for (std::size_t j = 0; j < weight.size(); ++j) {
      weight[j] += other.weight[j];
      first[j] += other.first[j];
      largest[j] = std::max(largest[j], other.largest[j]);
    }
    weighted_rows += other.weighted_rows;
    total_weight += other.total_weight;
    return *this;
  }
};

struct Products {
  std::vector<double> second;
  Products& operator+=(const Products& other) {
    for (std::size_t i = 0; i < second.size(); ++i) second[i] += other.second[i];
    return *this;
  }
};

std::vector<double> first_observed(const Data& data) {
  const auto d = static_cast<std::size_t>(data.columns());
  std::vector<double> pivot(d, std::numeric_limits<double>::quiet_NaN());
  std::size_t found = 0;
  visit_blocks(data, [&](const Block& block) {
    for (std::size_t j = 0; j < d; ++j) {
      for (std::int64_t i = 0; i < block.rows() && std::isnan(pivot[j]); ++i) {
        pivot[j] = block.x(i, static_cast<int>(j));
        found += std::isnan(pivot[j]) ? 0 : 1;
      }
    }
    return found < d;
  });
  for (double& p : pivot) p = std::isnan(p) ? 0 : p;
  return pivot;
}

Moments first_moments(const Data& data, Workers& workers, const std::vector<double>& pivot) {
  const auto d = pivot.size();
  const Moments zero{std::vector<double>(d), std::vector<double>(d), std::vector<double>(d)};
  return reduce(data, workers, zero, [&](Moments& m, const Block& block, int) {
    for (std::int64_t i = 0; i < block.rows(); ++i) {
      m.weighted_rows += block.weight(i) > 0 ? 1 : 0;
      m.total_weight += block.weight(i);
    }
    for (std::size_t j = 0; j < d; ++j) {
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

Products second_moments(const Data& data, Workers& workers, const std::vector<double>& location) {
  const auto d = location.size();
  const Products zero{std::vector<double>(d * (d + 1) / 2)};
  return reduce(data, workers, zero, [&](Products& p, const Block& block, int) {
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
        for (std::size_t b = 0; b <= a; ++b) p.second[a * (a + 1) / 2 + b] += weighted * row[b];
      }
    }
  });
}

}  // namespace

bool Summary::is_constant(int column) const {
  const auto j = static_cast<std::size_t>(column);
  return !(scale[j] > 4 * std::numeric_limits<double>::epsilon() * largest[j]);
}

Summary summarize(const Data& data, Workers& workers) {
  const auto d = static_cast<std::size_t>(data.columns());
  const auto pivot = first_observed(data);
  Summary summary;
  summary.rows = data.rows();
  Moments moments = first_moments(data, workers, pivot);
  summary.weight = moments.total_weight;
  summary.weighted_rows = moments.weighted_rows;
  summary.observed = moments.weight;
  summary.largest = moments.largest;
  summary.location.resize(d);
  for (std::size_t j = 0; j < d; ++j) summary.location[j] = pivot[j] + moments.first[j] / moments.weight[j];
  const auto second = second_moments(data, workers, summary.location).second;
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
