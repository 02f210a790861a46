// Families of one continuous column, for Independent<…>. Each is the formula coded: its density, its weighted maximum
// likelihood fit (N = Σ r; ⟨·⟩ = Σ r · / N), and where that does not exist. A fit that does not exist is fatal for its
// state, which keeps its parameters; Independent::regularize() adds a prior under which it exists.
#pragma once

#include <jensen/emissions/independent.h>

namespace jensen {

/// N(x; μ, σ²). μ = ⟨x⟩, σ² = ⟨(x − μ)²⟩, from moments about the current mean. None where σ is below the rounding of x.
class Normal {
 public:
  static constexpr bool can_collapse = true;
  explicit Normal(double mean = 0, double variance = 1);
  double mean() const { return mean_; }
  double variance() const { return variance_; }

  std::string name() const { return "normal"; }
  int columns() const { return 1; }
  Layout layout() const { return {2, 1}; }
  void reference(std::span<double> about) const { about[0] = mean_; }
  double log_density(std::span<const double> x) const;
  void add(std::span<const double> x, double r, Slice s) const;
  FamilyFit fit(double weight, ConstSlice s);
  double expected_log_density(double weight, ConstSlice s) const;
  void move(double weight, ConstSlice from, Slice to) const;
  void sample(Stream& stream, std::span<double> x) const;
  std::vector<double> parameters() const { return {mean_, variance_}; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"mean", Domain::real}, {"variance", Domain::positive}}; }

 private:
  double mean_, variance_;
};

/// log x ~ N(μ, σ²), x > 0: log p = log N(log x; μ, σ²) − log x. Fitted as Normal to log x.
class LogNormal {
 public:
  static constexpr bool can_collapse = true;
  explicit LogNormal(double log_mean = 0, double log_variance = 1) : log_(log_mean, log_variance) {}
  const Normal& log() const { return log_; }

  std::string name() const { return "log-normal"; }
  int columns() const { return 1; }
  Layout layout() const { return {3, 1}; }  // the moments of log x, and Σ r log x
  void reference(std::span<double> about) const { log_.reference(about); }
  double log_density(std::span<const double> x) const;
  void add(std::span<const double> x, double r, Slice s) const;
  FamilyFit fit(double weight, ConstSlice s) { return log_.fit(weight, {s.sum.first(2), s.about}); }
  double expected_log_density(double weight, ConstSlice s) const;
  void move(double weight, ConstSlice from, Slice to) const;
  void sample(Stream& stream, std::span<double> x) const;
  CellProblem problem(std::span<const double> x) const;
  std::vector<double> parameters() const { return log_.parameters(); }
  void set_parameters(std::span<const double> v) { log_.set_parameters(v); }
  ParameterGroups groups() const { return {{"log_mean", Domain::real}, {"log_variance", Domain::positive}}; }

 private:
  Normal log_;
};

/// λ exp(−λ x), x ≥ 0. λ = 1 / ⟨x⟩. None where every x is 0.
class Exponential {
 public:
  static constexpr bool can_collapse = true;
  explicit Exponential(double rate = 1);
  double rate() const { return rate_; }

  std::string name() const { return "exponential"; }
  double log_density(double x) const;
  static std::array<double, 1> statistics(double x) { return {x}; }
  FamilyFit fit(double weight, std::span<const double> sums);
  double expected_log_density(double weight, std::span<const double> sums) const;
  double sample(Stream& stream) const;
  std::string problem(double x) const;
  std::vector<double> parameters() const { return {rate_}; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"rate", Domain::positive}}; }

 private:
  double rate_;
};

/// b^a x^(a−1) exp(−b x) / Γ(a), x > 0. log a − ψ(a) = log⟨x⟩ − ⟨log x⟩ by Newton's method in 1/a (Minka 2002,
/// Estimating a Gamma distribution), b = a / ⟨x⟩. None where the right-hand side is 0 to rounding: all x alike.
class Gamma {
 public:
  static constexpr bool can_collapse = true;
  explicit Gamma(double shape = 1, double rate = 1);
  double shape() const { return shape_; }
  double rate() const { return rate_; }

  std::string name() const { return "gamma"; }
  double log_density(double x) const;
  static std::array<double, 2> statistics(double x) { return {x, std::log(x)}; }
  FamilyFit fit(double weight, std::span<const double> sums);
  double expected_log_density(double weight, std::span<const double> sums) const;
  double sample(Stream& stream) const;
  std::string problem(double x) const;
  std::vector<double> parameters() const { return {shape_, rate_}; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"shape", Domain::positive}, {"rate", Domain::positive}}; }

 private:
  double shape_, rate_;
  double constant_ = 0;  // a log b − log Γ(a)
};

/// x^(a−1) (1−x)^(b−1) / B(a, b), 0 < x < 1. ψ(a) − ψ(a+b) = ⟨log x⟩ and ψ(b) − ψ(a+b) = ⟨log(1−x)⟩ by Newton's method
/// in (log a, log b) on the concave likelihood. None where exp⟨log x⟩ + exp⟨log(1−x)⟩ = 1 to rounding: all x alike.
class Beta {
 public:
  static constexpr bool can_collapse = true;
  explicit Beta(double a = 1, double b = 1);

  std::string name() const { return "beta"; }
  double log_density(double x) const;
  static std::array<double, 2> statistics(double x) { return {std::log(x), std::log1p(-x)}; }
  FamilyFit fit(double weight, std::span<const double> sums);
  double expected_log_density(double weight, std::span<const double> sums) const;
  double sample(Stream& stream) const;
  std::string problem(double x) const;
  std::vector<double> parameters() const { return {a_, b_}; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"a", Domain::positive}, {"b", Domain::positive}}; }

 private:
  double a_, b_;
  double constant_ = 0;  // −log B(a, b)
};

/// exp(κ cos(x − μ)) / (2π I₀(κ)), an angle in radians, of any number of turns. μ = the direction of (⟨cos x⟩, ⟨sin
/// x⟩), A(κ) = I₁(κ)/I₀(κ) = the length R of that vector, by Newton's method (Mardia and Jupp 2000, section 5.3). None
/// where R = 1 to rounding.
class VonMises {
 public:
  static constexpr bool can_collapse = true;
  explicit VonMises(double direction = 0, double concentration = 1);

  std::string name() const { return "von-mises"; }
  double log_density(double x) const;
  static std::array<double, 2> statistics(double x) { return {std::cos(x), std::sin(x)}; }
  FamilyFit fit(double weight, std::span<const double> sums);
  double expected_log_density(double weight, std::span<const double> sums) const;
  double sample(Stream& stream) const;  ///< in (−π, π]; Best and Fisher (1979)
  std::vector<double> parameters() const { return {direction_, concentration_}; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"direction", Domain::real}, {"concentration", Domain::positive}}; }

 private:
  double direction_, concentration_;
  double constant_ = 0;  // −log(2π I₀(κ))
};

/// 1 / (upper − lower) on [lower, upper], which is given and stays: background noise.
class Uniform {
 public:
  /// lower < upper, finite.
  explicit Uniform(double lower = 0, double upper = 1);

  std::string name() const { return "uniform"; }
  double log_density(double x) const;
  static std::array<double, 1> statistics(double) { return {0}; }
  void fit(double, std::span<const double>) {}
  double expected_log_density(double weight, std::span<const double> sums) const;
  double sample(Stream& stream) const;
  std::string problem(double x) const;
  std::vector<double> parameters() const { return {lower_, upper_}; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"lower", Domain::fixed}, {"upper", Domain::fixed}}; }

 private:
  double lower_, upper_;
};

/// (c/λ) (x/λ)^(c−1) exp(−(x/λ)^c), x > 0. Its shape has no finite sufficient statistics. The E-step keeps S = Σ r x^c,
/// and the mean M and variance V of log x under weights r x^c at a reference shape c₀, so that
/// log Σ r x^c ≈ log S + M (c − c₀) + ½ V (c − c₀)²; the rest of Q is exact. Its maximum, N/c − N M − N V (c − c₀) +
/// Σ r log x = 0 and λ^c = S(c) / N, is a second-order step on Q, to be kept only if the objective did not fall:
/// tentative. None where log x does not vary.
class Weibull {
 public:
  explicit Weibull(double shape = 1, double scale = 1);
  double shape() const { return shape_; }
  double scale() const { return scale_; }

  std::string name() const { return "weibull"; }
  int columns() const { return 1; }
  Layout layout() const { return {4, 2}; }  // Σ r (x/λ₀)^c₀ · {1, l, l²}, Σ r l with l = log(x/λ₀); about: c₀, λ₀
  void reference(std::span<double> about) const;
  double log_density(std::span<const double> x) const;
  void add(std::span<const double> x, double r, Slice s) const;
  FamilyFit fit(double weight, ConstSlice s);
  double expected_log_density(double weight, ConstSlice s) const;
  bool tentative() const { return true; }
  void sample(Stream& stream, std::span<double> x) const;
  CellProblem problem(std::span<const double> x) const;
  std::vector<double> parameters() const { return {shape_, scale_}; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"shape", Domain::positive}, {"scale", Domain::positive}}; }

 private:
  double shape_, scale_;
};

extern template class Independent<Normal>;
extern template class Independent<LogNormal>;
extern template class Independent<Exponential>;
extern template class Independent<Gamma>;
extern template class Independent<Beta>;
extern template class Independent<VonMises>;
extern template class Independent<Uniform>;
extern template class Independent<Weibull>;

}  // namespace jensen
