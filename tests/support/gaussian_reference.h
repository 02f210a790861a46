// Gaussian densities the long way, by Eigen: what the kernels are compared with.
#pragma once

#include <Eigen/Dense>
#include <cmath>
#include <numbers>
#include <span>
#include <vector>

#include <jensen/data/block.h>
#include <jensen/data/data.h>
#include <jensen/math/cholesky.h>
#include <jensen/models/gaussian_mixture.h>

namespace jensen::support {

inline Eigen::MatrixXd matrix_of(std::span<const double> packed, int d) {
  Eigen::MatrixXd m(d, d);
  for (int a = 0; a < d; ++a) {
    for (int b = 0; b < d; ++b) m(a, b) = packed[packed_index(a, b)];
  }
  return m;
}

inline std::vector<double> packed_of(const Eigen::MatrixXd& m) {
  std::vector<double> packed;
  for (int a = 0; a < m.rows(); ++a) {
    for (int b = 0; b <= a; ++b) packed.push_back(m(a, b));
  }
  return packed;
}

/// Statistics of the rows with responsibilities r, rows × states.
inline Statistics statistics_given(const Gaussian& g, const Data& data, const std::vector<double>& r) {
  Statistics s{std::vector<double>(g.layout().sum, 0.0), std::vector<double>(g.layout().about)};
  g.reference(s.about);
  Gaussian::Scratch scratch;
  BlockBuffer buffer;
  g.accumulate(data.block(0, data.rows(), buffer), {r.data(), data.rows(), g.states(), data.rows()}, {s.sum, s.about},
               scratch);
  return s;
}
/// The M-step from them.
inline Gaussian maximized(Gaussian g, const Data& data, const std::vector<double>& r) {
  const Statistics s = statistics_given(g, data, r);
  g.maximize({s.sum, s.about});
  return g;
}

struct Cells {
  std::vector<int> observed, missing;
};
inline Cells cells_of(const Block& x, std::int64_t i) {
  Cells cells;
  for (int j = 0; j < x.columns(); ++j) (std::isnan(x.x(i, j)) ? cells.missing : cells.observed).push_back(j);
  return cells;
}

/// log N(x_o; μ_o, Σ_oo) of the observed cells, by LU rather than Cholesky.
inline double log_normal(const Block& x, std::int64_t i, std::span<const double> mean,
                         const Eigen::MatrixXd& covariance) {
  const auto observed = cells_of(x, i).observed;
  const auto d = static_cast<int>(observed.size());
  if (d == 0) return 0;
  Eigen::VectorXd deviation(d);
  for (int a = 0; a < d; ++a) {
    const int j = observed[static_cast<std::size_t>(a)];
    deviation(a) = x.x(i, j) - mean[static_cast<std::size_t>(j)];
  }
  const Eigen::FullPivLU<Eigen::MatrixXd> lu(covariance(observed, observed));
  return -0.5 * (d * std::log(2 * std::numbers::pi) + std::log(lu.determinant()) + deviation.dot(lu.solve(deviation)));
}

inline double log_joint(const GaussianMixture& model, const Block& x, std::int64_t i, int k) {
  return std::log(model.weights()[static_cast<std::size_t>(k)]) +
         log_normal(x, i, model.emissions().mean(k), matrix_of(model.emissions().covariance(k), model.columns()));
}

}  // namespace jensen::support
