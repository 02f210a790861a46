// The choice between a bounded likelihood and a plain one.
#pragma once

#include <string>
#include <string_view>

namespace jensen {

/// Prior on what a component could collapse in: covariances, above all.
enum class Prior {
  data_scaled,  ///< CovariancePrior of 0.02/n rows with the data's covariance: bounds the likelihood, moves little else
  none,         ///< plain maximum likelihood, unbounded where a component can collapse
};

std::string to_string(Prior prior);  ///< "default" or "none"
/// The prior of that name. Throws ArgumentError listing the names there are.
Prior prior_named(std::string_view name);

}  // namespace jensen
