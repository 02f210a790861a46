// Samples of a mixture that look like the data it was fitted to: a parametric bootstrap.
#pragma once

#include <jensen/data/table.h>
#include <jensen/models/any_grouped_mixture.h>
#include <jensen/models/any_mixture.h>

namespace jensen {

/// Why such samples have no meaning: an observation is drawn whole, and a weight that says how many there are must be a
/// whole number. Empty where they have one.
std::string cannot_be_drawn(const Data& data);

/// Rows from the model with the holes of the data, and the columns that the model takes as given. A row of frequency
/// weight w becomes w rows, one of sampling weight w keeps it. Where labels restrict the component, it is drawn among
/// those that they allow, with the weights of these. Row i depends on the seed and i alone.
Table drawn_like(const AnyMixture& model, const Data& data, std::uint64_t seed);
/// The same for groups of rows that share their component.
Table drawn_like(const AnyGroupedMixture& model, const Data& data, std::uint64_t seed);

}  // namespace jensen
