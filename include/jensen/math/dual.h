// A number that carries its first and second derivatives: functions written over a scalar type differentiate
// themselves. (Forward mode; Griewank and Walther 2008, chapter 13.)
//
//   Dual<2> x = Dual<2>::variable(1.5, 0), y = Dual<2>::variable(2, 1);
//   auto f = exp(x) * log(y);       f.value(), f.gradient(0), f.hessian(1, 0)
//
// With N = dynamic the number of variables is said at run time, and memory comes from a pool of the thread.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>
#include <span>
#include <type_traits>
#include <utility>

#include <jensen/math/cholesky.h>
#include <jensen/math/dual_storage.h>
#include <jensen/math/special.h>

namespace jensen {

/// A value with its gradient and, for Order = 2, its Hessian (packed) in N variables. A double converts to a constant.
/// Comparisons are those of the values. Derivatives follow the chain rule literally: where one is infinite or not a
/// number (the square root at 0, the absolute value at 0 has slope 0) so is the result's.
template <int N = dynamic, int Order = 2>
class Dual {
  static_assert(N == dynamic || N >= 1);
  static_assert(Order == 1 || Order == 2);
  using Storage = DualStorage<N, Order>;

 public:
  Dual(double value = 0) : value_(value) {}  // NOLINT(google-explicit-constructor): numbers mix
  /// Variable number `index` of `variables` (N where that is fixed).
  static Dual variable(double value, int index, int variables = N) {
    Dual result(value);
    double* d = result.storage_.zeros(variables);
    d[index] = 1;
    return result;
  }

  double value() const { return value_; }
  /// Number of variables; 0 for a constant where N is dynamic.
  int variables() const { return storage_.variables(); }
  double gradient(int j) const { return storage_.data() == nullptr ? 0 : storage_.data()[j]; }
  double hessian(int a, int b) const requires(Order == 2) {
    return storage_.data() == nullptr ? 0 : storage_.data()[variables() + static_cast<int>(packed_index(a, b))];
  }
  /// The gradient, then the packed Hessian; null for a constant where N is dynamic.
  const double* derivatives() const { return storage_.data(); }

  /// f(x) from its value and derivatives at x.value().
  static Dual chain(const Dual& x, double f, double f1, double f2) {
    Dual result(f);
    const double* dx = x.storage_.data();
    if (dx == nullptr) return result;
    const int n = x.variables();
    double* d = result.storage_.raw(n);
    for (int j = 0; j < n; ++j) d[j] = f1 * dx[j];
    if constexpr (Order == 2) {
      const double* hx = dx + n;
      double* h = d + n;
      for (int a = 0; a < n; ++a) {
        const double bend = f2 * dx[a];
        for (int b = 0; b <= a; ++b) h[b] = f1 * hx[b] + bend * dx[b];
        h += a + 1;
        hx += a + 1;
      }
    }
    return result;
  }

  Dual operator-() const { return linear(*this, -value_, -1); }
  const Dual& operator+() const { return *this; }
  Dual& operator+=(const Dual& y) { return *this = *this + y; }
  Dual& operator-=(const Dual& y) { return *this = *this - y; }
  Dual& operator*=(const Dual& y) { return *this = *this * y; }
  Dual& operator/=(const Dual& y) { return *this = *this / y; }

  friend Dual operator+(const Dual& x, const Dual& y) { return sum(x, y, x.value_ + y.value_, 1); }
  friend Dual operator-(const Dual& x, const Dual& y) { return sum(x, y, x.value_ - y.value_, -1); }
  friend Dual operator*(const Dual& x, const Dual& y) { return product(x, y); }
  friend Dual operator/(const Dual& x, const Dual& y) { return x / y.value_ * reciprocal_ratio(y); }
  friend Dual operator+(const Dual& x, double c) { return linear(x, x.value_ + c, 1); }
  friend Dual operator+(double c, const Dual& x) { return linear(x, c + x.value_, 1); }
  friend Dual operator-(const Dual& x, double c) { return linear(x, x.value_ - c, 1); }
  friend Dual operator-(double c, const Dual& x) { return linear(x, c - x.value_, -1); }
  friend Dual operator*(const Dual& x, double c) { return linear(x, x.value_ * c, c); }
  friend Dual operator*(double c, const Dual& x) { return linear(x, c * x.value_, c); }
  friend Dual operator/(const Dual& x, double c) { return linear(x, x.value_ / c, 1 / c); }
  friend Dual operator/(double c, const Dual& x) {
    const double r = 1 / x.value_;
    return chain(x, c * r, -c * r * r, 2 * c * r * r * r);
  }

  friend bool operator==(const Dual& x, const Dual& y) { return x.value_ == y.value_; }
  friend auto operator<=>(const Dual& x, const Dual& y) { return x.value_ <=> y.value_; }
  friend bool isfinite(const Dual& x) { return std::isfinite(x.value_); }
  friend bool isnan(const Dual& x) { return std::isnan(x.value_); }

  friend Dual exp(const Dual& x) {
    const double e = std::exp(x.value_);
    return chain(x, e, e, e);
  }
  friend Dual expm1(const Dual& x) {
    const double e = std::exp(x.value_);
    return chain(x, std::expm1(x.value_), e, e);
  }
  friend Dual log(const Dual& x) {
    const double r = 1 / x.value_;
    return chain(x, std::log(x.value_), r, -r * r);
  }
  friend Dual log1p(const Dual& x) {
    const double r = 1 / (1 + x.value_);
    return chain(x, std::log1p(x.value_), r, -r * r);
  }
  friend Dual sqrt(const Dual& x) {
    const double s = std::sqrt(x.value_);
    return chain(x, s, 0.5 / s, -0.25 / (s * x.value_));
  }
  friend Dual pow(const Dual& x, double p) {
    if (p == 0) return Dual(1);
    // x^(p−2) alone would be infinite at x = 0 where its factor p (p − 1) is zero.
    const double second = p == 1 ? 0 : p * (p - 1) * std::pow(x.value_, p - 2);
    return chain(x, std::pow(x.value_, p), p * std::pow(x.value_, p - 1), second);
  }
  friend Dual pow(double c, const Dual& p) {
    const double f = std::pow(c, p.value_);
    const double l = std::log(c);
    return chain(p, f, f * l, f * l * l);
  }
  friend Dual pow(const Dual& x, const Dual& p) { return exp(p * log(x)); }
  friend Dual sin(const Dual& x) {
    const double s = std::sin(x.value_);
    return chain(x, s, std::cos(x.value_), -s);
  }
  friend Dual cos(const Dual& x) {
    const double c = std::cos(x.value_);
    return chain(x, c, -std::sin(x.value_), -c);
  }
  friend Dual atan(const Dual& x) {
    const double r = 1 / (1 + x.value_ * x.value_);
    return chain(x, std::atan(x.value_), r, -2 * x.value_ * r * r);
  }
  friend Dual sinh(const Dual& x) {
    const double s = std::sinh(x.value_);
    return chain(x, s, std::cosh(x.value_), s);
  }
  friend Dual cosh(const Dual& x) {
    const double c = std::cosh(x.value_);
    return chain(x, c, std::sinh(x.value_), c);
  }
  friend Dual tanh(const Dual& x) {
    const double t = std::tanh(x.value_);
    const double c = std::cosh(x.value_);
    const double slope = 1 / (c * c);  // 1 − t² would cancel
    return chain(x, t, slope, -2 * t * slope);
  }
  friend Dual erf(const Dual& x) {
    const double slope = 2 * std::numbers::inv_sqrtpi * std::exp(-x.value_ * x.value_);
    return chain(x, std::erf(x.value_), slope, -2 * x.value_ * slope);
  }
  friend Dual erfc(const Dual& x) {
    const double slope = -2 * std::numbers::inv_sqrtpi * std::exp(-x.value_ * x.value_);
    return chain(x, std::erfc(x.value_), slope, -2 * x.value_ * slope);
  }
  friend Dual log_gamma(const Dual& x) {
    return chain(x, jensen::log_gamma(x.value_), jensen::digamma(x.value_), jensen::trigamma(x.value_));
  }
  friend Dual lgamma(const Dual& x) { return log_gamma(x); }
  friend Dual digamma(const Dual& x) {
    return chain(x, jensen::digamma(x.value_), jensen::trigamma(x.value_), jensen::tetragamma(x.value_));
  }
  friend Dual trigamma(const Dual& x) {
    return chain(x, jensen::trigamma(x.value_), jensen::tetragamma(x.value_), jensen::pentagamma(x.value_));
  }
  friend Dual abs(const Dual& x) {
    const double sign = x.value_ > 0 ? 1 : (x.value_ < 0 ? -1 : 0);
    return chain(x, std::abs(x.value_), sign, 0);
  }
  friend Dual fabs(const Dual& x) { return abs(x); }
  friend Dual max(const Dual& x, const Dual& y) { return y.value_ > x.value_ ? y : x; }
  friend Dual min(const Dual& x, const Dual& y) { return y.value_ < x.value_ ? y : x; }

 private:
  static Dual linear(const Dual& x, double f, double f1) {
    Dual result(f);
    const double* dx = x.storage_.data();
    if (dx == nullptr) return result;
    const int n = x.variables();
    double* d = result.storage_.raw(n);
    const int size = Storage::size(n);
    for (int j = 0; j < size; ++j) d[j] = f1 * dx[j];
    return result;
  }
  static Dual sum(const Dual& x, const Dual& y, double f, double sign) {
    const double* dx = x.storage_.data();
    const double* dy = y.storage_.data();
    if (dy == nullptr) return linear(x, f, 1);
    if (dx == nullptr) return linear(y, f, sign);
    Dual result(f);
    const int n = x.variables();
    double* d = result.storage_.raw(n);
    const int size = Storage::size(n);
    for (int j = 0; j < size; ++j) d[j] = dx[j] + sign * dy[j];
    return result;
  }
  static Dual product(const Dual& x, const Dual& y) {
    const double* dx = x.storage_.data();
    const double* dy = y.storage_.data();
    const double f = x.value_ * y.value_;
    if (dy == nullptr) return linear(x, f, y.value_);
    if (dx == nullptr) return linear(y, f, x.value_);
    Dual result(f);
    const int n = x.variables();
    double* d = result.storage_.raw(n);
    for (int j = 0; j < n; ++j) d[j] = y.value_ * dx[j] + x.value_ * dy[j];
    if constexpr (Order == 2) {
      const double* hx = dx + n;
      const double* hy = dy + n;
      double* h = d + n;
      for (int a = 0; a < n; ++a) {
        for (int b = 0; b <= a; ++b) {
          h[b] = (y.value_ * hx[b] + x.value_ * hy[b]) + (dx[a] * dy[b] + dy[a] * dx[b]);
        }
        h += a + 1;
        hx += a + 1;
        hy += a + 1;
      }
    }
    return result;
  }
  // y.value() / y: with x / y.value() before it, x / y neither over- nor underflows where the quotient does not.
  static Dual reciprocal_ratio(const Dual& y) {
    const double r = 1 / y.value_;
    return chain(y, 1, -r, 2 * r * r);
  }

  double value_;
  Storage storage_;
};

// Functions that log-densities are made of, for numbers with and without derivatives --------------------------------

/// The value of a number of either kind.
inline double value_of(double x) { return x; }
template <int N, int Order>
double value_of(const Dual<N, Order>& x) {
  return x.value();
}

template <class T>
T square(const T& x) {
  return x * x;
}

/// log(1 + eˣ) without overflow: the normaliser of a Bernoulli with logit x.
inline double log1p_exp(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
/// 1 / (1 + e^−x)
inline double logistic(double x) { return x > 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

template <int N, int Order>
Dual<N, Order> log1p_exp(const Dual<N, Order>& x) {
  const double p = logistic(x.value());
  return Dual<N, Order>::chain(x, log1p_exp(x.value()), p, p * logistic(-x.value()));
}
template <int N, int Order>
Dual<N, Order> logistic(const Dual<N, Order>& x) {
  const double p = logistic(x.value());
  const double q = logistic(-x.value());
  return Dual<N, Order>::chain(x, p, p * q, p * q * (q - p));
}

/// log(eˣ + eʸ) without over- or underflow; −∞ is a legal argument.
template <class T>
T log_add_exp(const T& x, const T& y) {
  using std::exp;
  using std::log1p;
  const bool swapped = value_of(y) > value_of(x);
  const T& large = swapped ? y : x;
  const T& small = swapped ? x : y;
  if (value_of(small) == -std::numeric_limits<double>::infinity()) return large;
  return large + log1p(exp(small - large));
}

}  // namespace jensen
