// How long a hidden state is stayed in: distributions over 1 … D rows.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jensen/math/random.h>

namespace jensen {

/// d is the number of rows of a stay, x = d − 1:
///   free                a probability for each d
///   geometric           p (1−p)^x                                                       probability p
///   poisson             λ^x exp(−λ) / x!                                                rate λ
///   negative_binomial   Γ(x+a) / (Γ(a) x!) (a/(a+m))^a (m/(a+m))^x, variance m + m²/a    mean m, size a
/// each cut off beyond D and scaled to sum to 1 over 1 … D.
enum class DurationFamily { free, geometric, poisson, negative_binomial };

/// "free", "geometric", "poisson", "negative-binomial". Throws ArgumentError listing the names there are.
DurationFamily duration_family_named(std::string_view name);
std::string to_string(DurationFamily family);

class Duration {
 public:
  /// The uniform distribution where free; else a mean near 10 rows, or a third of D where that is less.
  /// 1 ≤ longest ≤ 1 000 000.
  Duration(DurationFamily family, int longest);
  /// parameters: D probabilities that sum to 1 within 1e-9; 0 < p < 1; λ > 0; m > 0 and a > 0. Throws ArgumentError
  /// naming what is out of its domain.
  Duration(DurationFamily family, int longest, std::span<const double> parameters);

  DurationFamily family() const { return family_; }
  int longest() const { return static_cast<int>(log_probability_.size()); }  ///< D
  /// log p(d) and log P(stay ≥ d) at d − 1; −∞ where there is no such stay.
  std::span<const double> log_probability() const { return log_probability_; }
  std::span<const double> log_survivor() const { return log_survivor_; }
  double mean() const;
  /// The smallest d with P(stay ≤ d) ≥ share, 0 ≤ share ≤ 1.
  int quantile(double share) const;

  /// Maximises f = Σ_d ended_d log p(d) + unfinished_d log P(stay ≥ d), both ≥ 0, over the family:
  ///   free     the product-limit estimate (Kaplan and Meier 1958): P(stay = d | stay ≥ d) = ended_d / those at risk,
  ///            Σ_{e ≥ d} ended_e + Σ_{e > d} unfinished_e; where nothing is at risk, as it was
  ///   others   Newton's method from where it is, never falling; a of counts that vary no more than Poisson's grows
  ///   until
  ///            f can no longer tell
  /// Where nothing was counted all stays as it is.
  void fit(std::span<const double> ended, std::span<const double> unfinished);
  /// That sum, with 0 log 0 = 0.
  double expected_log_density(std::span<const double> ended, std::span<const double> unfinished) const;

  /// A number of rows; uses one number of the stream.
  int sample(Stream& stream) const;

  int free_parameters() const;
  /// Log-ratios (simplex.h, 1e-300 for an estimated zero) where free; else logit p; log λ; log m and log a.
  std::vector<double> unconstrained() const;
  void set_unconstrained(std::span<const double> u);
  const std::vector<double>& parameters() const { return parameters_; }
  void set_parameters(std::span<const double> v) { *this = Duration(family_, longest(), v); }
  std::vector<std::string> parameter_names() const;  ///< "1" … "D" where free; else as above

 private:
  void renew();
  void fit_freely(std::span<const double> ended, std::span<const double> unfinished);
  std::vector<double> coordinates() const;
  void set_coordinates(std::span<const double> u);

  DurationFamily family_;
  std::vector<double> parameters_;
  std::vector<double> log_probability_;
  std::vector<double> log_survivor_;
};

}  // namespace jensen
