// The variants, one function each; options.cpp chooses.
#pragma once

#include <jensen/em/variants/options.h>
#include <jensen/em/variants/variant.h>

#include <memory>

#include "em/saved.h"

namespace jensen {

std::unique_ptr<Variant> classification_variant();
std::unique_ptr<Variant> stochastic_variant(const VariantOptions& options, std::uint64_t seed);
std::unique_ptr<Variant> monte_carlo_variant(const VariantOptions& options, std::uint64_t seed);
std::unique_ptr<Variant> annealed_variant(const VariantOptions& options);
std::unique_ptr<Variant> restricted_variant(const VariantOptions& options);
std::unique_ptr<Variant> incremental_variant(const VariantOptions& options);
std::unique_ptr<Variant> online_variant(const VariantOptions& options, std::uint64_t seed);
std::unique_ptr<Variant> sparse_variant(const VariantOptions& options);
std::unique_ptr<Variant> ecm_variant(const VariantOptions& options);

}  // namespace jensen
