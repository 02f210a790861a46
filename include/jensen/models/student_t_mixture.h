// Mixtures of multivariate Student-t's: clusters whose outliers weigh little.
#pragma once

#include <jensen/emissions/student_t.h>
#include <jensen/models/mixture.h>

namespace jensen {

extern template class Mixture<StudentT>;
using StudentTMixture = Mixture<StudentT>;

}  // namespace jensen
