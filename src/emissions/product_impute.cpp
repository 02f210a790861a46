// What is expected where cells of a product are missing: by its parts, each given p(z | x) of the whole row.
#include <jensen/emissions/categories.h>
#include <jensen/emissions/component_order.h>
#include <jensen/emissions/continuous.h>
#include <jensen/emissions/counts.h>
#include <jensen/emissions/nested.h>
#include <jensen/emissions/product.h>
#include <jensen/emissions/von_mises_fisher.h>

#include <algorithm>
#include <cmath>

#include "emissions/family_support.h"

namespace jensen {

namespace {

// Numbers of state k among the parameters of emissions that keep the states one after the other.
std::span<const double> own(const std::vector<double>& parameters, int states, int k) {
  const std::size_t each = parameters.size() / static_cast<std::size_t>(states);
  return std::span(parameters).subspan(static_cast<std::size_t>(k) * each, each);
}

// The most probable level.
double mode(const std::vector<double>& parameters, bool binary, ConstPanel p, std::int64_t i) {
  const std::size_t each = parameters.size() / static_cast<std::size_t>(p.columns);
  std::vector<double> levels(binary ? 2 : each, 0.0);
  for (int k = 0; k < p.columns; ++k) {
    const auto v = own(parameters, p.columns, k);
    for (std::size_t l = 0; l < levels.size(); ++l) {
      levels[l] += p(i, k) * (!binary ? v[l] : l == 1 ? v[0] : 1 - v[0]);
    }
  }
  return static_cast<double>(std::max_element(levels.begin(), levels.end()) - levels.begin());
}

// The direction of E[(cos x, sin x)]; A(κ) is the length of that vector in one state.
double direction(const std::vector<double>& parameters, ConstPanel p, std::int64_t i) {
  double c = 0;
  double s = 0;
  for (int k = 0; k < p.columns; ++k) {
    const auto v = own(parameters, p.columns, k);
    const double length = bessel_ratio(v[1]);
    c += p(i, k) * length * std::cos(v[0]);
    s += p(i, k) * length * std::sin(v[0]);
  }
  return std::atan2(s, c);
}

double mean(const AnyEmissions& part, const Block& x, ConstPanel p, std::int64_t i) {
  const auto* binomial = part.as<Independent<Binomial>>();
  double total = 0;
  for (int k = 0; k < p.columns; ++k) {
    double expected = moments_of(part, k).mean;
    if (binomial != nullptr) {
      const double row[] = {0, x.columns() == 2 ? x.x(i, 1) : 0};
      expected = (*binomial)[k].expected(row);
    } else if (x.columns() == 2) {
      expected *= x.x(i, 1);  // exposure
    }
    total += p(i, k) * expected;
  }
  return total;
}

}  // namespace

bool Product::imputes(const AnyEmissions& part) {
  if (part.can(Capability::impute)) return true;
  if (const auto* nested = part.as<NestedMixture>()) return imputes(nested->inner());
  if (part.as<VonMisesFisher>() != nullptr) return false;
  return part.as<Independent<Multinomial>>() == nullptr && part.can(Capability::parameters) &&
         !std::isnan(moments_of(part, 0).mean);
}

void Product::impute(const Block& x, ConstPanel p, Panel filled) const {
  std::vector<double> gathered;
  std::vector<double> values;
  for (std::size_t q = 0; q < parts_.size(); ++q) {
    const AnyEmissions& part = parts_[q].emissions;
    const Block block = block_of(x, q, gathered);
    if (part.can(Capability::impute)) {
      values.resize(static_cast<std::size_t>(block.rows()) * static_cast<std::size_t>(block.columns()));
      const Panel result{values.data(), block.rows(), block.columns(), block.rows()};
      for (int j = 0; j < block.columns(); ++j) std::copy_n(block.x.column(j), block.rows(), result.column(j));
      part.impute(block, p, result);
      for (int j = 0; j < block.columns(); ++j) {
        std::copy_n(result.column(j), block.rows(), filled.column(parts_[q].columns[static_cast<std::size_t>(j)]));
      }
      continue;
    }
    const bool binary = part.as<Independent<Bernoulli>>() != nullptr;
    const bool category = binary || part.as<Independent<Categorical>>() != nullptr;
    const bool angle = part.as<Independent<VonMises>>() != nullptr;
    const auto parameters = part.parameters();
    for (std::int64_t i = 0; i < block.rows(); ++i) {
      if (!std::isnan(block.x(i, 0))) continue;
      double& cell = filled(i, parts_[q].columns.front());
      if (category) {
        cell = mode(parameters, binary, p, i);
      } else {
        cell = angle ? direction(parameters, p, i) : mean(part, block, p, i);
      }
    }
  }
}

}  // namespace jensen
