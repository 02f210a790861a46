// Pseudo-residuals of chains and mixtures.
#include <nanobind/stl/string.h>

#include <jensen/error.h>
#include <jensen/math/normal_quantile.h>
#include <jensen/models/any_mixture.h>
#include <jensen/models/forecast.h>
#include <jensen/models/gaussian_mixture.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "arrays.h"
#include "model.h"

namespace jensen::python {

namespace {

// Φ⁻¹(½ F(x−) + ½ F(x)), F the distribution function of the column in the mixture.
void of_rows(const MixedMarginal& mixture, const Block& x, int column, std::span<double> out) {
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    const double cell = x.x(i, column);
    double& residual = out[static_cast<std::size_t>(i)];
    residual = std::numeric_limits<double>::quiet_NaN();
    if (std::isnan(cell)) continue;
    residual = normal_quantile(std::clamp((mixture.below(cell) + mixture.up_to(cell)) / 2, 0.0, 1.0));
  }
}

MixedMarginal marginal_in(const ModelFile& file, int column) {
  if (const auto* mixture = file.get<AnyMixture>())
    return column_forecast(mixture->emissions(), mixture->weights(), column);
  if (const auto* mixture = file.get<GaussianMixture>())
    return column_forecast(mixture->emissions(), mixture->weights(), column);
  throw UnsupportedError(file.model->name(), "say how each row is distributed alone", "a residual");
}

nb::object residuals(const ModelFile& file, const Table& table, int column, int threads) {
  const auto* chain = file.get<AnyHiddenMarkov>();
  std::vector<double> all(static_cast<std::size_t>(table.rows()));
  {
    const nb::gil_scoped_release unlocked;
    const auto of_block = [&](const Block& block) {
      return std::span(all).subspan(static_cast<std::size_t>(block.first_row), static_cast<std::size_t>(block.rows()));
    };
    if (chain != nullptr) {
      visit_in_parallel(table, threads,
                        [&](const Block& block) { pseudo_residuals(*chain, block, column, of_block(block)); });
    } else {
      const MixedMarginal mixture = marginal_in(file, column);
      visit_in_parallel(table, threads, [&](const Block& block) { of_rows(mixture, block, column, of_block(block)); });
    }
  }
  const std::size_t rows = all.size();
  return array(std::move(all), {rows});
}

}  // namespace

void bind_residuals(nb::module_& module) {
  module.def("pseudo_residuals", &residuals, nb::arg("model"), nb::arg("table"), nb::arg("column"), nb::arg("threads"));
}

}  // namespace jensen::python
