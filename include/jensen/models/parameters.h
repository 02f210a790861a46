// Named parameters with their constraints, and the transforms between them and coordinates without constraints.
//
//   Parameters theta;
//   const auto rate = theta.positive("rate", 2.0);
//   const auto share = theta.simplex("share", {0.5, 0.3, 0.2});
//   …  theta_values[rate], theta_values[share][1]  …        in a function over any scalar type: no look-up by name
#pragma once

#include <cstddef>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <jensen/math/cholesky.h>
#include <jensen/math/dual.h>

namespace jensen {

/// Handles: where a parameter lies among the values.
struct ScalarParameter {
  std::size_t at = 0;
};
struct VectorParameter {
  std::size_t at = 0;
  std::size_t size = 0;
};
struct MatrixParameter {
  std::size_t at = 0;
  int d = 0;
};

/// A symmetric matrix, read by (row, column) in any order.
template <class T>
class SymmetricView {
 public:
  SymmetricView(const T* packed, int d) : packed_(packed), d_(d) {}
  int d() const { return d_; }
  const T& operator()(int a, int b) const { return packed_[packed_index(a, b)]; }
  std::span<const T> packed() const { return {packed_, packed_size(d_)}; }

 private:
  const T* packed_;
  int d_;
};

/// θ as a function written over any scalar type sees it. T is double, or a Dual that differentiates.
template <class T>
class ParameterValues {
 public:
  using Scalar = T;
  explicit ParameterValues(std::vector<T> values) : values_(std::move(values)) {}

  const T& operator[](ScalarParameter p) const { return values_[p.at]; }
  std::span<const T> operator[](VectorParameter p) const { return {values_.data() + p.at, p.size}; }
  SymmetricView<T> operator[](MatrixParameter p) const { return {values_.data() + p.at, p.d}; }

 private:
  std::vector<T> values_;
};

/// The scalar type of θ in a generic function: `using T = ScalarOf<decltype(theta)>;`
template <class Theta>
using ScalarOf = typename std::remove_cvref_t<Theta>::Scalar;

/// The parameters of a model: declared once, in the order in which they are listed everywhere.
///
/// | declared as | values | coordinates | names |
/// | real | x ∈ ℝ | x | x |
/// | positive | x > 0 | log x | x |
/// | probability | 0 < x < 1 | log x/(1−x) | x |
/// | interval | lower < x < upper | log (x−lower)/(upper−x) | x |
/// | simplex | K numbers > 0 that sum to 1 | log(x_k / x_K), k < K | x[0] … x[K−1] |
/// | ordered | x_0 < x_1 < … | x_0, then log(x_k − x_(k−1)) | x[0] … |
/// | covariance | positive definite d × d | Cholesky factor, its diagonal as logs | x[0,0], x[1,0], x[1,1] … |
/// | correlation | the same with unit diagonal | artanh of canonical partial correlations (Joe 2006) | x[1,0], x[2,0] …
/// |
///
/// The first four take a number or a vector of them (names x[0] …). Every function throws ArgumentError for a value
/// outside its domain, an empty name, and a name that is there already.
class Parameters {
 public:
  ScalarParameter real(std::string name, double value);
  VectorParameter real(std::string name, std::vector<double> values);
  ScalarParameter positive(std::string name, double value);
  VectorParameter positive(std::string name, std::vector<double> values);
  ScalarParameter probability(std::string name, double value);
  VectorParameter probability(std::string name, std::vector<double> values);
  ScalarParameter interval(std::string name, double value, double lower, double upper);
  VectorParameter interval(std::string name, std::vector<double> values, double lower, double upper);
  VectorParameter simplex(std::string name, std::vector<double> values);
  VectorParameter ordered(std::string name, std::vector<double> values);
  /// Packed lower triangle, row by row (math/cholesky.h).
  MatrixParameter covariance(std::string name, std::vector<double> packed);
  MatrixParameter correlation(std::string name, std::vector<double> packed);

  /// Numbers in names() and values(); a correlation matrix has those below its diagonal.
  std::vector<std::string> names() const;
  std::vector<double> values() const;
  /// Exact: set_values(values()) keeps every bit. Throws ArgumentError naming the parameter that is outside its domain.
  void set_values(std::span<const double> values);

  int coordinates() const { return coordinates_; }
  std::vector<double> unconstrained() const;
  /// Throws ArgumentError where the numbers overflow, or leave a parameter on the edge of its domain.
  void set_unconstrained(std::span<const double> u);

  /// The largest share ≤ 1 of a step in coordinates that moves no logarithm or logit by more than `most`: beyond a
  /// factor of some ten a quadratic model of anything says nothing.
  double reach(std::span<const double> step, double most) const;

  /// The values as a generic function reads them: exact, without derivatives.
  ParameterValues<double> plain() const { return ParameterValues<double>(stored_); }
  /// The values at coordinates u, over any scalar type.
  template <class T>
  ParameterValues<T> at(std::span<const T> u) const;
  /// The values at coordinates u with their derivatives in u.
  template <class D>
  ParameterValues<D> variables(std::span<const double> u) const {
    std::vector<D> coordinates;
    for (std::size_t j = 0; j < u.size(); ++j) {
      coordinates.push_back(D::variable(u[j], static_cast<int>(j), static_cast<int>(u.size())));
    }
    return at(std::span<const D>(coordinates));
  }

 private:
  enum class Kind { real, positive, probability, interval, simplex, ordered, covariance, correlation };
  struct Entry {
    std::string name;
    Kind kind = Kind::real;
    bool scalar = false;
    std::size_t at = 0;          // in stored_
    std::size_t size = 0;        // there
    std::size_t coordinate = 0;  // the first one
    int d = 0;                   // of a matrix
    double lower = -std::numeric_limits<double>::infinity();
    double upper = std::numeric_limits<double>::infinity();
  };

  std::size_t add(Entry entry, std::span<const double> values);
  VectorParameter add_vector(std::string name, Kind kind, std::vector<double> values);
  MatrixParameter add_matrix(std::string name, Kind kind, std::vector<double> packed);
  static std::size_t coordinates_of(const Entry& e);
  static std::string problem(const Entry& e, std::span<const double> values);
  static void append_unconstrained(const Entry& e, std::span<const double> values, std::vector<double>& u);
  template <class Visit>
  void for_each_number(Visit visit) const;  // visit(entry, index within it): what values() lists

  template <class T>
  static void write(const Entry& e, const T* u, T* v);
  template <class T>
  static void write_simplex(std::size_t size, const T* u, T* v);
  template <class T>
  static std::vector<T> covariance_factor(int d, const T* u);
  template <class T>
  static std::vector<T> correlation_factor(int d, const T* u);
  template <class T>
  static void multiply_by_transpose(int d, const std::vector<T>& factor, T* v);

  std::vector<Entry> entries_;
  std::vector<double> stored_;  // matrices packed whole, ones on a correlation's diagonal included
  int coordinates_ = 0;
};

/// log N(deviation; 0, Σ), over any scalar type, by Cholesky's factorisation. Σ positive definite; deviation of length
/// d, of T or of double.
template <class T, class X>
T normal_log_density(std::span<const X> deviation, const SymmetricView<T>& covariance);

/// log N(x; mean, standard_deviation²).
template <class X, class M, class S>
auto normal_log_density(const X& x, const M& mean, const S& standard_deviation) {
  using std::log;
  constexpr double half_log_two_pi = 0.918938533204672741780329736406;
  const auto z = (x - mean) / standard_deviation;
  return -0.5 * z * z - log(standard_deviation) - half_log_two_pi;
}

}  // namespace jensen

#include <jensen/models/parameters_transform.h>
