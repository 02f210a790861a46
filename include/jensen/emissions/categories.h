// Families of categories, for Independent<…>. Latent class analysis is a mixture over a Product of Categorical columns.
#pragma once

#include <jensen/emissions/independent.h>

namespace jensen {

/// p^x (1−p)^(1−x), x 0 or 1. p = ⟨x⟩.
class Bernoulli {
 public:
  explicit Bernoulli(double probability = 0.5);

  std::string name() const { return "bernoulli"; }
  double log_density(double x) const;
  static std::array<double, 1> statistics(double x) { return {x}; }
  void fit(double weight, std::span<const double> sums) { probability_ = std::min(1.0, sums[0] / weight); }
  double expected_log_density(double weight, std::span<const double> sums) const;
  double sample(Stream& stream) const;
  std::string problem(double x) const;
  std::vector<double> parameters() const { return {probability_}; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"probability", Domain::unit}}; }

 private:
  double probability_;
};

/// p_x, x one of the levels 0 … L−1. p_l = Σ r [x = l] / N. A level that a state never shows has probability 0 there.
class Categorical {
 public:
  /// L ≥ 2 levels, equally probable.
  explicit Categorical(int levels);
  explicit Categorical(std::vector<double> probabilities);
  std::span<const double> probabilities() const { return probabilities_; }
  std::span<const double> log_probabilities() const { return logs_; }

  std::string name() const { return "categorical"; }
  int columns() const { return 1; }
  Layout layout() const { return {probabilities_.size(), 0}; }
  double log_density(std::span<const double> x) const;
  void add(std::span<const double> x, double r, Slice s) const;
  void fit(double weight, ConstSlice s);
  double expected_log_density(double weight, ConstSlice s) const;
  void sample(Stream& stream, std::span<double> x) const;
  CellProblem problem(std::span<const double> x) const;
  std::vector<double> parameters() const { return probabilities_; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"probability", Domain::simplex, static_cast<int>(probabilities_.size())}}; }

 private:
  bool is_level(double x) const;
  std::vector<double> probabilities_;
  std::vector<double> logs_;
};

/// n! Π_j p_j^x_j / x_j!, a row of c ≥ 2 counts with n = Σ_j x_j given. p_j = Σ r x_j / Σ r n. The counts of a row are
/// seen together or not at all.
class Multinomial {
 public:
  explicit Multinomial(int columns);

  std::string name() const { return "multinomial"; }
  int columns() const { return static_cast<int>(probabilities_.size()); }
  Layout layout() const { return {probabilities_.size() + 1, 0}; }  // Σ r x_j, and Σ r log(n! / Π x_j!)
  double log_density(std::span<const double> row) const;
  void add(std::span<const double> row, double r, Slice s) const;
  void fit(double weight, ConstSlice s);
  double expected_log_density(double weight, ConstSlice s) const;
  /// Draws as many counts as the row holds.
  void sample(Stream& stream, std::span<double> row) const;
  CellProblem problem(std::span<const double> row) const;
  std::vector<double> parameters() const { return probabilities_; }
  void set_parameters(std::span<const double> v);
  ParameterGroups groups() const { return {{"probability", Domain::simplex, columns()}}; }

 private:
  std::vector<double> probabilities_;
};

// State by state, as levels are found in tables.
template <>
void Independent<Categorical>::add_log_density(const Block& x, Panel p, Scratch& w) const;
template <>
double Independent<Categorical>::accumulate(const Block& x, ConstPanel r, Slice s, Scratch& w) const;

extern template class Independent<Bernoulli>;
extern template class Independent<Categorical>;
extern template class Independent<Multinomial>;

}  // namespace jensen
