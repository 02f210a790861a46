// The choice between a bounded likelihood and a plain one.
#pragma once

#include <string>
#include <string_view>

namespace jensen {

/// Observations that the default prior weighs, divided by their number. Chen and Tan (2009) take 2: a hundredth of that
/// bounds the likelihood as well and leaves clusters alone that are a hundred times narrower than the whole data.
constexpr double data_scaled_prior_rows = 0.02;

/// Prior on what a component could collapse in: covariances, above all.
enum class Prior {
  data_scaled,  ///< as if 0.02/n further rows like the whole data had been seen: bounds the likelihood, moves little
                ///< else
  none,         ///< plain maximum likelihood, unbounded where a component can collapse
};

std::string to_string(Prior prior);  ///< "default" or "none"
/// The prior of that name. Throws ArgumentError listing the names there are.
Prior prior_named(std::string_view name);

}  // namespace jensen
