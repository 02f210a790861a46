// Summaries of fits in model files.
#pragma once

#include <jensen/fit_summary.h>

#include "json/field.h"

namespace jensen {

nlohmann::ordered_json fit_fields(const FitSummary& fit);
FitSummary fit_summary(const Field& field);

}  // namespace jensen
