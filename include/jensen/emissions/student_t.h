// K multivariate Student-t conditionals p(x | z = k) = t(x; μ_k, Σ_k, ν_k), missing cells integrated out exactly.
//
// x given u is N(μ, Σ / u) with u ~ Gamma(ν/2, rate ν/2): a normal with a latent weight by row, small for outliers
// (Liu and Rubin 1995; Peel and McLachlan 2000). With o observed cells at distance δ = (x_o − μ_o)ᵀ Σ_oo⁻¹ (x_o − μ_o),
//   log p(x_o) = log Γ((ν + o)/2) − log Γ(ν/2) − (o/2) log(πν) − ½ log|Σ_oo| − ((ν + o)/2) log(1 + δ/ν),
//   u | x_o ~ Gamma(a, rate b) with a = (ν + o)/2, b = (ν + δ)/2, so that E[u] = a/b and E[log u] = ψ(a) − log b.
#pragma once

#include <jensen/emissions/conditioning_cache.h>
#include <jensen/emissions/gaussian.h>

namespace jensen {

/// How the degrees of freedom ν are treated.
enum class DegreesOfFreedom {
  own,    ///< each component estimates its own
  tied,   ///< one estimate for all
  fixed,  ///< as given
};
std::string to_string(DegreesOfFreedom degrees);

class StudentT {
 public:
  struct Scratch {
    kernels::Workspace workspace;
    std::vector<double> rows, half_distance, weights, logs, second;
    ConditioningCache conditionings;
  };

  /// K standard t's in d dimensions with ν = `nu`; any covariance structure for the scale matrices Σ.
  StudentT(int components, int columns, Covariance structure, DegreesOfFreedom degrees = DegreesOfFreedom::own,
           double nu = 30);
  /// Locations, scale matrices, prior and resolution from a Gaussian: the start that a fit from data needs.
  explicit StudentT(Gaussian locations_and_scales, DegreesOfFreedom degrees = DegreesOfFreedom::own, double nu = 30);

  int states() const { return normal_.states(); }
  int columns() const { return normal_.columns(); }
  std::string name() const { return "Student-t emissions"; }
  Covariance covariance_structure() const { return normal_.covariance_structure(); }
  DegreesOfFreedom degrees_of_freedom() const { return mode_; }

  std::span<const double> mean(int k) const { return normal_.mean(k); }  ///< μ_k, the mean where ν > 1
  std::vector<double> scale(int k) const {
    return normal_.covariance(k);
  }  ///< Σ_k, packed; the covariance is ν/(ν−2) Σ
  double nu(int k) const { return nu_[mode_ == DegreesOfFreedom::tied ? 0 : static_cast<std::size_t>(k)]; }

  /// As Gaussian::set; nu: K numbers, or one where they are tied, inside the limits unless fixed.
  void set(std::vector<double> means, std::vector<double> scales, std::vector<double> nu);
  /// Estimates of ν are kept in [lower, upper], 0 < lower < upper; by default [0.1, 200]. The likelihood is flat
  /// beyond: at ν = 200 the density differs from the normal's by a hundredth at three standard deviations.
  void set_limits(double lower, double upper);
  /// Whether an estimate of ν lies at a limit.
  bool at_limit(int k) const;

  const CovariancePrior& prior() const { return normal_.prior(); }
  void set_prior(CovariancePrior prior) { normal_.set_prior(std::move(prior)); }  ///< on the scale matrices
  void set_resolution(DataResolution resolution) { normal_.set_resolution(std::move(resolution)); }

  // Emissions (concepts.h)
  Layout layout() const;
  void reference(std::span<double> about) const { normal_.reference(about); }
  void add_log_density(const Block& x, Panel p, Scratch& scratch) const;
  double accumulate(const Block& x, ConstPanel r, Slice s, Scratch& scratch) const;
  /// The exact maximum of Q: μ and Σ in closed form (or as the structure has it), ν as the root of a digamma equation.
  void maximize(ConstSlice s);

  /// ECME (Liu and Rubin 1995): first locations and scales, to which u is unseen; then, by an E-step at these, ν, to
  /// which it is not: a Newton step of Σ r log p(x | z), which needs to be kept only if ℓ does not fall.
  int parts() const { return 2; }
  void maximize(ConstSlice s, int part);
  bool tentative() const { return tentative_; }

  double expected_log_density(ConstSlice s) const;
  double log_prior() const { return normal_.log_prior(); }
  std::vector<Degeneracy> degeneracies() const { return normal_.degeneracies(); }
  /// As Gaussian's, for the scale matrices: S₀ is one step nearer to the scale matrix of a single t with these degrees
  /// of freedom, which moves with the data under affine maps.
  bool regularize(ConstSlice pooled, double rows);
  void move(ConstSlice from, Slice to) const;
  void sample(int k, Stream& stream, std::span<double> x) const;
  /// E[x_m | x_o] of a t is the normal's with Σ in place of the covariance: the location where ν + o ≤ 1, and no mean.
  void impute(const Block& x, ConstPanel p, Panel filled) const { normal_.impute(x, p, filled); }

  int free_parameters() const;  ///< an estimate at a limit counts
  /// As Gaussian's, then log ν of the estimates inside the limits: one at a limit has no coordinate and stays.
  std::vector<double> unconstrained() const;
  void set_unconstrained(std::span<const double> u);
  std::vector<double> parameters() const;  ///< means, scale matrices, ν
  void set_parameters(std::span<const double> v);
  std::vector<std::string> parameter_names() const;

 private:
  std::size_t components() const { return static_cast<std::size_t>(states()); }
  bool has_matrices() const { return !factors_.empty(); }
  bool has_coordinate(std::size_t i) const;  // nu_[i]: estimated, and not at a limit
  const std::vector<Conditioning>& conditionings(const MissingPattern& pattern, Scratch& scratch) const;
  // −½ δ of rows that hold the pattern's observed cells, into scratch.half_distance; returns log|Σ_oo|.
  double half_distances(ConstPanel rows, int k, const MissingPattern& pattern, Scratch& scratch) const;
  void add_pattern(ConstPanel rows, const MissingPattern& pattern, Panel p, Scratch& scratch) const;
  double accumulate_pattern(ConstPanel observed, Panel whole, const MissingPattern& pattern, ConstPanel r, Slice s,
                            Scratch& scratch) const;
  // The statistics as those of a Gaussian with weights Σ r, scatter Σ r u (x − c)(x − c)ᵀ about c and no first moments.
  std::vector<double> gaussian_statistics(ConstSlice s, std::span<const double> centers) const;
  std::vector<double> maximizing_centers(ConstSlice s) const;
  void add_degrees(int k, double observed, std::size_t n, const MissingPattern& pattern, ConstPanel r, Slice s,
                   const Scratch& scratch) const;
  void maximize_locations(ConstSlice s);
  void maximize_degrees(ConstSlice s);
  void step_degrees(ConstSlice s);
  void derive();

  Gaussian normal_;
  DegreesOfFreedom mode_;
  std::vector<double> nu_;
  double lower_ = 0.1;
  double upper_ = 200;
  std::vector<Cholesky> factors_;          // by component; empty unless the structure has matrices
  bool degrees_next_ = false;              // the M-step to come is that of ν alone
  bool tentative_ = false;                 // it was the last one
  static constexpr std::size_t heads = 5;  // sums of K numbers before the moments
};

static_assert(Emissions<StudentT>);

}  // namespace jensen
