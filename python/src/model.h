// A fitted model of any kind as Python holds it: what a model file holds.
#pragma once

#include <nanobind/nanobind.h>

#include <jensen/data/table.h>
#include <jensen/em/model.h>
#include <jensen/model_file.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace jensen::python {

namespace nb = nanobind;

template <LatentModel M>
ModelFile file_of(M model, std::vector<std::string> columns) {
  ModelFile file;
  file.model = std::make_shared<Erased<M>>(std::move(model));
  file.columns = std::move(columns);
  return file;
}

/// The names of the table's columns.
std::vector<std::string> column_names(const Table& table);

void bind_model(nb::module_& module);
void bind_gaussian_mixture(nb::module_& module);
void bind_mixture(nb::module_& module);
void bind_hidden_markov(nb::module_& module);
void bind_residuals(nb::module_& module);
void bind_selection(nb::module_& module);

}  // namespace jensen::python
