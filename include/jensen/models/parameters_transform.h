// The transforms of parameters.h over any scalar type; included by it.
#pragma once

#include <jensen/models/parameters.h>

namespace jensen {

template <class T>
ParameterValues<T> Parameters::at(std::span<const T> u) const {
  std::vector<T> values(stored_.size());
  for (const Entry& e : entries_) write(e, u.data() + e.coordinate, values.data() + e.at);
  return ParameterValues<T>(std::move(values));
}

template <class T>
void Parameters::write(const Entry& e, const T* u, T* v) {
  using std::exp;
  switch (e.kind) {
    case Kind::real:
      for (std::size_t i = 0; i < e.size; ++i) v[i] = u[i];
      return;
    case Kind::positive:
      for (std::size_t i = 0; i < e.size; ++i) v[i] = exp(u[i]);
      return;
    case Kind::probability:
      for (std::size_t i = 0; i < e.size; ++i) v[i] = logistic(u[i]);
      return;
    case Kind::interval:
      for (std::size_t i = 0; i < e.size; ++i) v[i] = e.lower + (e.upper - e.lower) * logistic(u[i]);
      return;
    case Kind::simplex: return write_simplex(e.size, u, v);
    case Kind::ordered:
      for (std::size_t i = 0; i < e.size; ++i) v[i] = i == 0 ? u[0] : v[i - 1] + exp(u[i]);
      return;
    case Kind::covariance: return multiply_by_transpose(e.d, covariance_factor(e.d, u), v);
    case Kind::correlation:
      multiply_by_transpose(e.d, correlation_factor(e.d, u), v);
      for (int a = 0; a < e.d; ++a) v[packed_index(a, a)] = T(1);
      return;
  }
}

template <class T>
void Parameters::write_simplex(std::size_t size, const T* u, T* v) {
  using std::exp;
  double largest = 0;
  for (std::size_t k = 0; k + 1 < size; ++k) largest = std::max(largest, value_of(u[k]));
  T total(std::exp(-largest));
  for (std::size_t k = 0; k + 1 < size; ++k) total += v[k] = exp(u[k] - largest);
  v[size - 1] = T(std::exp(-largest));
  for (std::size_t k = 0; k < size; ++k) v[k] /= total;
}

template <class T>
std::vector<T> Parameters::covariance_factor(int d, const T* u) {
  using std::exp;
  std::vector<T> factor(u, u + packed_size(d));
  for (int a = 0; a < d; ++a) factor[packed_index(a, a)] = exp(factor[packed_index(a, a)]);
  return factor;
}

// Row a of the factor is a point on the sphere, its coordinates canonical partial correlations (Lewandowski, Kurowicka
// and Joe 2009, section 3).
template <class T>
std::vector<T> Parameters::correlation_factor(int d, const T* u) {
  using std::cosh;
  using std::tanh;
  std::vector<T> factor(packed_size(d));
  for (int a = 0; a < d; ++a) {
    T rest(1);  // what the squares of the row still have to sum up to, as a root
    for (int b = 0; b < a; ++b, ++u) {
      factor[packed_index(a, b)] = tanh(*u) * rest;
      rest /= cosh(*u);  // √(1 − tanh²)
    }
    factor[packed_index(a, a)] = rest;
  }
  return factor;
}

template <class T>
void Parameters::multiply_by_transpose(int d, const std::vector<T>& factor, T* v) {
  for (int a = 0; a < d; ++a) {
    for (int b = 0; b <= a; ++b) {
      T total = factor[packed_index(a, 0)] * factor[packed_index(b, 0)];
      for (int c = 1; c <= b; ++c) total += factor[packed_index(a, c)] * factor[packed_index(b, c)];
      v[packed_index(a, b)] = total;
    }
  }
}

template <class T, class X>
T normal_log_density(std::span<const X> deviation, const SymmetricView<T>& covariance) {
  using std::log;
  using std::sqrt;
  constexpr double half_log_two_pi = 0.918938533204672741780329736406;
  const int d = covariance.d();
  std::vector<T> factor(packed_size(d));
  std::vector<T> solved(static_cast<std::size_t>(d));  // L⁻¹ deviation
  T total(-half_log_two_pi * d);
  for (int a = 0; a < d; ++a) {
    for (int b = 0; b <= a; ++b) {
      T rest = covariance(a, b);
      for (int c = 0; c < b; ++c) rest -= factor[packed_index(a, c)] * factor[packed_index(b, c)];
      factor[packed_index(a, b)] = a == b ? sqrt(rest) : rest / factor[packed_index(b, b)];
    }
    T rest = T(deviation[static_cast<std::size_t>(a)]);
    for (int c = 0; c < a; ++c) rest -= factor[packed_index(a, c)] * solved[static_cast<std::size_t>(c)];
    const T z = rest / factor[packed_index(a, a)];
    solved[static_cast<std::size_t>(a)] = z;
    total -= 0.5 * z * z + log(factor[packed_index(a, a)]);
  }
  return total;
}

}  // namespace jensen
