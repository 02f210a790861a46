#include "emissions/covariance_coordinates.h"

#include <jensen/math/cholesky.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <cmath>

#include "emissions/common_axes.h"
#include "emissions/rotation.h"
#include "math/packed_matrix.h"

namespace jensen {

using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

// Free covariances ---------------------------------------------------------------------------------------------------

void append_log_cholesky(const Cholesky& sigma, std::vector<double>& u) {
  for (int a = 0; a < sigma.d; ++a) {
    for (int b = 0; b <= a; ++b) {
      const double l = sigma.factor[packed_index(a, b)];
      u.push_back(a == b ? std::log(l) : l);
    }
  }
}

// L Lᵀ from L with logarithms on its diagonal.
void append_product(std::vector<double> l, int d, std::vector<double>& covariances) {
  for (int a = 0; a < d; ++a) l[packed_index(a, a)] = std::exp(l[packed_index(a, a)]);
  for (int a = 0; a < d; ++a) {
    for (int b = 0; b <= a; ++b) {
      double value = 0;
      for (int c = 0; c <= b; ++c) value += l[packed_index(a, c)] * l[packed_index(b, c)];
      covariances.push_back(value);
    }
  }
}

// Coupled covariances ------------------------------------------------------------------------------------------------

// λ_k, and what is left of Σ_k once it is divided by λ_k, in one of three forms.
struct Parts {
  std::vector<double> log_volumes;   // 1 or K
  std::vector<VectorXd> log_shapes;  // 1 or K, each with sum 0; empty where `forms` are used
  std::vector<MatrixXd> axes;        // 0, 1 or K
  std::vector<MatrixXd> forms;       // 1 or K symmetric matrices with determinant 1
};

// How many of each the structure has.
struct Counts {
  Counts(Covariance covariance, int components) {
    const auto form = letters(covariance);
    const auto copies = [&](char letter) {
      return letter == 'I' ? std::size_t{0} : (letter == 'E' ? std::size_t{1} : static_cast<std::size_t>(components));
    };
    volumes = copies(form[0]);
    const bool one_kind = form[1] == form[2];
    shapes = one_kind ? 0 : copies(form[1]);
    axes = one_kind ? 0 : copies(form[2]);
    forms = one_kind ? copies(form[1]) : 0;
  }
  std::size_t volumes, shapes, axes, forms;
};

VectorXd mean_of(const std::vector<VectorXd>& vectors) {
  VectorXd total = VectorXd::Zero(vectors[0].size());
  for (const auto& v : vectors) total += v;
  return total / static_cast<double>(vectors.size());
}

// Means over the components stand for what they share; where Σ follows the structure all are the same.
Parts decompose(const Counts& counts, const std::vector<MatrixXd>& sigmas, bool diagonal) {
  const auto d = static_cast<double>(sigmas[0].rows());
  Parts parts;
  MatrixXd common;
  if (!diagonal && counts.axes == 1) common = simultaneous_axes(sigmas);
  std::vector<double> logs;
  MatrixXd form = MatrixXd::Zero(sigmas[0].rows(), sigmas[0].rows());
  for (const auto& sigma : sigmas) {
    VectorXd log_values;
    if (counts.forms > 0) {
      const Cholesky factor = cholesky(pack(sigma), static_cast<int>(sigma.rows()));
      logs.push_back(factor.log_determinant / d);
      parts.forms.emplace_back(sigma / std::exp(logs.back()));
      form += parts.forms.back() / static_cast<double>(sigmas.size());
      continue;
    }
    if (diagonal) {
      log_values = sigma.diagonal().array().log();
    } else if (counts.axes == 1) {
      log_values = (common.transpose() * sigma * common).diagonal().array().log();
    } else {
      const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(sigma);
      log_values = solver.eigenvalues().reverse().array().log();
      parts.axes.emplace_back(solver.eigenvectors().rowwise().reverse());
    }
    logs.push_back(log_values.mean());
    parts.log_shapes.emplace_back(log_values.array() - logs.back());
  }
  if (counts.axes == 1) parts.axes = {common};
  if (counts.forms == 1) parts.forms = {form};
  if (counts.shapes == 1) parts.log_shapes = {mean_of(parts.log_shapes)};
  double mean = 0;
  for (double v : logs) mean += v / static_cast<double>(logs.size());
  parts.log_volumes = counts.volumes == 1 ? std::vector<double>{mean} : logs;
  return parts;
}

std::vector<double> encode(const Parts& parts) {
  std::vector<double> u = parts.log_volumes;
  for (const auto& shape : parts.log_shapes) u.insert(u.end(), shape.begin(), shape.end() - 1);
  for (const auto& axes : parts.axes) {
    const auto own = cayley_coordinates(axes);
    u.insert(u.end(), own.begin(), own.end());
  }
  for (const auto& form : parts.forms) {  // the last logarithm is minus the sum of the others
    append_log_cholesky(cholesky(pack(form), static_cast<int>(form.rows())), u);
    u.pop_back();
  }
  return u;
}

Parts decode(const Counts& counts, int d, std::span<const double> u) {
  std::size_t next = 0;
  const auto take = [&](std::size_t count) {
    const auto taken = u.subspan(next, count);
    next += count;
    return taken;
  };
  const auto size = static_cast<std::size_t>(d);
  Parts parts;
  const auto volumes = take(counts.volumes);
  parts.log_volumes.assign(volumes.begin(), volumes.end());
  for (std::size_t i = 0; i < counts.shapes; ++i) {
    VectorXd shape = VectorXd::Zero(d);
    const auto own = take(size - 1);
    for (int j = 0; j < d - 1; ++j) shape(j) = own[static_cast<std::size_t>(j)];
    shape(d - 1) = -shape.sum();
    parts.log_shapes.push_back(shape);
  }
  for (std::size_t i = 0; i < counts.axes; ++i) parts.axes.push_back(cayley_axes(take(size * (size - 1) / 2), d));
  for (std::size_t i = 0; i < counts.forms; ++i) {
    const auto own = take(size * (size + 1) / 2 - 1);
    std::vector<double> l(own.begin(), own.end());
    double last = 0;
    for (int j = 0; j < d - 1; ++j) last -= l[packed_index(j, j)];
    l.push_back(last);
    std::vector<double> packed;
    append_product(std::move(l), d, packed);
    parts.forms.push_back(unpack_symmetric(packed, d));
  }
  return parts;
}

MatrixXd compose(const Parts& parts, std::size_t k) {
  const auto own = [&](const auto& of) -> const auto& { return of.size() == 1 ? of[0] : of[k]; };
  const double log_volume = own(parts.log_volumes);
  if (!parts.forms.empty()) return std::exp(log_volume) * own(parts.forms);
  const VectorXd values = (own(parts.log_shapes).array() + log_volume).exp();
  if (parts.axes.empty()) return values.asDiagonal();
  const MatrixXd& axes = own(parts.axes);
  return axes * values.asDiagonal() * axes.transpose();
}

}  // namespace

std::vector<double> to_coordinates(Covariance covariance, int components, int columns,
                                   std::span<const double> covariances) {
  const std::size_t size = shape_size(covariance, columns);
  const bool matrices = shape_of(covariance) == CovarianceShape::matrix;
  if (!is_coupled(covariance)) {
    std::vector<double> u;
    for (std::size_t i = 0; i < covariances.size(); i += size) {
      if (matrices) {
        append_log_cholesky(cholesky(covariances.subspan(i, size), columns), u);
      } else {
        for (double variance : covariances.subspan(i, size)) u.push_back(std::log(variance));
      }
    }
    return u;
  }
  std::vector<MatrixXd> sigmas;
  for (std::size_t k = 0; k < static_cast<std::size_t>(components); ++k) {
    const auto own = covariances.subspan(k * size, size);
    sigmas.push_back(matrices ? unpack_symmetric(own, columns)
                              : MatrixXd(Eigen::Map<const VectorXd>(own.data(), columns).asDiagonal()));
  }
  return encode(decompose(Counts(covariance, components), sigmas, !matrices));
}

std::vector<double> to_covariances(Covariance covariance, int components, int columns, std::span<const double> u) {
  const std::size_t size = shape_size(covariance, columns);
  const bool matrices = shape_of(covariance) == CovarianceShape::matrix;
  std::vector<double> covariances;
  if (!is_coupled(covariance)) {
    for (std::size_t i = 0; i < u.size(); i += size) {
      const auto own = u.subspan(i, size);
      if (matrices) {
        append_product({own.begin(), own.end()}, columns, covariances);
      } else {
        for (double v : own) covariances.push_back(std::exp(v));
      }
    }
    return covariances;
  }
  const Parts parts = decode(Counts(covariance, components), columns, u);
  for (std::size_t k = 0; k < static_cast<std::size_t>(components); ++k) {
    const MatrixXd sigma = compose(parts, k);
    const auto packed = pack(sigma);
    for (int j = 0; j < columns && !matrices; ++j) covariances.push_back(sigma(j, j));
    if (matrices) covariances.insert(covariances.end(), packed.begin(), packed.end());
  }
  return covariances;
}

}  // namespace jensen
