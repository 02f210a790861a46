#include "em/inference/setting.h"

#include <jensen/em/observations.h>
#include <jensen/error.h>
#include <jensen/math/cholesky.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace jensen {

namespace {

Expected checked_e_step(const Model& theta, const Data& data, Workers& workers, const char* function) {
  check_fits(theta, data, function);
  Expected at = EStep(data, workers)(theta);
  if (!std::isfinite(at.evidence.log_likelihood)) {
    throw DataError(
        fmt::format("{}: the log-likelihood at these parameters is {}", function, at.evidence.log_likelihood));
  }
  return at;
}

}  // namespace

void check_fits(const Model& theta, const Data& data, const char* function) {
  if (data.rows() == 0) throw DataError(fmt::format("{}: the data have no rows", function));
  if (theta.columns() && *theta.columns() != data.columns()) {
    throw ArgumentError(function, "data",
                        fmt::format("have {} columns, the model {}", data.columns(), *theta.columns()));
  }
}

void refuse_sequences(const Model& theta, const char* needed_by) {
  if (!theta.sequential()) return;
  throw UnsupportedError(theta.name(), "be taken apart into rows that are independent of each other", needed_by);
}

Setting::Setting(const Model& model, const Data& observed, Workers& pool, const char* function)
    : theta(model),
      data(observed),
      workers(pool),
      at(checked_e_step(model, observed, pool, function)),
      observations(count_observations(observed, pool, at.evidence.weight)),
      around(model, at, observations, pool, function) {}

Information Setting::begin() const {
  Information information;
  information.coordinates = around.coordinates();
  information.complete = packed(around.complete_information(at.statistics, workers));
  information.missing.assign(information.complete.size(), 0.0);
  const Eigen::VectorXd gradient = around.gradient(at.statistics) + around.prior_gradient();
  information.gradient.assign(gradient.begin(), gradient.end());
  for (std::size_t j = 0; j < around.size(); ++j) information.silent.push_back(around.flat(j));
  information.observations = observations;
  information.weight = at.evidence.weight;
  information.evaluations = 1;
  return information;
}

void Setting::set_missing(Information& information, Eigen::MatrixXd missing) const {
  const auto p = static_cast<Eigen::Index>(around.size());
  for (Eigen::Index i = 0; i < p; ++i) {
    if (!information.silent[static_cast<std::size_t>(i)]) continue;
    missing.row(i).setZero();
    missing.col(i).setZero();
  }
  const auto own = [&](Eigen::Index i) {
    return information.complete[packed_index(static_cast<int>(i), static_cast<int>(i))];
  };
  for (Eigen::Index i = 0; i < p; ++i) {
    for (Eigen::Index j = 0; j < i; ++j) {
      const double scale = std::sqrt(std::abs(own(i) * own(j)));
      const double difference = std::abs(missing(i, j) - missing(j, i));
      if (scale > 0) information.asymmetry = std::max(information.asymmetry, difference / scale);
    }
  }
  information.missing = packed(0.5 * (missing + missing.transpose()));
}

Eigen::MatrixXd unpacked(std::span<const double> values, std::size_t size) {
  const auto p = static_cast<Eigen::Index>(size);
  Eigen::MatrixXd matrix(p, p);
  for (Eigen::Index i = 0; i < p; ++i) {
    for (Eigen::Index j = 0; j < p; ++j) matrix(i, j) = values[packed_index(static_cast<int>(i), static_cast<int>(j))];
  }
  return matrix;
}

std::vector<double> packed(const Eigen::MatrixXd& symmetric) {
  std::vector<double> values;
  for (Eigen::Index i = 0; i < symmetric.rows(); ++i) {
    for (Eigen::Index j = 0; j <= i; ++j) values.push_back(symmetric(i, j));
  }
  return values;
}

}  // namespace jensen
