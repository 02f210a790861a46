// Standard errors by refitting.
#pragma once

#include <jensen/data/data.h>
#include <jensen/em/inference/standard_errors.h>
#include <jensen/em/model.h>

namespace jensen {

/// For the two bootstrap methods; see standard_errors().
StandardErrors bootstrap(const Model& theta, const Data& data, const StandardErrorOptions& options);

}  // namespace jensen
