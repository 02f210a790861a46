// Standard errors in model files.
#pragma once

#include <jensen/em/inference/uncertainty_summary.h>

#include "json/field.h"

namespace jensen {

/// {"method", "intervals", "level", "gain_left" | "replicates", "failed", "parameters": [{"name", "estimate",
/// "standard_error", "lower", "upper"}, …]}. A number that is not available is null, and "<its name>_not_available"
/// says why.
nlohmann::ordered_json uncertainty_fields(const UncertaintySummary& summary);
UncertaintySummary uncertainty_summary(const Field& field);

}  // namespace jensen
