// K multivariate Gaussian conditionals p(x | z = k) = N(x; μ_k, Σ_k), missing cells integrated out exactly.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <jensen/concepts.h>
#include <jensen/data/missing_patterns.h>
#include <jensen/emissions/conditioning_cache.h>
#include <jensen/emissions/covariance.h>
#include <jensen/math/cholesky.h>
#include <jensen/math/kernels.h>
#include <jensen/math/neighbourhoods.h>
#include <jensen/math/panel_kernels.h>
#include <jensen/math/random.h>
#include <jensen/math/sparse_panel.h>

namespace jensen {

namespace kernels {
struct NeighbourhoodPosterior;
}

/// A weak prior that keeps the likelihood bounded, as if `rows` further observations with covariance S₀ (`scale`,
/// packed) had been seen, divided among no component in particular:
///   log p(Σ) = −(rows / 2) [ tr(S₀ Σ⁻¹) − log|S₀ Σ⁻¹| − d ] ≤ 0 for each Σ (once where all share it), 0 where Σ = S₀.
/// Chen and Tan (2009), eq. (3), with rows = 2 a_n. rows = 0 is no prior: plain maximum likelihood.
struct CovariancePrior {
  double rows = 0;
  std::vector<double> scale;
};

/// The numbers in which E-steps compute.
enum class Precision {
  float64,
  /// Densities, responsibilities and products of rows in float, on rows centred and scaled in double; sums over rows
  /// in double. Twice the speed or so; docs/kernels.md has the errors. Complete rows only.
  float32
};
std::string to_string(Precision precision);
/// Throws ArgumentError listing the names there are.
Precision precision_named(std::string_view name);

/// What the data can resolve.
struct DataResolution {
  std::vector<double> granularity;  ///< by column: smallest standard deviation that differs from rounding; empty: 0
  double row_weight = 1;            ///< the weight of one observation, in which components' sizes are counted
};

class Gaussian {
 public:
  struct Scratch {
    kernels::Workspace workspace;
    kernels::CenteredRows centered;
    kernels::SingleCenteredRows single_centered;
    std::vector<float> single_panel;
    std::vector<kernels::TriangularTerm> triangular;
    std::vector<kernels::DiagonalTerm> diagonal;
    std::vector<double> moments, by_component, delta, sums, panel, floor;
    std::vector<std::int32_t> states, indices, order, chosen_rows, block_rows;
    std::vector<std::size_t> begin;
    kernels::SparsePanel relevant;
    std::vector<double> rows, weights, second;
    ConditioningCache conditionings;
    kernels::NeighbourhoodMemory neighbourhood;
    std::vector<double> left_out;     // by expect_posterior(): upper bounds of Σ_i r(i, k) taken for 0, by component
    std::span<std::uint16_t> likely;  // of all rows of the data, kept from one E-step to the next (Model::Scratch)
    std::vector<std::uint16_t> unnoted;  // of the rows at hand, where there is nothing of that kind
  };

  /// K standard normals in d dimensions. K ≥ 1, d ≥ 1. What covariances share by their structure they share within each
  /// of `groups` runs of K / groups components: components 0 … K / groups − 1 are the first. Throws ArgumentError
  /// unless groups divides K.
  Gaussian(int components, int columns, Covariance covariance, int groups = 1);

  int states() const { return components_; }
  int columns() const { return columns_; }
  Covariance covariance_structure() const { return structure_; }
  int groups() const { return groups_; }

  std::span<const double> mean(int k) const;
  /// Σ_k, packed (see cholesky.h), whatever the structure.
  std::vector<double> covariance(int k) const;

  /// means: K × d row by row. covariances as the structure keeps them (covariance.h, in_shape): K × shape_size numbers,
  /// or groups × shape_size where they are shared: full K × d(d+1)/2 (packed), tied d(d+1)/2, diagonal K × d,
  /// spherical K.
  /// Throws ArgumentError on wrong sizes, non-finite numbers, or a covariance that is not positive definite or not of
  /// the structure (naming the component).
  void set(std::vector<double> means, std::vector<double> covariances);
  std::span<const double> means() const { return means_; }
  std::span<const double> covariances() const { return covariances_; }

  const CovariancePrior& prior() const { return prior_; }
  void set_prior(CovariancePrior prior);
  /// What the data can resolve; components beyond it are reported as degenerate.
  void set_resolution(DataResolution resolution) { resolution_ = std::move(resolution); }
  Precision precision() const { return precision_; }
  /// With float32 every E-step of rows with missing cells throws DataError naming row and column.
  void set_precision(Precision precision);
  /// The relative error of a log-likelihood that is a sum over rows.
  double rounding() const;

  // Emissions (concepts.h)
  Layout layout() const;
  void reference(std::span<double> about) const;
  void add_log_density(const Block& x, Panel p, Scratch& scratch) const;
  double accumulate(const Block& x, ConstPanel r, Slice s, Scratch& scratch) const;
  /// The E-step of a mixture under its posterior, at one go: with r(i, k) = w_i exp(log_weights[k] + log p(x_i | k)) /
  /// Σ_l …, adds Σ_i r(i, k) to weights[k] and what accumulate() adds to s. r(i, k) may be taken for 0 where it is less
  /// than `negligible` ≥ 0 times the component's weight and the row's largest; scratch.left_out has what that was.
  /// nullopt, and nothing done, where that is no faster than step by step.
  std::optional<Evidence> expect_posterior(const Block& x, std::span<const double> log_weights, double negligible,
                                           std::span<double> weights, Slice s, Scratch& scratch) const;
  /// Whether this object is one whose expect_posterior() takes Block::by_row for x.
  bool takes_rows() const { return precision_ == Precision::float64; }
  void maximize(ConstSlice s);

  double expected_log_density(ConstSlice s) const;  ///< Σ_k E_q[1(z = k) log p(x | z = k)], missing cells included
  double log_prior() const;
  std::vector<Degeneracy> degeneracies() const { return degeneracies_; }
  /// The data's mean and covariance for every component, and that covariance as the prior's S₀ (concepts.h,
  /// Regularizes). False, and no change, where it is singular.
  bool regularize(ConstSlice pooled, double rows);
  void move(ConstSlice from, Slice to) const;  ///< re-origins to this object's reference points
  void sample(int k, Stream& stream, std::span<double> x) const;
  /// E[x_m | x_o, z = k] for the cells `missing` of a row (one value by column), from condition(Σ_k, observed,
  /// missing).
  std::vector<double> conditional_mean(int k, const Conditioning& given, std::span<const int> observed,
                                       std::span<const int> missing, std::span<const double> row) const;
  /// Writes E[x_m | x_o] = Σ_k p(i, k) E[x_m | x_o, k] into the missing cells of `filled`; p(i, k) = p(z_i = k | x_i).
  void impute(const Block& x, ConstPanel p, Panel filled) const;

  int free_parameters() const;
  std::vector<double> unconstrained() const;  ///< means, then log-Cholesky factors, log variances, or log volumes,
                                              ///< log shapes and the Cayley transform of orientations
  void set_unconstrained(std::span<const double> u);
  std::vector<double> parameters() const;  ///< means, then covariances as in set()
  void set_parameters(std::span<const double> v);
  std::vector<std::string> parameter_names() const;

 private:
  // A "factor" is one covariance: K of them, or one for each group where it is shared. Each has shape_size() numbers,
  // in the parameters and in the statistics alike: packed d(d+1)/2, d, or 1 (the trace, in the statistics).
  int group_size() const { return components_ / groups_; }
  int components_of_factor() const { return components_of_factor_; }
  int factors() const { return components_ / components_of_factor_; }
  int factor_of(int k) const { return k / components_of_factor_; }
  // Of the components of a group.
  std::span<const double> covariances_of(int group) const;
  bool has_matrices() const { return shape_ == CovarianceShape::matrix; }
  bool has_variances() const { return shape_ == CovarianceShape::diagonal; }
  std::size_t shape_size() const { return shape_size_; }
  double weight_of(ConstSlice s, int factor) const;
  // Σ_k Σ_i r(i, k) (x_i − c_k)(x_i − c_k)ᵀ in the structure's shape, over the components of a factor; c is K × d
  std::vector<double> scatter(ConstSlice s, int factor, std::span<const double> centers) const;

  // Of every factor, given the observed cells of a pattern with holes.
  const std::vector<Conditioning>& conditionings(const MissingPattern& pattern, Scratch& scratch) const;
  void add_rows(ConstPanel x, int k, double* out, Scratch& scratch) const;
  void add_complete_rows(ConstPanel x, Panel p, Scratch& scratch) const;
  void add_possible_rows(ConstPanel x, Panel p, Scratch& scratch) const;
  void add_log_densities(std::span<const int> components, Panel p, Scratch& scratch) const;
  void accumulate_complete_rows(ConstPanel x, ConstPanel r, Slice s, Scratch& scratch) const;
  // moments[f · components + t] of pairs_[f], as kernels::add_pair_moments() leaves them
  void add_recentered(std::span<const double> moments, std::span<const int> components, const double* pivot, Slice s,
                      Scratch& scratch) const;
  void add_recentered(const double* about_pivot, int k, Slice s, Scratch& scratch) const;
  void list_terms(const double* offsets, Scratch& scratch) const;
  bool about_own_means(std::span<const double> about) const;
  void refuse_missing(const Block& x) const;
  BasicPanel<float> single_panel(std::int64_t rows, Scratch& scratch) const;
  void add_single_log_densities(ConstPanel x, BasicPanel<float> p, Scratch& scratch) const;
  void add_widened_log_densities(ConstPanel x, Panel p, Scratch& scratch) const;
  void accumulate_single(ConstPanel x, BasicPanel<float> r, double unit, Slice s, Scratch& scratch) const;
  void accumulate_narrowed(ConstPanel x, ConstPanel r, Slice s, Scratch& scratch) const;
  Evidence expect_single(const Block& x, std::span<const double> log_weights, std::span<double> weights, Slice s,
                         Scratch& scratch) const;
  double* first_moments(Slice s, int k) const;
  double* second_moments(Slice s, int k) const;
  void add_pattern(const Block& x, const MissingPattern& pattern, Panel p, Scratch& scratch) const;
  double accumulate_rows(ConstPanel x, const double* r, int k, Slice s, Scratch& scratch) const;
  double accumulate_pattern(const Block& x, const MissingPattern& pattern, ConstPanel r, Slice s,
                            Scratch& scratch) const;

  std::vector<double> maximizing_means(ConstSlice s) const;
  void maximize_factor(int factor, ConstSlice s);
  void maximize_together(int group, ConstSlice s);  // covariances that share a part of their structure
  bool on_one_point(std::span<const double> scattered, double weight) const;
  std::string own_part_held_by_prior(std::span<const double> scattered, std::span<const double> covariance,
                                     double weight) const;
  // Why a covariance is degenerate, or rests on too few rows; empty if it does not.
  std::string collapse(std::span<const double> shape) const;
  std::string too_few_rows(double weight) const;
  std::string held_by_prior(std::span<const double> own, std::span<const double> candidate, double share) const;
  double prior_variance(std::size_t i) const;  // element i of S₀ in the structure's shape
  void derive();                               // what stands at the end, from means_ and covariances_
  void derive_pivot();
  void derive_single();
  void derive_bounds();
  double share_within_bounds() const;
  void derive_guesses();
  void derive_directions();
  struct Negligible {  // what is too little to count beside a log-joint of a row
    double span, near;
    double operator()(double log_joint) const;
  };
  Negligible negligible_beside(std::span<const double> log_weights, double negligible) const;
  std::optional<Evidence> expect_relevant(const Block& block, std::span<const double> log_weights, double negligible,
                                          std::span<double> weights, Slice s, Scratch& scratch) const;
  RowsInMemory rows_of(const Block& x, Scratch& scratch) const;
  Panel bound_rows(RowsInMemory x, std::span<const std::int32_t> rows, std::span<const double> log_weights,
                   Negligible negligible, Scratch& scratch) const;
  void guess_states(RowsInMemory x, std::span<const std::int32_t> rows, std::span<const double> log_weights, Panel p,
                    Scratch& scratch) const;
  void order_by_guess(RowsInMemory x, std::span<const std::int32_t> rows, std::span<const double> log_weights, Panel p,
                      Scratch& scratch) const;
  void bound_log_joint(RowsInMemory x, std::span<const double> log_weights, Negligible negligible, Panel p,
                       Scratch& scratch) const;
  double share_relevant(ConstPanel p, Scratch& scratch) const;
  void evaluate_relevant(RowsInMemory x, std::span<const double> log_weights, Negligible negligible, ConstPanel p,
                         Scratch& scratch) const;
  void accumulate_relevant(RowsInMemory x, std::span<double> weights, Slice s, Scratch& scratch) const;
  void accumulate_listed(RowsInMemory x, std::span<const std::int32_t> rows, const double* r, int k,
                         std::span<double> weights, Slice s, Scratch& scratch) const;
  double most_within_bounds() const;
  void derive_distances();
  std::vector<double> means_by_column() const;
  void whiten_means(std::span<const double> by_column, int k, std::span<double> whitened) const;
  template <class Visit>
  void for_factor(int k, const Visit& visit) const;
  void turn_back(std::span<const double> whitened, int k, std::span<double> columns) const;
  bool neighbourhoods_may_pay() const;
  double most_neighbours() const;
  double least_weight() const;
  double spread_along(int j, const double* a, std::span<double> z) const;
  void derive_neighbourhoods();
  std::uint16_t* likely_states(RowsInMemory x, std::int64_t first_row, std::size_t rows,
                               std::span<const double> log_weights, Scratch& scratch) const;
  bool mostly_near(kernels::NeighbourhoodPosterior p, std::int64_t rows, Scratch& scratch) const;
  std::optional<Evidence> expect_among_neighbours(const Block& block, std::span<const double> log_weights,
                                                  double negligible, std::span<double> weights, Slice s,
                                                  Scratch& scratch) const;
  void evaluate_rows(RowsInMemory x, int k, std::span<const std::int32_t> rows, double* out, Scratch& scratch) const;
  void evaluate_rows(ConstPanel x, int k, std::span<const std::int32_t> rows, double* out, Scratch& scratch) const;
  void accumulate_chosen_rows(ConstPanel x, const double* r, int k, std::span<const std::int32_t> rows, Slice s,
                              Scratch& scratch) const;

  int components_;
  int columns_;
  int groups_;
  Covariance structure_;
  CovarianceShape shape_;
  int components_of_factor_ = 1;
  std::size_t shape_size_ = 0;
  std::vector<double> means_;
  std::vector<double> covariances_;
  CovariancePrior prior_;
  DataResolution resolution_;
  std::vector<Degeneracy> degeneracies_;

  // Derived from covariances_: for matrices the Cholesky factors, for the others the precisions, d by component.
  std::vector<Cholesky> factors_;
  std::vector<double> precisions_;
  std::vector<double> constants_;  // −½ (d log 2π + log|Σ_k|), by component

  // A point that blocks are centred on once for all components (gaussian_pivot.cpp). A component is near it where that
  // loses no digits that count; the others are served about their own means.
  std::vector<double> pivot_;
  std::vector<kernels::ColumnPair> pairs_;  // whose products are the moments of this structure
  std::vector<int> near_, far_;             // components
  std::vector<double> scales_;              // K × d: 1/σ, where covariances are no matrices
  std::vector<double> offsets_;  // K × d: (μ_k − pivot) in units of the component's own spread; 0 for far ones

  // The same for E-steps in float, of rows whose columns are scaled by powers of two (gaussian_single.cpp).
  Precision precision_ = Precision::float64;
  std::vector<double> single_units_, single_scales_;    // by column: the power of two, and one over it
  std::vector<float> single_factors_, single_offsets_;  // W_k or 1/σ, all of a factor (or component) after the other

  // Upper bounds of log-densities along one direction for each pair of components, and a guess at each row's component
  // by variances alone (gaussian_bounds.cpp); all empty and most_relevant_ = 0 where they would not pay.
  static constexpr double least_relevant = 0x1p-64;
  // What is left out unseen counts as much as it may be: that must be less than what is left out and known.
  static constexpr double of_negligible = 0x1p-10;
  static constexpr double bound_slack = 1;  // nats: far more than the bounds' own rounding
  double most_relevant_ = 0;                // the share of components that may remain to a row
  std::vector<double> directions_;          // K × K × d
  std::vector<double> distances_;           // K × K
  std::vector<double> guess_scales_, guess_offsets_, guess_constants_;
  kernels::Neighbourhoods neighbourhoods_;  // empty where they would not pay (gaussian_neighbourhoods.cpp)
};

static_assert(Emissions<Gaussian>);

}  // namespace jensen
