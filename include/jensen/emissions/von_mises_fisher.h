// K von Mises–Fisher conditionals on unit vectors: p(x | z = k) = C_d(κ_k) exp(κ_k μ_kᵀ x), |x| = |μ_k| = 1, κ_k ≥ 0.
//
// Directions, such as rows of text embeddings: κ is how closely they gather about μ (0: uniform on the sphere). With
// ν = d/2 − 1, log C_d(κ) = ν log κ − (d/2) log 2π − log I_ν(κ), I the modified Bessel function (Banerjee, Dhillon,
// Ghosh and Sra 2005).
#pragma once

#include <string>
#include <vector>

#include <jensen/concepts.h>
#include <jensen/math/kernels.h>
#include <jensen/math/random.h>

namespace jensen {

/// What becomes of rows that are not unit vectors.
enum class RowLength {
  unit,        ///< refused beyond 1e-5, naming the row
  normalized,  ///< divided by their length; a row of zeros is refused
};

class VonMisesFisher {
 public:
  struct Scratch {
    kernels::Workspace workspace;
    std::vector<double> rows, second;
  };

  /// K uniform distributions in d ≥ 2 dimensions, directions along the first axis.
  VonMisesFisher(int components, int columns, RowLength length = RowLength::unit);

  int states() const { return components_; }
  int columns() const { return columns_; }
  std::string name() const { return "von Mises-Fisher emissions"; }
  RowLength row_length() const { return length_; }

  std::span<const double> direction(int k) const;                                             ///< μ_k
  double concentration(int k) const { return concentrations_[static_cast<std::size_t>(k)]; }  ///< κ_k

  /// directions: K × d row by row, unit vectors within 1e-9. concentrations: K numbers ≥ 0. Throws ArgumentError else.
  void set(std::vector<double> directions, std::vector<double> concentrations);

  /// As if `rows` further observations with mean vector `mean` (|mean| < 1) had been seen by each component:
  ///   log p(μ, κ) = rows · [log C_d(κ) + κ μᵀ mean]  (less its maximum, so that it is ≤ 0).
  /// It bounds the likelihood, which has no maximum where all rows of a component point in one direction.
  void set_prior(double rows, std::vector<double> mean);
  /// The same with the mean of the data, from pooled statistics. Throws ArgumentError for rows < 0.
  bool regularize(ConstSlice pooled, double rows);

  // Emissions (concepts.h). A row with some cells missing is refused, naming row and column: what is left of a unit
  // vector has no density of this family. A row without any cell says nothing and is let through.
  Layout layout() const;
  void reference(std::span<double>) const {}
  void add_log_density(const Block& x, Panel p, Scratch& scratch) const;
  double accumulate(const Block& x, ConstPanel r, Slice s, Scratch& scratch) const;
  void check(const Block& x) const;
  /// μ_k = R/|R|, R = Σ r x, and κ_k the root of A_d(κ) = |R| / N, A_d = I_{d/2} / I_{d/2−1}.
  void maximize(ConstSlice s);

  double expected_log_density(ConstSlice s) const;
  double log_prior() const;
  std::vector<Degeneracy> degeneracies() const { return degeneracies_; }
  void move(ConstSlice from, Slice to) const;
  void sample(int k, Stream& stream, std::span<double> x) const;  ///< by Wood (1994)

  int free_parameters() const { return components_ * columns_; }
  std::vector<double> unconstrained() const;  ///< κ_k μ_k
  void set_unconstrained(std::span<const double> u);
  std::vector<double> parameters() const;  ///< directions, then concentrations
  void set_parameters(std::span<const double> v);
  std::vector<std::string> parameter_names() const;

 private:
  // The rows that say something, unit vectors, and where they stand in the block; x itself where that is all of them.
  ConstPanel unit_rows(const Block& x, Scratch& scratch, std::vector<std::int64_t>& at) const;
  void derive();

  int components_;
  int columns_;
  RowLength length_;
  std::vector<double> directions_;
  std::vector<double> concentrations_;
  double prior_rows_ = 0;
  std::vector<double> prior_mean_;
  std::vector<Degeneracy> degeneracies_;
  std::vector<double> log_normalizers_;  // log C_d(κ_k)
};

static_assert(Emissions<VonMisesFisher>);

}  // namespace jensen
