#include <jensen/execution/reduction.h>

#include "em/inference/passes.h"
#include "em/inference/setting.h"

namespace jensen {

namespace {

struct Products {
  Eigen::MatrixXd second;  // Σ t tᵀ
  Eigen::VectorXd first;   // Σ t
  double count = 0;

  Products& operator+=(const Products& other) {
    second += other.second;
    first += other.first;
    count += other.count;
    return *this;
  }
};

// Gradients of the rows' log-likelihoods, one row each.
Eigen::MatrixXd row_gradients(const Neighbourhood& around, const Block& block) {
  Eigen::MatrixXd gradients(block.rows(), static_cast<Eigen::Index>(around.size()));
  std::array<Eigen::ArrayXd, Neighbourhood::stations> f;
  for (std::size_t j = 0; j < around.size(); ++j) {
    for (std::size_t which = 0; which < Neighbourhood::stations; ++which) {
      f[which].resize(block.rows());
      row_log_likelihoods(around.station(j, which), block, {f[which].data(), static_cast<std::size_t>(block.rows())});
    }
    gradients.col(static_cast<Eigen::Index>(j)) = around.derivative(j, f).matrix();
  }
  return gradients;
}

}  // namespace

Eigen::MatrixXd score_products(const Setting& setting) {
  refuse_sequences(setting.theta, "the sandwich");
  const auto p = static_cast<Eigen::Index>(setting.around.size());
  const bool copies = setting.data.weight_kind() == WeightKind::frequency;
  const Products zero{Eigen::MatrixXd::Zero(p, p), Eigen::VectorXd::Zero(p), 0};
  const Products sum = reduce(setting.data, setting.workers, zero, [&](Products& total, const Block& block, int) {
    const Eigen::MatrixXd gradients = row_gradients(setting.around, block);
    for (std::int64_t i = 0; i < block.rows(); ++i) {
      const double weight = block.weight(i);
      if (!(weight > 0)) continue;
      const double count = copies ? weight : 1;
      const Eigen::VectorXd t = (copies ? 1 : weight) * gradients.row(i).transpose();
      total.second += count * t * t.transpose();
      total.first += count * t;
      total.count += count;
    }
  });
  return sum.second - sum.first * sum.first.transpose() / sum.count;
}

}  // namespace jensen
