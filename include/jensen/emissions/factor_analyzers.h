// K factor analysers p(x | z = k) = N(x; μ_k, Λ_k Λ_kᵀ + Ψ_k): Gaussians in many columns, whose correlations come from
// q latent factors. x given f is N(μ + Λ f, Ψ), f ~ N(0, I), Ψ diagonal (Ghahramani and Hinton 1996; McLachlan and Peel
// 2000, chapter 8). With o the observed cells of a row,
//   V = (I + Λ_oᵀ Ψ_o⁻¹ Λ_o)⁻¹,  f | x_o ~ N(m, V),  m = V Λ_oᵀ Ψ_o⁻¹ (x_o − μ_o),  log|Σ_oo| = Σ log ψ_j − log|V|,
//   (x_o − μ_o)ᵀ Σ_oo⁻¹ (x_o − μ_o) = |Ψ_o^(-½) (x_o − μ_o − Λ_o m)|² + |m|²,
// so that nothing costs d² by row, and missing cells are integrated out exactly.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <jensen/concepts.h>
#include <jensen/data/missing_patterns.h>
#include <jensen/math/kernels.h>
#include <jensen/math/random.h>

namespace jensen {

/// What factor analysers share: the family of McNicholas and Murphy (2008).
struct FactorStructure {
  bool tied_loadings = false;    ///< one Λ for all components
  bool tied_noise = false;       ///< one Ψ for all components
  bool isotropic_noise = false;  ///< Ψ = ψ I: probabilistic principal components
};
/// Their three letters, C(onstrained) or U(nconstrained): loadings, noise, isotropic: "UUU" … "CCC".
std::string to_string(const FactorStructure& structure);
/// The structure of that name. Throws ArgumentError listing the names there are.
FactorStructure factor_structure_named(std::string_view name);

class FactorAnalyzers {
 public:
  struct Scratch {
    std::vector<double> rows, centered, factors, quadratic, weights;
  };

  /// K standard normals in d dimensions with q factors of loadings 0. 1 ≤ q < d.
  FactorAnalyzers(int components, int columns, int factors, FactorStructure structure = {});

  int states() const { return components_; }
  int columns() const { return columns_; }
  int factors() const { return factors_; }
  std::string name() const { return "factor analysers"; }
  FactorStructure structure() const { return structure_; }

  std::span<const double> mean(int k) const;
  /// Λ_k, d × q row by row. Any rotation of the factors gives the same density: Λ is kept lower trapezoidal, its
  /// elements (j, a) with a > j being 0, which leaves d q − q(q − 1)/2 free numbers.
  std::span<const double> loadings(int k) const;
  double noise(int k, int column) const;        ///< ψ_kj
  std::vector<double> covariance(int k) const;  ///< Λ Λᵀ + Ψ, packed

  /// means: K × d. loadings: K × d × q, or d × q where tied; rotated if not trapezoidal. noise: K × d, d where tied,
  /// one number in place of each d where isotropic; at least the floor. Throws ArgumentError on wrong sizes and
  /// numbers.
  void set(std::vector<double> means, std::vector<double> loadings, std::vector<double> noise);

  /// The least ψ by column (d numbers ≥ 0; empty: 0). Without one the likelihood may be unbounded, or greatest where
  /// some ψ is 0 (Heywood cases, common in small samples); a ψ at its floor is reported as a degeneracy, not fatal.
  void set_noise_floor(std::vector<double> floor);

  // Emissions (concepts.h)
  Layout layout() const;
  void reference(std::span<double> about) const;
  void add_log_density(const Block& x, Panel p, Scratch& scratch) const;
  double accumulate(const Block& x, ConstPanel r, Slice s, Scratch& scratch) const;
  /// The maximum of Q: regressions of the columns on the factors; where loadings are tied and noise is not, both in
  /// turn until they stay.
  void maximize(ConstSlice s);

  /// AECM (McLachlan, Peel and Bean 2003): first the means, to which only z and missing cells are unseen; then, by an
  /// E-step about these, loadings and noise, to which the factors are.
  int parts() const { return 2; }
  void maximize(ConstSlice s, int part);

  double expected_log_density(ConstSlice s) const;
  std::vector<Degeneracy> degeneracies() const { return degeneracies_; }
  void move(ConstSlice from, Slice to) const;
  void sample(int k, Stream& stream, std::span<double> x) const;
  void impute(const Block& x, ConstPanel p, Panel filled) const;

  int free_parameters() const;  ///< a ψ at its floor counts
  /// Means, loadings, log ψ: a ψ at its floor has no coordinate and stays.
  std::vector<double> unconstrained() const;
  void set_unconstrained(std::span<const double> u);
  std::vector<double> parameters() const;
  void set_parameters(std::span<const double> v);
  std::vector<std::string> parameter_names() const;

 private:
  struct Posterior;  // of f given the observed cells of a pattern
  struct Moments;    // of one component, from the statistics
  std::size_t d() const { return static_cast<std::size_t>(columns_); }
  std::size_t q() const { return static_cast<std::size_t>(factors_); }
  std::size_t component_count() const { return static_cast<std::size_t>(components_); }
  std::size_t loading_copies() const { return structure_.tied_loadings ? 1 : component_count(); }
  std::size_t noise_copies() const { return structure_.tied_noise ? 1 : component_count(); }
  std::size_t noise_size() const { return structure_.isotropic_noise ? 1 : d(); }
  double floor(std::size_t i) const;  // of noise_[i]
  bool has_coordinate(std::size_t i) const { return noise_[i] > floor(i); }
  std::size_t statistics_size() const;  // by component
  Posterior posterior(int k, std::span<const int> observed) const;
  // m of rows of the observed cells, by factor, and the quadratic form, both in scratch.
  void find_factors(ConstPanel rows, int k, std::span<const int> observed, const Posterior& posterior,
                    Scratch& scratch) const;
  double accumulate_pattern(ConstPanel observed, Panel whole, const MissingPattern& pattern, ConstPanel r, Slice s,
                            Scratch& scratch) const;
  Moments moments(ConstSlice s, int k) const;
  std::vector<Moments> all_moments(ConstSlice s) const;
  Moments about_the_mean(Moments m, int k) const;
  bool maximize_factors(std::span<const Moments> moments);
  void maximize_loadings(std::span<const Moments> moments, std::vector<double>& loadings,
                         std::span<const double> noise) const;
  std::vector<double> residuals(std::span<const Moments> moments, std::span<const double> loadings) const;
  std::vector<double> maximizing_noise(std::span<const Moments> moments, std::span<const double> residual) const;
  void note_degeneracies(std::span<const Moments> moments);

  int components_;
  int columns_;
  int factors_;
  FactorStructure structure_;
  std::vector<double> means_;
  std::vector<double> loadings_;
  std::vector<double> noise_;
  std::vector<double> floor_;
  std::vector<Degeneracy> degeneracies_;
};

static_assert(Emissions<FactorAnalyzers>);

}  // namespace jensen
