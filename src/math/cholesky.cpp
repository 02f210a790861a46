#include <jensen/math/cholesky.h>

#include <Eigen/Cholesky>
#include <cmath>

#include "math/packed_matrix.h"

namespace jensen {

namespace {

using Matrix = Eigen::MatrixXd;

}  // namespace

Cholesky cholesky(std::span<const double> matrix, int d) {
  Cholesky result;
  result.d = d;
  if (d == 0) return result;
  // Unit diagonal first: the factor of D R D is D times the factor of R, and R cannot overflow where Σ nearly does.
  Eigen::VectorXd scale(d);
  for (int j = 0; j < d; ++j) {
    const double variance = matrix[packed_index(j, j)];
    if (!(variance > 0) || !std::isfinite(variance)) return result;
    scale(j) = std::exp2(std::round(0.5 * std::log2(variance)));
  }
  const Eigen::VectorXd unscale = scale.cwiseInverse();  // of powers of two: exact
  Matrix scaled = unpack_symmetric(matrix, d);
  for (int b = 0; b < d; ++b) {
    for (int a = 0; a < d; ++a) scaled(a, b) = scaled(a, b) * unscale(a) * unscale(b);
  }
  if (!scaled.allFinite()) return result;
  const Eigen::LLT<Matrix> llt(scaled);
  if (llt.info() != Eigen::Success) return result;
  Matrix factor = llt.matrixL();
  Matrix inverse = factor.triangularView<Eigen::Lower>().solve(Matrix::Identity(d, d));
  double log_determinant = 0;
  for (int j = 0; j < d; ++j) log_determinant += 2 * (std::log(factor(j, j)) + std::log(scale(j)));
  for (int b = 0; b < d; ++b) {
    for (int a = b; a < d; ++a) {
      factor(a, b) *= scale(a);
      inverse(a, b) *= unscale(b);
    }
  }
  if (!factor.allFinite() || !inverse.allFinite()) return result;
  result.factor = pack(factor);
  result.inverse = pack(inverse);
  result.log_determinant = log_determinant;
  return result;
}

int first_collinear_column(std::span<const double> matrix, int d, double ratio) {
  Matrix factor = Matrix::Zero(d, d);
  for (int a = 0; a < d; ++a) {
    const double scale_a = std::sqrt(matrix[packed_index(a, a)]);
    for (int b = 0; b < a; ++b) {
      const double correlation = matrix[packed_index(a, b)] / scale_a / std::sqrt(matrix[packed_index(b, b)]);
      factor(a, b) = (correlation - factor.row(a).head(b).dot(factor.row(b).head(b))) / factor(b, b);
    }
    const double pivot = 1 - factor.row(a).head(a).squaredNorm();
    if (!(pivot > ratio)) return a;
    factor(a, a) = std::sqrt(pivot);
  }
  return -1;
}

double trace_of_product(const Cholesky& sigma, std::span<const double> s) {
  const Matrix inverse = unpack_lower(sigma.inverse, sigma.d);
  const Matrix product = inverse.triangularView<Eigen::Lower>() * unpack_symmetric(s, sigma.d);
  return product.cwiseProduct(inverse).sum();
}

Conditioning condition(std::span<const double> matrix, std::span<const int> observed, std::span<const int> missing) {
  const auto part = [&](std::span<const int> rows, std::span<const int> columns) {
    Matrix m(static_cast<int>(rows.size()), static_cast<int>(columns.size()));
    for (int a = 0; a < m.rows(); ++a) {
      for (int b = 0; b < m.cols(); ++b) {
        m(a, b) = matrix[packed_index(rows[static_cast<std::size_t>(a)], columns[static_cast<std::size_t>(b)])];
      }
    }
    return m;
  };
  Conditioning result;
  const int o = static_cast<int>(observed.size());
  const int m = static_cast<int>(missing.size());
  result.observed = cholesky(pack(part(observed, observed)), o);
  if (m == 0 || !result.observed.positive_definite()) return result;
  Matrix residual = part(missing, missing);
  Matrix regression = Matrix::Zero(m, o);
  if (o > 0) {
    const Matrix inverse = unpack_lower(result.observed.inverse, o);
    const Matrix half = part(missing, observed) * inverse.transpose();
    residual.noalias() -= half * half.transpose();
    regression.noalias() = half * inverse;
  }
  result.residual = pack(residual);
  result.residual_log_determinant = cholesky(result.residual, m).log_determinant;
  result.regression.resize(static_cast<std::size_t>(m) * static_cast<std::size_t>(o));
  Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(result.regression.data(), m, o) =
      regression;
  return result;
}

}  // namespace jensen
