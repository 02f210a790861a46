#include <jensen/emissions/counts.h>

#include "emissions/family_support.h"

namespace jensen {

namespace {
constexpr double impossible = -std::numeric_limits<double>::infinity();

void check_rate(double rate, const char* family, const char* what = "rate") {
  if (!(rate >= 0) || !std::isfinite(rate)) {
    throw ArgumentError(family, what, fmt::format("must be finite and ≥ 0, got {}", rate));
  }
}
void check_probability(double p, const char* family, const char* what = "probability") {
  if (!(p >= 0 && p <= 1)) throw ArgumentError(family, what, fmt::format("must lie in [0, 1], got {}", p));
}
CellProblem first_cell(std::span<const double> x) { return {0, 0, std::isnan(x[0]) ? "" : count_problem(x[0])}; }
}  // namespace

// Poisson -----------------------------------------------------------------------------------------------------------

Poisson::Poisson(double rate, SecondColumn exposure)
    : rate_(rate), exposed_(exposure == SecondColumn::present), log_rate_(std::log(rate)) {
  check_rate(rate, "Poisson");
}
double Poisson::log_density(std::span<const double> row) const {
  if (!is_count(row[0])) return impossible;
  const double exposure = exposed_ ? row[1] : 1;
  const double log_mean = exposed_ ? std::log(exposure) + log_rate_ : log_rate_;
  return (row[0] == 0 ? 0 : row[0] * log_mean) - exposure * rate_ - log_factorial(row[0]);
}
void Poisson::add(std::span<const double> row, double r, Slice s) const {
  const double exposure = exposed_ ? row[1] : 1;
  s.sum[0] += r * row[0];
  s.sum[1] += r * exposure;
  s.sum[2] += r * (x_log_y(row[0], exposure) - log_factorial(row[0]));
}
void Poisson::fit(double, ConstSlice s) {
  if (s.sum[1] > 0) *this = Poisson(s.sum[0] / s.sum[1], exposed_ ? SecondColumn::present : SecondColumn::none);
}
double Poisson::expected_log_density(double, ConstSlice s) const {
  return x_log_y(s.sum[0], rate_) - rate_ * s.sum[1] + s.sum[2];
}
void Poisson::sample(Stream& stream, std::span<double> row) const {
  row[0] = sample_poisson(stream, rate_ * (exposed_ ? row[1] : 1));
}
CellProblem Poisson::problem(std::span<const double> row) const {
  if (missing(row)) return {};
  if (exposed_ && !(row[1] > 0)) {
    return {0, 1, fmt::format("is an exposure and must be positive where there is a count, got {}", row[1])};
  }
  return first_cell(row);
}
void Poisson::set_parameters(std::span<const double> v) {
  *this = Poisson(v[0], exposed_ ? SecondColumn::present : SecondColumn::none);
}

// Binomial ----------------------------------------------------------------------------------------------------------

Binomial::Binomial(int trials, double probability) : trials_(trials), probability_(probability) {
  if (trials < 0) throw ArgumentError("Binomial", "trials", fmt::format("must be ≥ 0, got {}", trials));
  check_probability(probability, "Binomial");
}
double Binomial::log_density(std::span<const double> row) const {
  const double n = trials(row);
  if (!is_count(row[0]) || !(row[0] <= n)) return impossible;
  const double ways = log_factorial(n) - log_factorial(row[0]) - log_factorial(n - row[0]);
  return ways + x_log_y(row[0], probability_) + x_log_y(n - row[0], 1 - probability_);
}
void Binomial::add(std::span<const double> row, double r, Slice s) const {
  const double n = trials(row);
  s.sum[0] += r * row[0];
  s.sum[1] += r * n;
  s.sum[2] += r * (log_factorial(n) - log_factorial(row[0]) - log_factorial(n - row[0]));
}
void Binomial::fit(double, ConstSlice s) {
  if (s.sum[1] > 0) probability_ = std::min(1.0, s.sum[0] / s.sum[1]);
}
double Binomial::expected_log_density(double, ConstSlice s) const {
  return x_log_y(s.sum[0], probability_) + x_log_y(s.sum[1] - s.sum[0], 1 - probability_) + s.sum[2];
}
void Binomial::sample(Stream& stream, std::span<double> row) const {
  const double n = trials(row);
  row[0] = 0;
  for (double j = 0; j < n; ++j) row[0] += stream.uniform() < probability_ ? 1 : 0;
}
CellProblem Binomial::problem(std::span<const double> row) const {
  if (missing(row)) return {};
  const double n = trials(row);
  if (trials_ == 0 && !is_count(n)) {
    return {0, 1, fmt::format("is a number of trials and must be a whole number ≥ 0, got {}", n)};
  }
  if (CellProblem found = first_cell(row); !found.text.empty()) return found;
  return {0, 0, row[0] <= n ? std::string() : fmt::format("must be at most the {} trials, got {}", n, row[0])};
}
void Binomial::set_parameters(std::span<const double> v) { *this = Binomial(trials_, v[0]); }

// Geometric ---------------------------------------------------------------------------------------------------------

Geometric::Geometric(double probability) : probability_(probability) {
  check_probability(probability, "Geometric");
  if (probability == 0) throw ArgumentError("Geometric", "probability", "must be positive, got 0");
}
double Geometric::log_density(double x) const {
  return is_count(x) ? std::log(probability_) + x_log_y(x, 1 - probability_) : impossible;
}
double Geometric::expected_log_density(double weight, std::span<const double> sums) const {
  return weight * std::log(probability_) + x_log_y(sums[0], 1 - probability_);
}
double Geometric::sample(Stream& stream) const {
  return probability_ == 1 ? 0 : std::floor(stream.exponential() / -std::log1p(-probability_));
}
std::string Geometric::problem(double x) const { return count_problem(x); }
void Geometric::set_parameters(std::span<const double> v) { *this = Geometric(v[0]); }

// Negative binomial -------------------------------------------------------------------------------------------------

NegativeBinomial::NegativeBinomial(int largest, double mean, double size) : mean_(mean), size_(size) {
  if (largest < 0 || largest > 65535) {
    throw ArgumentError("NegativeBinomial", "largest", fmt::format("must lie in 0 … 65535, got {}", largest));
  }
  check_rate(mean, "NegativeBinomial", "mean");
  if (!(size > 0) || !std::isfinite(size)) {
    throw ArgumentError("NegativeBinomial", "size", fmt::format("must be finite and positive, got {}", size));
  }
  // log Γ(x+a)/Γ(a) = Σ_{j<x} log(a + j): no cancellation where a is large.
  const double zero = -size * std::log1p(mean / size);
  const double log_share = std::log(mean) - std::log(size + mean);
  double ways = 0;
  for (int x = 0; x <= largest; ++x) {
    log_probability_.push_back(x == 0 ? zero : zero + ways + x * log_share);
    ways += std::log((size + x) / (x + 1.0));
  }
}
double NegativeBinomial::log_density(std::span<const double> x) const {
  if (!is_count(x[0])) return impossible;
  if (x[0] < static_cast<double>(log_probability_.size())) return log_probability_[static_cast<std::size_t>(x[0])];
  return log_gamma(x[0] + size_) - log_gamma(size_) - log_factorial(x[0]) - size_ * std::log1p(mean_ / size_) +
         x[0] * (std::log(mean_) - std::log(size_ + mean_));
}
void NegativeBinomial::add(std::span<const double> x, double r, Slice s) const {
  if (const auto found = problem(x); !found.text.empty()) throw DataError("negative-binomial: a cell " + found.text);
  s.sum[static_cast<std::size_t>(x[0])] += r;
}
FamilyFit NegativeBinomial::fit(double weight, ConstSlice s) {
  const int largest = static_cast<int>(s.sum.size()) - 1;
  std::vector<double> above(s.sum.size(), 0.0);
  double total = 0;
  for (int x = largest; x > 0; --x) {
    above[static_cast<std::size_t>(x - 1)] = above[static_cast<std::size_t>(x)] + s.sum[static_cast<std::size_t>(x)];
    total += x * s.sum[static_cast<std::size_t>(x)];
  }
  const double mean = total / weight;
  const auto slope = [&](double size) {
    double sum = 0;
    for (std::size_t j = 0; j < above.size() && above[j] > 0; ++j) sum += above[j] / (size + static_cast<double>(j));
    return sum - weight * std::log1p(mean / size);
  };
  const double limit = 1e6 * std::max(1.0, mean);
  if (!(total > 0) || slope(limit) >= 0) {
    *this = NegativeBinomial(largest, mean, limit);
    return {"its counts vary no more than those of a Poisson distribution; its size is at its limit", false};
  }
  // From a positive slope below to a negative one above: halve the bracket in log size, then secants inside it.
  double low = -20;
  double high = std::log(limit);
  double below = slope(std::exp(low));
  double beyond = slope(std::exp(high));
  for (int i = 0; i < 200 && high - low > 1e-15 * std::max(1.0, std::abs(high)); ++i) {
    double middle = 0.5 * (low + high);
    if (i % 3 != 0) {
      const double secant = low + (high - low) * below / (below - beyond);
      if (secant > low && secant < high) middle = secant;
    }
    const double here = slope(std::exp(middle));
    if (here == 0) low = high = middle;
    (here > 0 ? low : high) = middle;
    (here > 0 ? below : beyond) = here;
  }
  *this = NegativeBinomial(largest, mean, std::exp(0.5 * (low + high)));
  return {};
}
double NegativeBinomial::expected_log_density(double, ConstSlice s) const {
  double total = 0;
  for (std::size_t x = 0; x < s.sum.size(); ++x) {
    if (s.sum[x] != 0) total += s.sum[x] * log_probability_[x];
  }
  return total;
}
void NegativeBinomial::sample(Stream& stream, std::span<double> x) const {
  x[0] = sample_poisson(stream, mean_ / size_ * stream.gamma(size_));
}
CellProblem NegativeBinomial::problem(std::span<const double> x) const {
  CellProblem found = first_cell(x);
  const auto largest = static_cast<double>(log_probability_.size() - 1);
  if (found.text.empty() && x[0] > largest) {
    found.text =
        fmt::format("must be at most {}, the largest count that the family was made for, got {}", largest, x[0]);
  }
  return found;
}
void NegativeBinomial::set_parameters(std::span<const double> v) {
  *this = NegativeBinomial(static_cast<int>(log_probability_.size()) - 1, v[0], v[1]);
}

// Zero-inflated Poisson ---------------------------------------------------------------------------------------------

ZeroInflatedPoisson::ZeroInflatedPoisson(double zero, double rate) : zero_(zero), rate_(rate) {
  check_probability(zero, "ZeroInflatedPoisson", "zero");
  check_rate(rate, "ZeroInflatedPoisson");
}
double ZeroInflatedPoisson::log_density(std::span<const double> x) const {
  if (!is_count(x[0])) return impossible;
  if (x[0] == 0) return std::log(zero_ + (1 - zero_) * std::exp(-rate_));
  return std::log1p(-zero_) + x_log_y(x[0], rate_) - rate_ - log_factorial(x[0]);
}
double ZeroInflatedPoisson::add(std::span<const double> x, double r, Slice s) const {
  s.sum[1] += r * x[0];
  s.sum[2] += r * log_factorial(x[0]);
  if (x[0] != 0) return 0;
  const double u = structural();
  s.sum[0] += r * u;
  return -r * (x_log_y(u, u) + x_log_y(1 - u, 1 - u));
}
void ZeroInflatedPoisson::fit(double weight, ConstSlice s) {
  const double rest = weight - s.sum[0];
  zero_ = std::clamp(s.sum[0] / weight, 0.0, 1.0);
  if (rest > 0) rate_ = s.sum[1] / rest;
}
double ZeroInflatedPoisson::expected_log_density(double weight, ConstSlice s) const {
  const double rest = weight - s.sum[0];
  return x_log_y(s.sum[0], zero_) + x_log_y(rest, 1 - zero_) - rest * rate_ + x_log_y(s.sum[1], rate_) - s.sum[2];
}
void ZeroInflatedPoisson::sample(Stream& stream, std::span<double> x) const {
  x[0] = stream.uniform() < zero_ ? 0 : sample_poisson(stream, rate_);
}
CellProblem ZeroInflatedPoisson::problem(std::span<const double> x) const { return first_cell(x); }
void ZeroInflatedPoisson::set_parameters(std::span<const double> v) { *this = ZeroInflatedPoisson(v[0], v[1]); }

template class Independent<Poisson>;
template class Independent<Binomial>;
template class Independent<Geometric>;
template class Independent<NegativeBinomial>;
template class Independent<ZeroInflatedPoisson>;

}  // namespace jensen
