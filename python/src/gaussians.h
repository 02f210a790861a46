// Gaussian emissions to and from arrays.
#pragma once

#include <jensen/emissions/gaussian.h>

#include "arrays.h"

namespace jensen::python {

/// means: K × d; covariances: K × d × d, of which the lower triangles are read.
Gaussian gaussian_from(const Matrix& means, const Stack& covariances, Covariance structure);
nb::object means_of(const Gaussian& gaussian);
nb::object covariances_of(const Gaussian& gaussian);

}  // namespace jensen::python
