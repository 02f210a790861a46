// Louis' identity for models whose latents are states, one a row.
#include <jensen/error.h>
#include <jensen/execution/reduction.h>

#include <cmath>
#include <limits>

#include "em/inference/passes.h"
#include "em/inference/setting.h"

namespace jensen {

namespace {

constexpr const char* needed_by = "Louis' identity";

struct Spread {
  Eigen::MatrixXd variance;  // Σ w Var_q(s(z))
  Eigen::VectorXd mean;      // Σ w E_q[s(z)], the gradient of the log-likelihood

  Spread& operator+=(const Spread& other) {
    variance += other.variance;
    mean += other.mean;
    return *this;
  }
};

class RowScores {
 public:
  RowScores(const Setting& setting) : setting_(setting), scratch_(setting.theta.scratch()) {}

  void add(Spread& total, const Block& block) {
    const int states = setting_.theta.states();
    values_.resize(static_cast<std::size_t>(block.rows() * states));
    const Panel q{values_.data(), block.rows(), states, block.rows()};
    setting_.theta.responsibilities(block, q);
    const auto p = static_cast<Eigen::Index>(setting_.around.size());
    for (std::int64_t i = 0; i < block.rows(); ++i) {
      if (!(block.weight(i) > 0)) continue;
      const Block row = single_row(block, i);
      Eigen::VectorXd mean = Eigen::VectorXd::Zero(p);
      Eigen::MatrixXd second = Eigen::MatrixXd::Zero(p, p);
      for (int k = 0; k < states; ++k) {
        if (!(q(i, k) > 0)) continue;
        const Eigen::VectorXd s = score(row, k);
        mean += q(i, k) * s;
        second += q(i, k) * s * s.transpose();
      }
      total.mean += block.weight(i) * mean;
      total.variance += block.weight(i) * (second - mean * mean.transpose());
    }
  }

 private:
  // ∂ log p(x, z = k; u)/∂u
  Eigen::VectorXd score(const Block& row, int state) {
    const Given given{[state](const Block&, Panel q) {
      for (int k = 0; k < q.columns; ++k) q(0, k) = k == state ? 1 : 0;
    }};
    Statistics s = setting_.theta.no_statistics();
    const Evidence evidence = setting_.theta.expect(row, given, s, *scratch_);
    if (!(std::abs(evidence.entropy) <= 1e-12)) {
      throw UnsupportedError(setting_.theta.name(),
                             "name all its latents by states here (missing cells, or others that are no states)",
                             needed_by);
    }
    return setting_.around.gradient(s);
  }

  const Setting& setting_;
  std::unique_ptr<Model::Scratch> scratch_;
  std::vector<double> values_;
};

}  // namespace

Information louis_information(const Setting& setting) {
  refuse_sequences(setting.theta, needed_by);
  setting.theta.require(Capability::rules, needed_by);
  setting.theta.require(Capability::states, needed_by);
  Information information = setting.begin();
  const auto p = static_cast<Eigen::Index>(setting.around.size());
  std::vector<RowScores> scores;
  for (int worker = 0; worker < setting.workers.count(); ++worker) scores.emplace_back(setting);
  const Spread zero{Eigen::MatrixXd::Zero(p, p), Eigen::VectorXd::Zero(p)};
  const Spread spread = reduce(setting.data, setting.workers, zero, [&](Spread& total, const Block& block, int worker) {
    scores[static_cast<std::size_t>(worker)].add(total, block);
  });
  // Rows must be independent given θ: then their scores add up to the gradient of the whole.
  const Eigen::VectorXd whole = setting.around.gradient(setting.at.statistics);
  for (Eigen::Index j = 0; j < p; ++j) {
    const double scale =
        std::sqrt(information.weight * (std::abs(spread.variance(j, j)) + information.weight)) + std::abs(whole(j));
    if (std::abs(spread.mean(j) - whole(j)) > 1e-4 * scale && !setting.around.flat(static_cast<std::size_t>(j))) {
      throw UnsupportedError(setting.theta.name(), "be taken apart into rows that are independent of each other",
                             needed_by);
    }
  }
  information.evaluations += 1;
  setting.set_missing(information, spread.variance);
  return information;
}

}  // namespace jensen
