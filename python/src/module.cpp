// The extension module jensen._core: the library's front doors with arrays and dictionaries for arguments.
#include <nanobind/nanobind.h>

#include <jensen/error.h>

#include "arrays.h"
#include "model.h"
#include "own.h"

namespace nb = nanobind;

namespace {

void raise(const char* name, const jensen::Error& error) {
  const nb::object type = nb::module_::import_("jensen.exceptions").attr(name);
  PyErr_SetString(type.ptr(), error.what());
}

// The library's exceptions as those of jensen.exceptions.
void translate(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const jensen::ArgumentError& error) {
    raise("ArgumentError", error);
  } catch (const jensen::DataError& error) {
    raise("DataError", error);
  } catch (const jensen::UnsupportedError& error) {
    raise("UnsupportedError", error);
  } catch (const jensen::Error& error) {
    raise("Error", error);
  }
}

}  // namespace

NB_MODULE(_core, module) {
  nb::register_exception_translator(translate);
  module.attr("version") = JENSEN_VERSION;
  jensen::python::bind_tables(module);
  jensen::python::bind_model(module);
  jensen::python::bind_gaussian_mixture(module);
  jensen::python::bind_mixture(module);
  jensen::python::bind_hidden_markov(module);
  jensen::python::bind_residuals(module);
  jensen::python::bind_selection(module);
  jensen::python::bind_own_families(module);
  jensen::python::bind_own_models(module);
}
