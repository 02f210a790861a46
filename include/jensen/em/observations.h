// How many observations the data are: n of BIC and of standard errors.
#pragma once

#include <jensen/data/data.h>
#include <jensen/execution/workers.h>

namespace jensen {

/// Σ w (frequency weights; `total_weight` is that sum), or the rows of positive weight (sampling weights; one pass).
double count_observations(const Data& data, Workers& workers, double total_weight);

}  // namespace jensen
