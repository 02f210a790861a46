#include <jensen/em/inference/standard_errors.h>
#include <jensen/error.h>

#include <cmath>

#include "em/inference/bootstrap.h"
#include "em/inference/delta_method.h"
#include "em/inference/setting.h"

namespace jensen {

namespace {

Information information_by(StandardErrorMethod method, const Setting& setting) {
  if (method == StandardErrorMethod::louis) return louis_information(setting);
  if (method == StandardErrorMethod::supplemented) return supplemented_information(setting);
  return oakes_information(setting);
}

}  // namespace

StandardErrors standard_errors(const Model& theta, const Data& data, const StandardErrorOptions& options) {
  theta.require(Capability::parameters, "standard_errors");
  if (options.method == StandardErrorMethod::parametric_bootstrap ||
      options.method == StandardErrorMethod::weighted_bootstrap) {
    return bootstrap(theta, data, options);
  }
  StandardErrors errors;
  errors.method = options.method;
  errors.parameters = named_parameters(theta);
  Workers workers(options.threads);
  const Setting setting(theta, data, workers, "standard_errors");
  const Information information = information_by(options.method, setting);
  const DeltaMethod delta(setting.around, information);
  const bool sandwich = options.method == StandardErrorMethod::sandwich;
  Eigen::MatrixXd covariance = sandwich ? delta.covariance(score_products(setting)) : delta.covariance();
  for (Eigen::Index i = 0; i < covariance.rows(); ++i) {
    auto& p = errors.parameters[static_cast<std::size_t>(i)];
    const std::string reason = delta.reason(static_cast<std::size_t>(i), covariance(i, i));
    if (reason.empty()) {
      p.standard_error = Available::number(std::sqrt(covariance(i, i)));
      continue;
    }
    p.standard_error = Available::not_available(reason);
    covariance.row(i).setZero();
    covariance.col(i).setZero();
  }
  errors.covariance = packed(covariance);
  errors.gain_left = delta.gain_left();
  errors.observations = information.observations;
  errors.evaluations = information.evaluations;
  return errors;
}

}  // namespace jensen
