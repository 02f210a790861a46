#include <jensen/error.h>
#include <jensen/math/matrix_exponential.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace jensen {

namespace {

using Matrix = std::vector<double>;

void check(std::span<const double> a, std::size_t size) {
  const auto refuse = [](const std::string& problem) {
    throw ArgumentError("exponential_of_essentially_nonnegative", "a", problem);
  };
  if (a.size() != size * size) refuse("must hold " + std::to_string(size * size) + " numbers");
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) {
      const double value = a[i * size + j];
      if (!std::isfinite(value) || (i != j && value < 0)) {
        refuse("holds " + std::to_string(value) + " in row " + std::to_string(i) + ", column " + std::to_string(j));
      }
    }
  }
}

void multiply(const Matrix& a, const Matrix& b, std::size_t size, Matrix& product) {
  product.assign(size * size, 0.0);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t k = 0; k < size; ++k) {
      const double factor = a[i * size + k];
      if (factor == 0) continue;
      for (std::size_t j = 0; j < size; ++j) product[i * size + j] += factor * b[k * size + j];
    }
  }
}

double norm(const Matrix& a, std::size_t size) {
  double largest = 0;
  for (std::size_t i = 0; i < size; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < size; ++j) sum += a[i * size + j];
    largest = std::max(largest, sum);
  }
  return largest;
}

// Σ_n b^n / n! for b ≥ 0 of norm at most ½, by Horner's rule. An entry of which the first n that reaches it is large
// needs as many terms more.
Matrix series(const Matrix& b, std::size_t size) {
  Matrix sum(size * size);
  Matrix product;
  for (std::size_t i = 0; i < size; ++i) sum[i * size + i] = 1;
  for (std::size_t n = size + 16; n > 0; --n) {
    multiply(b, sum, size, product);
    for (std::size_t e = 0; e < sum.size(); ++e) sum[e] = product[e] / static_cast<double>(n);
    for (std::size_t i = 0; i < size; ++i) sum[i * size + i] += 1;
  }
  return sum;
}

}  // namespace

std::vector<double> exponential_of_essentially_nonnegative(std::span<const double> a, int size) {
  const auto count = static_cast<std::size_t>(std::max(size, 0));
  check(a, count);
  if (count == 0) return {};
  double shift = a[0];
  for (std::size_t i = 0; i < count; ++i) shift = std::min(shift, a[i * count + i]);
  Matrix b(a.begin(), a.end());
  for (std::size_t i = 0; i < count; ++i) b[i * count + i] -= shift;
  int squarings = 0;
  if (const double largest = norm(b, count); largest > 0.5) squarings = 1 + std::ilogb(2 * largest);
  const double scale = std::ldexp(1.0, -squarings);
  for (double& value : b) value *= scale;
  Matrix result = series(b, count);
  const double factor = std::exp(shift * scale);
  for (double& value : result) value *= factor;
  Matrix product;
  for (int s = 0; s < squarings; ++s) {
    multiply(result, result, count, product);
    result.swap(product);
  }
  return result;
}

}  // namespace jensen
