#include <jensen/emissions/continuous.h>
#include <jensen/math/optimize.h>

#include "emissions/family_support.h"

namespace jensen {

// Normal ------------------------------------------------------------------------------------------------------------

Normal::Normal(double mean, double variance) : mean_(mean), variance_(variance) {
  if (!std::isfinite(mean)) throw ArgumentError("Normal", "mean", fmt::format("must be finite, got {}", mean));
  if (!(variance > 0)) throw ArgumentError("Normal", "variance", fmt::format("must be positive, got {}", variance));
}

double Normal::log_density(std::span<const double> x) const {
  const double deviation = x[0] - mean_;
  return -0.5 * (log_two_pi + std::log(variance_) + deviation * deviation / variance_);
}

void Normal::add(std::span<const double> x, double r, Slice s) const {
  const double deviation = x[0] - s.about[0];
  s.sum[0] += r * deviation;
  s.sum[1] += r * deviation * deviation;
}

FamilyFit Normal::fit(double weight, ConstSlice s) {
  const double shift = s.sum[0] / weight;
  mean_ = s.about[0] + shift;
  variance_ = s.sum[1] / weight - shift * shift;
  const double rounding = 4 * std::numeric_limits<double>::epsilon() * std::abs(mean_);
  if (!(variance_ > rounding * rounding) || !std::isfinite(1 / variance_)) {
    return {"its values do not vary beyond rounding"};
  }
  return {};
}

double Normal::expected_log_density(double weight, ConstSlice s) const {
  const double shift = mean_ - s.about[0];
  const double scatter = s.sum[1] - 2 * shift * s.sum[0] + weight * shift * shift;
  return -0.5 * (weight * (log_two_pi + std::log(variance_)) + scatter / variance_);
}

void Normal::move(double weight, ConstSlice from, Slice to) const {
  const double shift = to.about[0] - from.about[0];
  to.sum[0] = from.sum[0] - weight * shift;
  to.sum[1] = from.sum[1] - 2 * shift * from.sum[0] + weight * shift * shift;
}

void Normal::sample(Stream& stream, std::span<double> x) const {
  x[0] = mean_ + std::sqrt(variance_) * stream.normal();
}

void Normal::set_parameters(std::span<const double> v) { *this = Normal(v[0], v[1]); }

// Log-normal --------------------------------------------------------------------------------------------------------

double LogNormal::log_density(std::span<const double> x) const {
  const double y = std::log(x[0]);
  return x[0] > 0 ? log_.log_density({&y, 1}) - y : -std::numeric_limits<double>::infinity();
}
void LogNormal::add(std::span<const double> x, double r, Slice s) const {
  const double y = std::log(x[0]);
  log_.add({&y, 1}, r, {s.sum.first(2), s.about});
  s.sum[2] += r * y;
}
double LogNormal::expected_log_density(double weight, ConstSlice s) const {
  return log_.expected_log_density(weight, {s.sum.first(2), s.about}) - s.sum[2];
}
void LogNormal::move(double weight, ConstSlice from, Slice to) const {
  log_.move(weight, {from.sum.first(2), from.about}, {to.sum.first(2), to.about});
  to.sum[2] = from.sum[2];
}
void LogNormal::sample(Stream& stream, std::span<double> x) const {
  log_.sample(stream, x);
  x[0] = std::exp(x[0]);
}
CellProblem LogNormal::problem(std::span<const double> x) const {
  return {0, 0, std::isnan(x[0]) ? std::string() : positive_problem(x[0])};
}

// Exponential -------------------------------------------------------------------------------------------------------

Exponential::Exponential(double rate) : rate_(rate) {
  if (!(rate > 0)) throw ArgumentError("Exponential", "rate", fmt::format("must be positive, got {}", rate));
}
double Exponential::log_density(double x) const {
  return x >= 0 ? std::log(rate_) - rate_ * x : -std::numeric_limits<double>::infinity();
}
FamilyFit Exponential::fit(double weight, std::span<const double> sums) {
  rate_ = weight / sums[0];
  if (!(sums[0] > 0) || !std::isfinite(rate_)) return {"all its values are 0"};
  return {};
}
double Exponential::expected_log_density(double weight, std::span<const double> sums) const {
  return weight * std::log(rate_) - rate_ * sums[0];
}
double Exponential::sample(Stream& stream) const { return stream.exponential() / rate_; }
std::string Exponential::problem(double x) const {
  return x >= 0 ? std::string() : fmt::format("must be ≥ 0, got {}", x);
}
void Exponential::set_parameters(std::span<const double> v) { *this = Exponential(v[0]); }

// Gamma -------------------------------------------------------------------------------------------------------------

Gamma::Gamma(double shape, double rate)
    : shape_(shape), rate_(rate), constant_(shape * std::log(rate) - log_gamma(shape)) {
  if (!(shape > 0)) throw ArgumentError("Gamma", "shape", fmt::format("must be positive, got {}", shape));
  if (!(rate > 0)) throw ArgumentError("Gamma", "rate", fmt::format("must be positive, got {}", rate));
}
double Gamma::log_density(double x) const {
  return x > 0 ? constant_ + (shape_ - 1) * std::log(x) - rate_ * x : -std::numeric_limits<double>::infinity();
}
FamilyFit Gamma::fit(double weight, std::span<const double> sums) {
  const double log_mean = std::log(sums[0] / weight);
  const double mean_log = sums[1] / weight;
  const double gap = log_mean - mean_log;
  if (!(gap > 1e-13 * std::max(1.0, std::abs(mean_log)))) return {"its values do not vary beyond rounding"};
  const double shape = gamma_shape(gap);
  const double rate = shape * weight / sums[0];
  if (!(shape > 0 && rate > 0) || !std::isfinite(shape) || !std::isfinite(rate)) return {"its shape is beyond numbers"};
  *this = Gamma(shape, rate);
  return {};
}
double Gamma::expected_log_density(double weight, std::span<const double> sums) const {
  return weight * constant_ + (shape_ - 1) * sums[1] - rate_ * sums[0];
}
double Gamma::sample(Stream& stream) const { return stream.gamma(shape_) / rate_; }
std::string Gamma::problem(double x) const { return positive_problem(x); }
void Gamma::set_parameters(std::span<const double> v) { *this = Gamma(v[0], v[1]); }

// Beta --------------------------------------------------------------------------------------------------------------

Beta::Beta(double a, double b) : a_(a), b_(b), constant_(log_gamma(a + b) - log_gamma(a) - log_gamma(b)) {
  if (!(a > 0)) throw ArgumentError("Beta", "a", fmt::format("must be positive, got {}", a));
  if (!(b > 0)) throw ArgumentError("Beta", "b", fmt::format("must be positive, got {}", b));
}
double Beta::log_density(double x) const {
  if (!(x > 0 && x < 1)) return -std::numeric_limits<double>::infinity();
  return constant_ + (a_ - 1) * std::log(x) + (b_ - 1) * std::log1p(-x);
}
FamilyFit Beta::fit(double weight, std::span<const double> sums) {
  const double log_x = sums[0] / weight;
  const double log_rest = sums[1] / weight;
  const double spread = -std::expm1(log_x) - std::exp(log_rest);  // 1 − G(x) − G(1−x) ≥ 0, 0 for a point
  if (!(spread > 1e-13)) return {"its values do not vary beyond rounding"};
  const auto likelihood = [&](std::span<const double> u, QuadraticModel& at) {
    const double a = std::exp(u[0]);
    const double b = std::exp(u[1]);
    at.value = log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * log_x + b * log_rest;
    const double by_a = digamma(a + b) - digamma(a) + log_x;
    const double by_b = digamma(a + b) - digamma(b) + log_rest;
    const double both = trigamma(a + b);
    at.gradient = {a * by_a, b * by_b};
    at.hessian = {a * by_a + a * a * (both - trigamma(a)), a * b * both, b * by_b + b * b * (both - trigamma(b))};
  };
  // From the moments of a narrow beta: mean near its geometric means' share, a + b near what their deficit says.
  const double mean = std::exp(log_x) / (std::exp(log_x) + std::exp(log_rest));
  const double total = std::max(1e-3, 0.5 / spread);
  OptimizerOptions options;
  options.tolerance = 1e-16;
  const Maximum best = maximize_by_newton(likelihood, {std::log(total * mean), std::log(total * (1 - mean))}, options);
  const double a = std::exp(best.x[0]);
  const double b = std::exp(best.x[1]);
  if (!(a > 0 && b > 0) || !std::isfinite(a + b)) return {"its shape is beyond numbers"};
  *this = Beta(a, b);
  return {};
}
double Beta::expected_log_density(double weight, std::span<const double> sums) const {
  return weight * constant_ + (a_ - 1) * sums[0] + (b_ - 1) * sums[1];
}
double Beta::sample(Stream& stream) const {
  const double x = stream.gamma(a_);
  const double y = stream.gamma(b_);
  return std::clamp(x / (x + y), std::numeric_limits<double>::min(), 1 - 0x1p-53);
}
std::string Beta::problem(double x) const {
  return x > 0 && x < 1 ? std::string() : fmt::format("must lie between 0 and 1, neither included, got {}", x);
}
void Beta::set_parameters(std::span<const double> v) { *this = Beta(v[0], v[1]); }

// Von Mises ---------------------------------------------------------------------------------------------------------

VonMises::VonMises(double direction, double concentration)
    : direction_(direction), concentration_(concentration), constant_(-log_two_pi - log_bessel_i0(concentration)) {
  if (!std::isfinite(direction)) {
    throw ArgumentError("VonMises", "direction", fmt::format("must be finite, got {}", direction));
  }
  if (!(concentration >= 0)) {
    throw ArgumentError("VonMises", "concentration", fmt::format("must be ≥ 0, got {}", concentration));
  }
}
double VonMises::log_density(double x) const { return constant_ + concentration_ * std::cos(x - direction_); }
FamilyFit VonMises::fit(double weight, std::span<const double> sums) {
  const double length = std::hypot(sums[0], sums[1]) / weight;
  if (!(length < 1 - 1e-13)) return {"its angles do not vary beyond rounding"};
  // Best and Fisher's (1981) approximation, then Newton on A(κ) = R, A' = 1 − A² − A/κ.
  const double r = length;
  double kappa = r < 0.53 ? r * (2 + r * r * (1 + 5 * r * r / 6))
               : r < 0.85 ? -0.4 + 1.39 * r + 0.43 / (1 - r)
                          : 1 / (r * (r * (r - 4) + 3));
  for (int i = 0; i < 50 && kappa > 0; ++i) {
    const double ratio = bessel_ratio(kappa);
    const double step = (r - ratio) / (1 - ratio * ratio - ratio / kappa);
    const double next = std::clamp(kappa + step, kappa / 2, kappa * 2);
    const bool done = std::abs(next - kappa) <= 1e-15 * kappa;
    kappa = next;
    if (done) break;
  }
  *this = VonMises(std::atan2(sums[1], sums[0]), kappa);
  return {};
}
double VonMises::expected_log_density(double weight, std::span<const double> sums) const {
  return weight * constant_ + concentration_ * (sums[0] * std::cos(direction_) + sums[1] * std::sin(direction_));
}
double VonMises::sample(Stream& stream) const {
  double angle = 2 * std::numbers::pi * (stream.uniform() - 0.5);
  if (concentration_ > 1e-8) {
    const double tau = 1 + std::sqrt(1 + 4 * concentration_ * concentration_);
    const double rho = (tau - std::sqrt(2 * tau)) / (2 * concentration_);
    const double s = (1 + rho * rho) / (2 * rho);
    for (;;) {
      const double z = std::cos(std::numbers::pi * stream.uniform());
      const double f = (1 + s * z) / (s + z);
      const double c = concentration_ * (s - f);
      const double u = stream.uniform();
      if (c * (2 - c) > u || std::log(c / u) + 1 - c >= 0) {
        angle = std::acos(std::clamp(f, -1.0, 1.0)) * (stream.uniform() < 0.5 ? -1 : 1);
        break;
      }
    }
  }
  return std::remainder(direction_ + angle, 2 * std::numbers::pi);
}
void VonMises::set_parameters(std::span<const double> v) { *this = VonMises(v[0], v[1]); }

// Uniform -----------------------------------------------------------------------------------------------------------

Uniform::Uniform(double lower, double upper) : lower_(lower), upper_(upper) {
  if (!(lower < upper) || !std::isfinite(upper - lower)) {
    throw ArgumentError("Uniform", "lower, upper",
                        fmt::format("must be finite and rising, got {} and {}", lower, upper));
  }
}
double Uniform::log_density(double x) const {
  return x >= lower_ && x <= upper_ ? -std::log(upper_ - lower_) : -std::numeric_limits<double>::infinity();
}
double Uniform::expected_log_density(double weight, std::span<const double>) const {
  return -weight * std::log(upper_ - lower_);
}
double Uniform::sample(Stream& stream) const { return lower_ + (upper_ - lower_) * stream.uniform(); }
std::string Uniform::problem(double x) const {
  return x >= lower_ && x <= upper_ ? std::string() : fmt::format("must lie in [{}, {}], got {}", lower_, upper_, x);
}
void Uniform::set_parameters(std::span<const double> v) { *this = Uniform(v[0], v[1]); }

// Weibull -----------------------------------------------------------------------------------------------------------

Weibull::Weibull(double shape, double scale) : shape_(shape), scale_(scale) {
  if (!(shape > 0)) throw ArgumentError("Weibull", "shape", fmt::format("must be positive, got {}", shape));
  if (!(scale > 0)) throw ArgumentError("Weibull", "scale", fmt::format("must be positive, got {}", scale));
}
void Weibull::reference(std::span<double> about) const {
  about[0] = shape_;
  about[1] = scale_;
}
double Weibull::log_density(std::span<const double> x) const {
  if (!(x[0] > 0)) return -std::numeric_limits<double>::infinity();
  const double l = std::log(x[0] / scale_);
  return std::log(shape_ / scale_) + (shape_ - 1) * l - std::exp(shape_ * l);
}
void Weibull::add(std::span<const double> x, double r, Slice s) const {
  const double l = std::log(x[0] / s.about[1]);
  const double power = r * std::exp(s.about[0] * l);
  s.sum[0] += power;
  s.sum[1] += power * l;
  s.sum[2] += power * l * l;
  s.sum[3] += r * l;
}
FamilyFit Weibull::fit(double weight, ConstSlice s) {
  const double mean = s.sum[1] / s.sum[0];
  const double variance = s.sum[2] / s.sum[0] - mean * mean;
  if (!(variance > 1e-24 * std::max(1.0, mean * mean))) return {"its values do not vary beyond rounding"};
  // 1/c − M − V (c − c₀) + ⟨l⟩ = 0: V c² + b c − 1 = 0
  const double b = mean - variance * s.about[0] - s.sum[3] / weight;
  const double root = std::sqrt(b * b + 4 * variance);
  const double shape = b > 0 ? 2 / (b + root) : (root - b) / (2 * variance);
  const double step = shape - s.about[0];
  const double log_power = std::log(s.sum[0] / weight) + step * (mean + 0.5 * variance * step);
  const double scale = s.about[1] * std::exp(log_power / shape);
  if (!(shape > 0 && scale > 0) || !std::isfinite(shape) || !std::isfinite(scale))
    return {"its shape is beyond numbers"};
  shape_ = shape;
  scale_ = scale;
  return {};
}
double Weibull::expected_log_density(double weight, ConstSlice s) const {
  const double mean = s.sum[1] / s.sum[0];
  const double variance = s.sum[2] / s.sum[0] - mean * mean;
  const double step = shape_ - s.about[0];
  const double log_power = std::log(s.sum[0]) + step * (mean + 0.5 * variance * step);  // log Σ r (x/λ₀)^c
  const double moved = std::log(s.about[1] / scale_);
  return weight * std::log(shape_ / scale_) + (shape_ - 1) * (s.sum[3] + weight * moved) -
         std::exp(log_power + shape_ * moved);
}
void Weibull::sample(Stream& stream, std::span<double> x) const {
  x[0] = scale_ * std::pow(stream.exponential(), 1 / shape_);
}
CellProblem Weibull::problem(std::span<const double> x) const {
  return {0, 0, std::isnan(x[0]) ? std::string() : positive_problem(x[0])};
}
void Weibull::set_parameters(std::span<const double> v) { *this = Weibull(v[0], v[1]); }

template class Independent<Normal>;
template class Independent<LogNormal>;
template class Independent<Exponential>;
template class Independent<Gamma>;
template class Independent<Beta>;
template class Independent<VonMises>;
template class Independent<Uniform>;
template class Independent<Weibull>;

}  // namespace jensen
