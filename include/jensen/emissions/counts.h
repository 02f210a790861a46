// Families of counts, for Independent<…>. Each is the formula coded: its probability, log x! included, and its weighted
// maximum likelihood fit (N = Σ r; ⟨·⟩ = Σ r · / N). Likelihoods of counts are bounded, so that every fit exists, on
// the boundary if need be (a rate of 0).
#pragma once

#include <jensen/emissions/independent.h>

namespace jensen {

/// Whether a second column goes with the counts.
enum class SecondColumn { none, present };

/// (e λ)^x exp(−e λ) / x!, e the exposure: the second column (> 0), or 1. λ = Σ r x / Σ r e.
class Poisson {
 public:
  explicit Poisson(double rate = 1, SecondColumn exposure = SecondColumn::none);
  double rate() const { return rate_; }

  std::string name() const { return "poisson"; }
  int columns() const { return exposed_ ? 2 : 1; }
  Layout layout() const { return {3, 0}; }  // Σ r x, Σ r e, Σ r (x log e − log x!)
  double log_density(std::span<const double> row) const;
  void add(std::span<const double> row, double r, Slice s) const;
  void fit(double weight, ConstSlice s);
  double expected_log_density(double weight, ConstSlice s) const;
  void sample(Stream& stream, std::span<double> row) const;
  bool missing(std::span<const double> row) const { return std::isnan(row[0]); }
  CellProblem problem(std::span<const double> row) const;
  std::vector<double> parameters() const { return {rate_}; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"rate", Domain::positive}}; }

 private:
  double rate_;
  bool exposed_;
  double log_rate_ = 0;
};

/// C(n, x) p^x (1−p)^(n−x), n the trials: the second column, or a given number. p = Σ r x / Σ r n.
class Binomial {
 public:
  /// trials ≥ 1, or 0 for a second column of trials.
  explicit Binomial(int trials, double probability = 0.5);

  std::string name() const { return "binomial"; }
  double expected(std::span<const double> row) const { return trials(row) * probability_; }
  int columns() const { return trials_ == 0 ? 2 : 1; }
  Layout layout() const { return {3, 0}; }  // Σ r x, Σ r n, Σ r log C(n, x)
  double log_density(std::span<const double> row) const;
  void add(std::span<const double> row, double r, Slice s) const;
  void fit(double weight, ConstSlice s);
  double expected_log_density(double weight, ConstSlice s) const;
  void sample(Stream& stream, std::span<double> row) const;
  bool missing(std::span<const double> row) const { return std::isnan(row[0]); }
  CellProblem problem(std::span<const double> row) const;
  std::vector<double> parameters() const { return {probability_}; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"probability", Domain::unit}}; }

 private:
  double trials(std::span<const double> row) const { return trials_ == 0 ? row[1] : trials_; }
  int trials_;
  double probability_;
};

/// p (1−p)^x, x = 0, 1, …: failures before the first success. p = 1 / (1 + ⟨x⟩).
class Geometric {
 public:
  explicit Geometric(double probability = 0.5);

  std::string name() const { return "geometric"; }
  double log_density(double x) const;
  static std::array<double, 1> statistics(double x) { return {x}; }
  void fit(double weight, std::span<const double> sums) { probability_ = weight / (weight + sums[0]); }
  double expected_log_density(double weight, std::span<const double> sums) const;
  double sample(Stream& stream) const;
  std::string problem(double x) const;
  std::vector<double> parameters() const { return {probability_}; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"probability", Domain::unit}}; }

 private:
  double probability_;
};

/// Γ(x+a) / (Γ(a) x!) (a/(a+m))^a (m/(a+m))^x: Poisson whose rate is gamma with mean m and shape a ("size"); variance
/// m + m²/a. Its statistics are the weights of each count up to a largest one, given; with them the fit is exact:
/// m = ⟨x⟩, and Σ_j N_j / (a + j) = N log(1 + m/a), N_j the weight of counts above j, has one root if the variance
/// exceeds the mean (Levin and Reeds 1977). Else a → ∞, the Poisson distribution, and a stays at 10⁶ max(1, m).
class NegativeBinomial {
 public:
  /// largest: the largest count to be met, 0 … 65535.
  explicit NegativeBinomial(int largest, double mean = 1, double size = 1);
  double mean() const { return mean_; }
  double size() const { return size_; }

  std::string name() const { return "negative-binomial"; }
  int columns() const { return 1; }
  Layout layout() const { return {log_probability_.size(), 0}; }
  double log_density(std::span<const double> x) const;
  void add(std::span<const double> x, double r, Slice s) const;
  FamilyFit fit(double weight, ConstSlice s);
  double expected_log_density(double weight, ConstSlice s) const;
  void sample(Stream& stream, std::span<double> x) const;
  CellProblem problem(std::span<const double> x) const;
  std::vector<double> parameters() const { return {mean_, size_}; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"mean", Domain::positive}, {"size", Domain::positive}}; }

 private:
  double log_probability(double x) const;
  double mean_, size_;
  std::vector<double> log_probability_;  // by count
};

/// π [x = 0] + (1 − π) λ^x exp(−λ) / x!: some zeros are structural. Which, is a latent of the family's own: with
/// u = π / (π + (1−π) exp(−λ)) its posterior at x = 0, π = Σ r u / N and λ = Σ r x / (N − Σ r u).
class ZeroInflatedPoisson {
 public:
  explicit ZeroInflatedPoisson(double zero = 0.5, double rate = 1);

  std::string name() const { return "zero-inflated-poisson"; }
  int columns() const { return 1; }
  Layout layout() const { return {3, 0}; }  // Σ r u, Σ r x, Σ r log x!
  double log_density(std::span<const double> x) const;
  double add(std::span<const double> x, double r, Slice s) const;
  void fit(double weight, ConstSlice s);
  double expected_log_density(double weight, ConstSlice s) const;
  void sample(Stream& stream, std::span<double> x) const;
  CellProblem problem(std::span<const double> x) const;
  std::vector<double> parameters() const { return {zero_, rate_}; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"zero", Domain::unit}, {"rate", Domain::positive}}; }

 private:
  double structural() const { return zero_ / (zero_ + (1 - zero_) * std::exp(-rate_)); }
  double zero_, rate_;
};

extern template class Independent<Poisson>;
extern template class Independent<Binomial>;
extern template class Independent<Geometric>;
extern template class Independent<NegativeBinomial>;
extern template class Independent<ZeroInflatedPoisson>;

}  // namespace jensen
