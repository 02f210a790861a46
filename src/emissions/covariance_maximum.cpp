#include "emissions/covariance_maximum.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "emissions/common_axes.h"
#include "math/packed_matrix.h"

namespace jensen {

using Eigen::MatrixXd;
using Eigen::VectorXd;

namespace {

double geometric_mean(const VectorXd& v) { return std::exp(v.array().log().mean()); }
double log_determinant(const MatrixXd& m) {
  const Eigen::LLT<MatrixXd> llt(m);
  if (llt.info() != Eigen::Success) return -std::numeric_limits<double>::infinity();
  return 2 * MatrixXd(llt.matrixL()).diagonal().array().log().sum();
}

// Largest first.
struct Spectrum {
  explicit Spectrum(const MatrixXd& m) {
    const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(m);
    values = solver.eigenvalues().reverse();
    axes = solver.eigenvectors().rowwise().reverse();
  }
  VectorXd values;
  MatrixXd axes;
};

class Maximizer {
 public:
  Maximizer(Covariance covariance, int columns, std::span<const double> weights, std::span<const double> scatters,
            std::span<const double> current)
      : d_(columns), weights_(weights), size_(shape_size(covariance, columns)), scatters_(scatters), current_(current) {
    for (double w : weights) total_ += w;
  }

  std::vector<double> equal_volume_diagonals() const {  // EVI
    std::vector<VectorXd> shapes;
    double volume = 0;
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      const VectorXd own = diagonal(weights_[k] > 0 ? scatters_ : current_, k);
      const double size = geometric_mean(own);
      shapes.emplace_back(own / size);
      if (weights_[k] > 0) volume += size / total_;
    }
    std::vector<double> result;
    for (const auto& shape : shapes) append(result, VectorXd(volume * shape));
    return result;
  }

  std::vector<double> equal_determinants() const {  // EVV
    std::vector<MatrixXd> shapes;
    double volume = 0;
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      const MatrixXd own = matrix(weights_[k] > 0 ? scatters_ : current_, k);
      const double size = std::exp(log_determinant(own) / d_);
      shapes.emplace_back(own / size);
      if (weights_[k] > 0) volume += size / total_;
    }
    std::vector<double> result;
    for (const auto& shape : shapes) append(result, MatrixXd(volume * shape));
    return result;
  }

  std::vector<double> proportional_diagonals() const {  // VEI
    std::vector<VectorXd> values;
    for (std::size_t k = 0; k < weights_.size(); ++k) values.push_back(diagonal(scatters_, k));
    VectorXd volumes(values.size());
    for (std::size_t k = 0; k < values.size(); ++k) volumes(at(k)) = geometric_mean(diagonal(current_, k));
    const VectorXd shape = proportional(values, volumes);
    std::vector<double> result;
    for (std::size_t k = 0; k < values.size(); ++k) append(result, VectorXd(volumes(at(k)) * shape));
    return result;
  }

  std::vector<double> turned() const {  // EEV and VEV: the axes of each are those of its scatter
    return turned_about(false);
  }
  std::vector<double> turned_and_sized() const { return turned_about(true); }

  std::vector<double> proportional_matrices() const {  // VEE
    std::vector<MatrixXd> scatters;
    VectorXd volumes(weights_.size());
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      scatters.push_back(matrix(scatters_, k));
      volumes(at(k)) = std::exp(log_determinant(matrix(current_, k)) / d_);
    }
    MatrixXd form;
    for (int i = 0; i < iterations; ++i) {
      form = MatrixXd::Zero(d_, d_);
      for (std::size_t k = 0; k < scatters.size(); ++k) form += scatters[k] / volumes(at(k));
      const Eigen::LLT<MatrixXd> llt(form);
      const double size = std::exp(log_determinant(form) / d_);
      form /= size;
      double moved = 0;
      for (std::size_t k = 0; k < scatters.size(); ++k) {
        if (!(weights_[k] > 0)) continue;
        const double next = size * llt.solve(scatters[k]).trace() / (d_ * weights_[k]);
        moved = std::max(moved, std::abs(next / volumes(at(k)) - 1));
        volumes(at(k)) = next;
      }
      if (!(moved > resolution)) break;
    }
    std::vector<double> result;
    for (std::size_t k = 0; k < scatters.size(); ++k) append(result, MatrixXd(volumes(at(k)) * form));
    return result;
  }

  std::vector<double> on_common_axes(bool equal_volumes) const {  // EVE and VVE
    std::vector<MatrixXd> scatters, now;
    MatrixXd pooled = MatrixXd::Zero(d_, d_);
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      scatters.push_back(matrix(scatters_, k));
      now.push_back(matrix(current_, k));
      pooled += scatters.back();
    }
    // The criterion has several local minima in the axes: those of the last step and those of the pooled scatter are
    // both followed down. The former alone guarantee that the step does not lower the likelihood.
    const MatrixXd before = simultaneous_axes(now);
    MatrixXd axes = common_axes(equal_volumes, weights_, scatters, before);
    const MatrixXd other = common_axes(equal_volumes, weights_, scatters, Spectrum(pooled).axes);
    if (axes_criterion(equal_volumes, weights_, scatters, other) <
        axes_criterion(equal_volumes, weights_, scatters, axes)) {
      axes = other;
    }
    std::vector<VectorXd> shapes;
    VectorXd volumes(weights_.size());
    double volume = 0;
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      const VectorXd own = weights_[k] > 0 ? VectorXd((axes.transpose() * scatters[k] * axes).diagonal())
                                           : VectorXd((before.transpose() * now[k] * before).diagonal());
      const double size = geometric_mean(own);
      shapes.emplace_back(own / size);
      volumes(at(k)) = weights_[k] > 0 ? size / weights_[k] : size;
      if (weights_[k] > 0) volume += size / total_;
    }
    std::vector<double> result;
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      append(result, turned_matrix(axes, (equal_volumes ? volume : volumes(at(k))) * shapes[k]));
    }
    return result;
  }

 private:
  static constexpr int iterations = 1000;
  static constexpr double resolution = 1e-13;

  static Eigen::Index at(std::size_t k) { return static_cast<Eigen::Index>(k); }
  VectorXd diagonal(std::span<const double> from, std::size_t k) const {
    return Eigen::Map<const VectorXd>(from.data() + k * size_, d_);
  }
  MatrixXd matrix(std::span<const double> from, std::size_t k) const {
    return unpack_symmetric(from.subspan(k * size_, size_), d_);
  }
  static void append(std::vector<double>& result, const VectorXd& diagonal) {
    result.insert(result.end(), diagonal.begin(), diagonal.end());
  }
  static void append(std::vector<double>& result, const MatrixXd& matrix) {
    const auto packed = pack(matrix);
    result.insert(result.end(), packed.begin(), packed.end());
  }
  static MatrixXd turned_matrix(const MatrixXd& axes, const VectorXd& values) {
    return axes * values.asDiagonal() * axes.transpose();
  }

  // λ_k = tr(W_k A⁻¹) / (d N_k) and A ∝ Σ_k W_k / λ_k with |A| = 1 in turn, for diagonal W_k. In the logarithms of λ
  // the function is convex, so that there is one minimum.
  VectorXd proportional(const std::vector<VectorXd>& values, VectorXd& volumes) const {
    VectorXd shape;
    for (int i = 0; i < iterations; ++i) {
      shape = VectorXd::Zero(d_);
      for (std::size_t k = 0; k < values.size(); ++k) shape += values[k] / volumes(at(k));
      shape /= geometric_mean(shape);
      double moved = 0;
      for (std::size_t k = 0; k < values.size(); ++k) {
        if (!(weights_[k] > 0)) continue;
        const double next = values[k].cwiseQuotient(shape).sum() / (d_ * weights_[k]);
        moved = std::max(moved, std::abs(next / volumes(at(k)) - 1));
        volumes(at(k)) = next;
      }
      if (!(moved > resolution)) break;
    }
    return shape;
  }

  // tr(W D A⁻¹ Dᵀ) is smallest over D where D holds the axes of W and both spectra are in the same order (Theobald
  // 1975); what remains is VEI, or the pooled spectrum, for the eigenvalues.
  std::vector<double> turned_about(bool sized) const {
    std::vector<VectorXd> values;
    std::vector<MatrixXd> axes;
    VectorXd volumes = VectorXd::Ones(at(weights_.size()));
    VectorXd pooled = VectorXd::Zero(d_);
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      const Spectrum own(matrix(weights_[k] > 0 ? scatters_ : current_, k));
      values.push_back(weights_[k] > 0 ? VectorXd(own.values.cwiseMax(0)) : VectorXd(VectorXd::Zero(d_)));
      axes.push_back(own.axes);
      pooled += values.back();
      if (sized) volumes(at(k)) = std::exp(log_determinant(matrix(current_, k)) / d_);
    }
    const VectorXd shape = sized ? proportional(values, volumes) : VectorXd(pooled / total_);
    std::vector<double> result;
    for (std::size_t k = 0; k < weights_.size(); ++k) append(result, turned_matrix(axes[k], volumes(at(k)) * shape));
    return result;
  }

  int d_;
  std::span<const double> weights_;
  std::size_t size_;
  std::span<const double> scatters_, current_;
  double total_ = 0;
};

}  // namespace

std::vector<double> maximizing_covariances(Covariance covariance, int columns, std::span<const double> weights,
                                           std::span<const double> scatters, std::span<const double> current) {
  const Maximizer maximizer(covariance, columns, weights, scatters, current);
  switch (covariance) {
    case Covariance::vei: return maximizer.proportional_diagonals();
    case Covariance::evi: return maximizer.equal_volume_diagonals();
    case Covariance::vee: return maximizer.proportional_matrices();
    case Covariance::eve: return maximizer.on_common_axes(true);
    case Covariance::vve: return maximizer.on_common_axes(false);
    case Covariance::eev: return maximizer.turned();
    case Covariance::vev: return maximizer.turned_and_sized();
    case Covariance::evv: return maximizer.equal_determinants();
    default: return {current.begin(), current.end()};
  }
}

bool smaller_along_an_axis(int columns, std::span<const double> covariance, std::span<const double> scatter,
                           std::span<const double> other) {
  const MatrixXd axes = Spectrum(unpack_symmetric(covariance, columns)).axes;
  const auto along = [&](std::span<const double> packed) -> VectorXd {
    return (axes.transpose() * unpack_symmetric(packed, columns) * axes).diagonal();
  };
  return (along(scatter).array() < along(other).array()).any();
}

}  // namespace jensen
