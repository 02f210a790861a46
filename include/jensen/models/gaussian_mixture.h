// Gaussian mixtures: p(x; θ) = Σ_k π_k N(x; μ_k, Σ_k), and what follows from a fitted one.
#pragma once

#include <jensen/emissions/gaussian.h>
#include <jensen/models/mixture.h>

namespace jensen {

extern template class Mixture<Gaussian>;
using GaussianMixture = Mixture<Gaussian>;

/// The distribution of some columns, the others integrated out; columns in the order given, each at most once. The
/// covariance structure stays where all columns are taken, else it is structure_of_part().
/// Throws ArgumentError for a column that does not exist or comes twice.
GaussianMixture marginal(const GaussianMixture& model, std::span<const int> columns);

/// The distribution of all other columns (in their order) given that `columns` have `values`: again a Gaussian mixture,
/// with weights π_k p(values | k) / Σ and structure_of_part() as covariance structure. NaN among the values counts as
/// not given: those columns are integrated out. Throws ArgumentError as marginal does, if no column is left, if sizes
/// differ, or if a value is infinite.
GaussianMixture conditional(const GaussianMixture& model, std::span<const int> columns, std::span<const double> values);

/// Missing cells replaced by their conditional mean E[x_m | x_o] = Σ_k p(z = k | x_o) E[x_m | x_o, k]; the others
/// copied. `filled` has the block's shape. A row without any cell gets the mixture's mean.
void impute(const GaussianMixture& model, const Block& x, Panel filled);

/// Number of components that differ: weight above 0, and not a twin (mean within 1e-6 standard deviations, covariance
/// within 1e-6 relative) of an earlier one.
int effective_components(const GaussianMixture& model);

}  // namespace jensen
