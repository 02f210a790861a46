#include <jensen/error.h>
#include <jensen/math/cholesky.h>
#include <jensen/math/optimize.h>
#include <jensen/models/duration.h>
#include <jensen/models/simplex.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace jensen {

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();
constexpr int most_rows = 1'000'000;
constexpr double largest_coordinate = 700;  // exp of it is finite
constexpr double largest_logit = 34;        // beyond it 1 − p is no longer told from 0

constexpr std::array<std::pair<DurationFamily, std::string_view>, 4> names{
    {{DurationFamily::free, "free"},
     {DurationFamily::geometric, "geometric"},
     {DurationFamily::poisson, "poisson"},
     {DurationFamily::negative_binomial, "negative-binomial"}}};

// log(exp a + exp b)
double log_add(double a, double b) {
  const double larger = std::max(a, b);
  return larger == minus_infinity ? larger : larger + std::log1p(std::exp(std::min(a, b) - larger));
}

double logit(double p) { return std::log(p) - std::log1p(-p); }
double inverse_logit(double u) { return u > 0 ? 1 / (1 + std::exp(-u)) : std::exp(u) / (1 + std::exp(u)); }

// A term of the logarithm of a family's weight at one d, with derivatives in coordinates: terms that do not depend on d
// are left out, as the sum over 1 … D is scaled to 1.
struct Term {
  double value = 0;
  std::array<double, 2> gradient{};
  std::array<double, 3> hessian{};  // packed lower triangle
};

// Coordinates: logit p.
std::vector<Term> geometric_terms(std::span<const double> u, int longest) {
  const double p = inverse_logit(u[0]);
  const double log_stay = -(u[0] > 0 ? u[0] + std::log1p(std::exp(-u[0])) : std::log1p(std::exp(u[0])));  // log(1 − p)
  std::vector<Term> terms(static_cast<std::size_t>(longest));
  for (std::size_t x = 0; x < terms.size(); ++x) {
    const auto rows = static_cast<double>(x);
    terms[x] = {rows * log_stay, {-rows * p, 0}, {-rows * p * (1 - p), 0, 0}};
  }
  return terms;
}

// Coordinates: log λ.
std::vector<Term> poisson_terms(std::span<const double> u, int longest) {
  std::vector<Term> terms(static_cast<std::size_t>(longest));
  double log_factorial = 0;
  for (std::size_t x = 0; x < terms.size(); ++x) {
    const auto rows = static_cast<double>(x);
    if (x > 0) log_factorial += std::log(rows);
    terms[x] = {rows * u[0] - log_factorial, {rows, 0}, {0, 0, 0}};
  }
  return terms;
}

// Coordinates: log m, log a. Γ(x + a) / Γ(a) = Π_{j < x} (a + j) loses nothing where a is large.
std::vector<Term> negative_binomial_terms(std::span<const double> u, int longest) {
  const double mean = std::exp(u[0]);
  const double size = std::exp(u[1]);
  const double of_size = 1 / (1 + std::exp(u[0] - u[1]));  // a / (a + m)
  const double of_mean = 1 / (1 + std::exp(u[1] - u[0]));
  const double log_share = u[0] - std::log(size + mean);
  std::vector<Term> terms(static_cast<std::size_t>(longest));
  double ways = 0;
  double slope = 0;
  double bend = 0;
  for (std::size_t x = 0; x < terms.size(); ++x) {
    const auto rows = static_cast<double>(x);
    const double mixed = rows * of_size * of_mean;
    terms[x] = {ways + rows * log_share, {rows * of_size, slope - rows * of_size}, {-mixed, mixed, bend - mixed}};
    ways += std::log((size + rows) / (rows + 1));
    slope += size / (size + rows);
    bend += size * rows / ((size + rows) * (size + rows));
  }
  return terms;
}

std::vector<Term> terms_of(DurationFamily family, std::span<const double> u, int longest) {
  switch (family) {
    case DurationFamily::geometric: return geometric_terms(u, longest);
    case DurationFamily::poisson: return poisson_terms(u, longest);
    case DurationFamily::negative_binomial: return negative_binomial_terms(u, longest);
    case DurationFamily::free: break;
  }
  throw ArgumentError("Duration", "family", "has no coordinates of this kind");
}

// Moments of the terms' derivatives over d ≥ some d: E[∂w] and E[∂²w + ∂w ∂wᵀ]; their log-sum has gradient E[∂w] and
// curvature E[∂²w + ∂w ∂wᵀ] − E[∂w] E[∂w]ᵀ.
struct Tail {
  double log_sum = minus_infinity;
  std::array<double, 2> first{};
  std::array<double, 3> second{};

  // With one more term before the others. Means move by convex combinations, so that no scale matters.
  void extend(const Term& term) {
    const double whole = log_add(log_sum, term.value);
    const double share = std::exp(term.value - whole);
    for (std::size_t a = 0, e = 0; a < 2; ++a) {
      for (std::size_t b = 0; b <= a; ++b, ++e) {
        const double own = term.hessian[e] + term.gradient[a] * term.gradient[b];
        second[e] += share * (own - second[e]);
      }
    }
    for (std::size_t a = 0; a < 2; ++a) first[a] += share * (term.gradient[a] - first[a]);
    log_sum = whole;
  }
  void add_to(double weight, std::size_t coordinates, QuadraticModel& at) const {
    at.value += weight * log_sum;
    for (std::size_t a = 0, e = 0; a < coordinates; ++a) {
      at.gradient[a] += weight * first[a];
      for (std::size_t b = 0; b <= a; ++b, ++e) at.hessian[e] += weight * (second[e] - first[a] * first[b]);
    }
  }
};

// Σ ended_d w_d + Σ unfinished_d log Σ_{e ≥ d} exp w_e − total log Σ_e exp w_e, with derivatives.
void measure(std::span<const Term> terms, std::span<const double> ended, std::span<const double> unfinished,
             std::size_t coordinates, QuadraticModel& at) {
  at.value = 0;
  at.gradient.assign(coordinates, 0.0);
  at.hessian.assign(coordinates * (coordinates + 1) / 2, 0.0);
  double total = 0;
  Tail tail;
  for (std::size_t d = terms.size(); d-- > 0;) {
    tail.extend(terms[d]);
    total += ended[d] + unfinished[d];
    if (unfinished[d] > 0) tail.add_to(unfinished[d], coordinates, at);
    if (!(ended[d] > 0)) continue;
    at.value += ended[d] * terms[d].value;
    for (std::size_t a = 0; a < coordinates; ++a) at.gradient[a] += ended[d] * terms[d].gradient[a];
    for (std::size_t e = 0; e < at.hessian.size(); ++e) at.hessian[e] += ended[d] * terms[d].hessian[e];
  }
  tail.add_to(-total, coordinates, at);
}

double counted(double count, double log_probability) { return count > 0 ? count * log_probability : 0; }

std::vector<double> starting_parameters(DurationFamily family, int longest) {
  const double beyond = std::max(0.5, std::min(9.0, longest / 3.0));  // the mean of x
  switch (family) {
    case DurationFamily::geometric: return {1 / (1 + beyond)};
    case DurationFamily::poisson: return {beyond};
    case DurationFamily::negative_binomial: return {beyond, 2};
    case DurationFamily::free: break;
  }
  return std::vector<double>(static_cast<std::size_t>(longest), 1.0 / longest);
}

int checked_longest(int longest) {
  if (longest >= 1 && longest <= most_rows) return longest;
  throw ArgumentError("Duration", "longest", fmt::format("must lie in 1 … {}, got {}", most_rows, longest));
}

}  // namespace

DurationFamily duration_family_named(std::string_view name) {
  for (const auto& [family, known] : names) {
    if (known == name) return family;
  }
  throw ArgumentError("durations", "name",
                      fmt::format("'{}' is none of free, geometric, poisson, negative-binomial", name));
}

std::string to_string(DurationFamily family) {
  return std::string(
      std::find_if(names.begin(), names.end(), [&](const auto& known) { return known.first == family; })->second);
}

Duration::Duration(DurationFamily family, int longest)
    : Duration(family, longest, starting_parameters(family, checked_longest(longest))) {}

Duration::Duration(DurationFamily family, int longest, std::span<const double> parameters)
    : family_(family),
      parameters_(parameters.begin(), parameters.end()),
      log_probability_(static_cast<std::size_t>(checked_longest(longest))) {
  if (family == DurationFamily::free) {
    parameters_ = checked_simplex(std::move(parameters_), longest, "Duration: probabilities");
  } else {
    const auto known = parameter_names();
    if (parameters_.size() != known.size()) {
      throw ArgumentError("Duration", "parameters",
                          fmt::format("must be {} numbers, got {}", known.size(), parameters_.size()));
    }
    for (std::size_t p = 0; p < known.size(); ++p) {
      const double below = family == DurationFamily::geometric ? 1 : std::numeric_limits<double>::infinity();
      if (parameters_[p] > 0 && parameters_[p] < below) continue;
      throw ArgumentError("Duration", known[p],
                          fmt::format("must lie between 0 and {}, got {}", below, parameters_[p]));
    }
  }
  renew();
}

void Duration::renew() {
  if (family_ == DurationFamily::free) {
    for (std::size_t d = 0; d < parameters_.size(); ++d) log_probability_[d] = std::log(parameters_[d]);
  } else {
    const auto terms = terms_of(family_, coordinates(), longest());
    for (std::size_t d = 0; d < terms.size(); ++d) log_probability_[d] = terms[d].value;
  }
  log_survivor_.resize(log_probability_.size());
  double beyond = minus_infinity;
  for (std::size_t d = log_probability_.size(); d-- > 0;) {
    beyond = log_add(beyond, log_probability_[d]);
    log_survivor_[d] = beyond;
  }
  if (family_ == DurationFamily::free) {
    log_survivor_[0] = 0;
    return;
  }
  for (double& log_p : log_probability_) log_p -= beyond;
  for (double& log_p : log_survivor_) log_p -= beyond;
}

double Duration::mean() const {
  double total = 0;  // Σ_d P(stay ≥ d)
  for (const double log_p : log_survivor_) total += std::exp(log_p);
  return total;
}

int Duration::quantile(double share) const {
  double reached = 0;
  for (std::size_t d = 0; d < log_probability_.size(); ++d) {
    reached += std::exp(log_probability_[d]);
    if (reached >= share) return static_cast<int>(d) + 1;
  }
  return longest();
}

void Duration::fit_freely(std::span<const double> ended, std::span<const double> unfinished) {
  const std::size_t size = parameters_.size();
  std::vector<double> ends(size), goes_on(size);  // given that it has lasted so long; 1 − ends would lose small shares
  double later = 0;                               // of stays of more than d rows
  for (std::size_t d = size; d-- > 0;) {
    const double at_risk = ended[d] + later;
    if (at_risk > 0) {
      ends[d] = ended[d] / at_risk;
      goes_on[d] = later / at_risk;
    } else {
      const bool known = log_survivor_[d] > minus_infinity;
      ends[d] = known ? std::min(1.0, std::exp(log_probability_[d] - log_survivor_[d])) : 1.0;
      goes_on[d] = 1 - ends[d];
    }
    later = at_risk + unfinished[d];
  }
  ends.back() = 1;
  double survivor = 1;
  for (std::size_t d = 0; d < size; ++d) {
    parameters_[d] = survivor * ends[d];
    survivor *= goes_on[d];
  }
}

void Duration::fit(std::span<const double> ended, std::span<const double> unfinished) {
  double total = 0;
  for (std::size_t d = 0; d < log_probability_.size(); ++d) total += ended[d] + unfinished[d];
  if (!(total > 0)) return;
  if (family_ == DurationFamily::free) {
    fit_freely(ended, unfinished);
    return renew();
  }
  const std::size_t size = parameters_.size();
  const double limit = family_ == DurationFamily::geometric ? largest_logit : largest_coordinate;
  const SecondOrder objective = [&](std::span<const double> u, QuadraticModel& at) {
    if (std::any_of(u.begin(), u.end(), [&](double value) { return std::abs(value) > limit; })) {
      at.value = minus_infinity;
      return;
    }
    measure(terms_of(family_, u, longest()), ended, unfinished, size, at);
  };
  Maximum best = maximize_by_newton(objective, coordinates());
  if (best.converged) {  // a last step, whose gain is below what f can tell, takes the gradient to rounding
    QuadraticModel at;
    objective(best.x, at);
    const auto last = newton_step(at.gradient, at.hessian, std::numeric_limits<double>::infinity());
    for (std::size_t a = 0; a < size; ++a) best.x[a] = std::clamp(best.x[a] + last.step[a], -limit, limit);
  }
  set_coordinates(best.x);
}

double Duration::expected_log_density(std::span<const double> ended, std::span<const double> unfinished) const {
  double total = 0;
  for (std::size_t d = 0; d < log_probability_.size(); ++d) {
    total += counted(ended[d], log_probability_[d]) + counted(unfinished[d], log_survivor_[d]);
  }
  return total;
}

int Duration::sample(Stream& stream) const { return quantile(stream.uniform()); }

std::vector<double> Duration::coordinates() const {
  if (family_ == DurationFamily::geometric) return {logit(parameters_[0])};
  std::vector<double> u = parameters_;
  for (double& value : u) value = std::log(value);
  return u;
}

void Duration::set_coordinates(std::span<const double> u) {
  if (family_ == DurationFamily::geometric) {
    parameters_ = {inverse_logit(std::clamp(u[0], -largest_coordinate, largest_logit))};
  } else {
    for (std::size_t a = 0; a < u.size(); ++a) {
      parameters_[a] = std::exp(std::clamp(u[a], -largest_coordinate, largest_coordinate));
    }
  }
  renew();
}

int Duration::free_parameters() const {
  if (family_ == DurationFamily::free) return longest() - 1;
  return static_cast<int>(parameters_.size());
}

std::vector<double> Duration::unconstrained() const {
  if (family_ != DurationFamily::free) return coordinates();
  std::vector<double> positive = parameters_;
  for (double& p : positive) p = std::max(p, 1e-300);
  return simplex_to_logits(positive);
}

void Duration::set_unconstrained(std::span<const double> u) {
  if (u.size() != static_cast<std::size_t>(free_parameters())) {
    throw ArgumentError("Duration::set_unconstrained", "u",
                        fmt::format("must be {} numbers, got {}", free_parameters(), u.size()));
  }
  if (family_ != DurationFamily::free) return set_coordinates(u);
  parameters_ = logits_to_simplex(u, std::vector<double>(parameters_.size(), 1.0));
  renew();
}

std::vector<std::string> Duration::parameter_names() const {
  switch (family_) {
    case DurationFamily::geometric: return {"probability"};
    case DurationFamily::poisson: return {"rate"};
    case DurationFamily::negative_binomial: return {"mean", "size"};
    case DurationFamily::free: break;
  }
  std::vector<std::string> result;
  for (int d = 1; d <= longest(); ++d) result.push_back(std::to_string(d));
  return result;
}

}  // namespace jensen
