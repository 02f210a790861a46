#include <jensen/models/student_t_mixture.h>

namespace jensen {

template class Mixture<StudentT>;

}  // namespace jensen
