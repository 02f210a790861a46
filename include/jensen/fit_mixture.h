// From data to a fitted mixture of any emissions, in one call.
#pragma once

#include <jensen/em/fit.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/models/any_mixture.h>

namespace jensen {

/// A mixture over `emissions` made ready for the data: every cell is looked at, and with Prior::data_scaled the
/// emissions whose likelihood some data make unbounded take their prior (docs/families.md), as if 0.02/n further
/// observations, distributed as the whole data, had been seen by each component; n observations weigh Σ w. Throws
/// DataError naming the first cell that no parameters can explain, ArgumentError for another number of columns.
AnyMixture mixture_for(const Data& data, AnyEmissions emissions, Prior prior = Prior::data_scaled);

/// Fits mixture_for(data, emissions, prior). options.start must not be `given`: the emissions' parameters are no start.
Fitted<AnyMixture> fit_mixture(const Data& data, AnyEmissions emissions, const Options& options,
                               Prior prior = Prior::data_scaled);

/// Smallest and largest observed value of a column of the data; NaN where none is observed.
struct ColumnRange {
  double smallest, largest;
};
ColumnRange range_of(const Data& data, int column);

}  // namespace jensen
