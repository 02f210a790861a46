// Which accelerator leaps between the steps of EM.
#pragma once

#include <string>

namespace jensen {

enum class Acceleration {
  none,
  squarem,       ///< squared extrapolation, step length S3: Varadhan and Roland (2008)
  anderson,      ///< damped Anderson mixing with restarts, DAAREM: Henderson and Varadhan (2019)
  quasi_newton,  ///< secant approximation of the map's Jacobian: Zhou, Alexander and Lange (2011)
  automatic,  ///< squarem where model and algorithm allow it; none at tolerance 0, where plain iterations are counted
};
std::string to_string(Acceleration acceleration);

}  // namespace jensen
