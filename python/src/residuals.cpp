// Pseudo-residuals of chains and mixtures.
#include <nanobind/stl/string.h>

#include <jensen/model_residuals.h>

#include <span>
#include <vector>

#include "arrays.h"
#include "model.h"

namespace jensen::python {

namespace {

nb::object residuals(const ModelFile& file, const Table& table, int column, int threads) {
  std::vector<double> all(static_cast<std::size_t>(table.rows()));
  {
    const nb::gil_scoped_release unlocked;
    visit_in_parallel(table, threads, [&](const Block& block) {
      pseudo_residuals(
          file, block, column,
          std::span(all).subspan(static_cast<std::size_t>(block.first_row), static_cast<std::size_t>(block.rows())));
    });
  }
  const std::size_t rows = all.size();
  return array(std::move(all), {rows});
}

}  // namespace

void bind_residuals(nb::module_& module) {
  module.def("pseudo_residuals", &residuals, nb::arg("model"), nb::arg("table"), nb::arg("column"), nb::arg("threads"));
}

}  // namespace jensen::python
