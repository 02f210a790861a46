#include <jensen/emissions/categories.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "emissions/family_support.h"

namespace jensen {

namespace {
constexpr double impossible = -std::numeric_limits<double>::infinity();
}

// Bernoulli ---------------------------------------------------------------------------------------------------------

Bernoulli::Bernoulli(double probability) : probability_(probability) {
  if (!(probability >= 0 && probability <= 1)) {
    throw ArgumentError("Bernoulli", "probability", fmt::format("must lie in [0, 1], got {}", probability));
  }
}
double Bernoulli::log_density(double x) const {
  return x == 1 ? std::log(probability_) : x == 0 ? std::log1p(-probability_) : impossible;
}
double Bernoulli::expected_log_density(double weight, std::span<const double> sums) const {
  return x_log_y(sums[0], probability_) + x_log_y(std::max(0.0, weight - sums[0]), 1 - probability_);
}
double Bernoulli::sample(Stream& stream) const { return stream.uniform() < probability_ ? 1 : 0; }
std::string Bernoulli::problem(double x) const {
  return x == 0 || x == 1 ? std::string() : fmt::format("must be 0 or 1, got {}", x);
}
void Bernoulli::set_parameters(std::span<const double> v) { *this = Bernoulli(v[0]); }

// Categorical -------------------------------------------------------------------------------------------------------

Categorical::Categorical(int levels) {
  if (levels < 2) throw ArgumentError("Categorical", "levels", fmt::format("must be ≥ 2, got {}", levels));
  *this = Categorical(std::vector<double>(static_cast<std::size_t>(levels), 1.0 / levels));
}
Categorical::Categorical(std::vector<double> probabilities) : probabilities_(std::move(probabilities)) {
  check_parameters(groups(), probabilities_, "Categorical");
  for (double p : probabilities_) logs_.push_back(std::log(p));
}
bool Categorical::is_level(double x) const { return is_count(x) && x < static_cast<double>(probabilities_.size()); }
double Categorical::log_density(std::span<const double> x) const {
  return is_level(x[0]) ? logs_[static_cast<std::size_t>(x[0])] : impossible;
}
void Categorical::add(std::span<const double> x, double r, Slice s) const {
  if (is_level(x[0])) s.sum[static_cast<std::size_t>(x[0])] += r;
}
void Categorical::fit(double weight, ConstSlice s) {
  std::vector<double> probabilities(s.sum.begin(), s.sum.end());
  for (double& p : probabilities) p /= weight;
  double total = 0;
  for (double p : probabilities) total += p;
  for (double& p : probabilities) p /= total;
  *this = Categorical(std::move(probabilities));
}
double Categorical::expected_log_density(double, ConstSlice s) const {
  double total = 0;
  for (std::size_t l = 0; l < logs_.size(); ++l) total += x_log_y(s.sum[l], probabilities_[l]);
  return total;
}
void Categorical::sample(Stream& stream, std::span<double> x) const { x[0] = stream.choice(probabilities_); }
CellProblem Categorical::problem(std::span<const double> x) const {
  if (std::isnan(x[0]) || is_level(x[0])) return {};
  return {0, 0, fmt::format("must be a level 0 … {}, got {}", probabilities_.size() - 1, x[0])};
}
void Categorical::set_parameters(std::span<const double> v) { *this = Categorical({v.begin(), v.end()}); }

namespace {

// The level of each row; behind the levels come the place of a missing cell and that of one that is no level.
std::vector<std::uint32_t> places(const Block& x, std::size_t levels) {
  std::vector<std::uint32_t> result(static_cast<std::size_t>(x.rows()));
  const auto end = static_cast<double>(levels);
  const auto missing = static_cast<std::uint32_t>(levels);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double cell = x.x.data[i];
    const auto level = static_cast<std::uint32_t>(cell >= 0 && cell < end ? cell : end + 1);
    result[i] = std::isnan(cell) ? missing : static_cast<double>(level) == cell ? level : missing + 1;
  }
  return result;
}

}  // namespace

template <>
void Independent<Categorical>::add_log_density(const Block& x, Panel p, Scratch&) const {
  const std::size_t levels = families_.front().probabilities().size();
  const auto place = places(x, levels);
  for (int k = 0; k < p.columns; ++k) {
    const auto own = (*this)[k].log_probabilities();
    std::vector<double> table(own.begin(), own.end());
    table.push_back(0);
    table.push_back(impossible);
    double* column = p.column(k);
    for (std::size_t i = 0; i < place.size(); ++i) column[i] += table[place[i]];
  }
}

template <>
double Independent<Categorical>::accumulate(const Block& x, ConstPanel r, Slice s, Scratch&) const {
  const std::size_t levels = families_.front().probabilities().size();
  const auto place = places(x, levels);
  constexpr int together = 4;  // states, each with its own table: an addition need not wait for the one before
  std::vector<double> table((levels + 2) * together);
  for (int first = 0; first < r.columns; first += together) {
    const int count = std::min(together, r.columns - first);
    for (int k = 0; k < count; ++k) {
      const auto own = part(s, first + k).sum;
      for (std::size_t l = 0; l < levels; ++l) table[l * together + static_cast<std::size_t>(k)] = own[l];
    }
    double weight[together] = {};
    const double* column[together];
    for (int k = 0; k < together; ++k) {
      column[k] = r.column(first + std::min(k, count - 1));
      if (k < count) weight[k] = s.sum[static_cast<std::size_t>(first + k)];
    }
    for (std::size_t i = 0; i < place.size(); ++i) {
      double* sums = table.data() + place[i] * together;
      const bool missing = place[i] == levels;
      for (int k = 0; k < together; ++k) {
        sums[k] += column[k][i];
        weight[k] += missing ? 0.0 : column[k][i];
      }
    }
    for (int k = 0; k < count; ++k) {
      s.sum[static_cast<std::size_t>(first + k)] = weight[k];
      const auto own = part(s, first + k).sum;
      for (std::size_t l = 0; l < levels; ++l) own[l] = table[l * together + static_cast<std::size_t>(k)];
    }
  }
  return 0;
}

// Multinomial -------------------------------------------------------------------------------------------------------

Multinomial::Multinomial(int columns) {
  if (columns < 2) throw ArgumentError("Multinomial", "columns", fmt::format("must be ≥ 2, got {}", columns));
  probabilities_.assign(static_cast<std::size_t>(columns), 1.0 / columns);
}
double Multinomial::log_density(std::span<const double> row) const {
  double trials = 0;
  double total = 0;
  for (std::size_t j = 0; j < row.size(); ++j) {
    if (!is_count(row[j])) return impossible;
    trials += row[j];
    total += x_log_y(row[j], probabilities_[j]) - log_factorial(row[j]);
  }
  return total + log_factorial(trials);
}
void Multinomial::add(std::span<const double> row, double r, Slice s) const {
  double trials = 0;
  double ways = 0;
  for (std::size_t j = 0; j < row.size(); ++j) {
    s.sum[j] += r * row[j];
    trials += row[j];
    ways -= log_factorial(row[j]);
  }
  s.sum[row.size()] += r * (ways + log_factorial(trials));
}
void Multinomial::fit(double, ConstSlice s) {
  double trials = 0;
  for (std::size_t j = 0; j < probabilities_.size(); ++j) trials += s.sum[j];
  for (std::size_t j = 0; j < probabilities_.size() && trials > 0; ++j) probabilities_[j] = s.sum[j] / trials;
}
double Multinomial::expected_log_density(double, ConstSlice s) const {
  double total = s.sum[probabilities_.size()];
  for (std::size_t j = 0; j < probabilities_.size(); ++j) total += x_log_y(s.sum[j], probabilities_[j]);
  return total;
}
void Multinomial::sample(Stream& stream, std::span<double> row) const {
  double trials = 0;
  for (double& count : row) {
    trials += count;
    count = 0;
  }
  for (double t = 0; t < trials; ++t) row[static_cast<std::size_t>(stream.choice(probabilities_))] += 1;
}
CellProblem Multinomial::problem(std::span<const double> row) const {
  const auto holes = std::count_if(row.begin(), row.end(), [](double v) { return std::isnan(v); });
  for (std::size_t j = 0; j < row.size(); ++j) {
    const int column = static_cast<int>(j);
    if (std::isnan(row[j]) && holes < static_cast<std::ptrdiff_t>(row.size())) {
      return {0, column, "is missing: the counts of a row are seen together or not at all"};
    }
    if (!std::isnan(row[j]) && !is_count(row[j])) return {0, column, count_problem(row[j])};
  }
  return {};
}
void Multinomial::set_parameters(std::span<const double> v) { probabilities_.assign(v.begin(), v.end()); }

template class Independent<Bernoulli>;
template class Independent<Categorical>;
template class Independent<Multinomial>;

}  // namespace jensen
