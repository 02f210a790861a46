// A fit's options from the keyword arguments that Python hands on.
#pragma once

#include <nanobind/nanobind.h>

#include <jensen/em/options.h>

namespace jensen::python {

namespace nb = nanobind;

/// from_data() with what the dictionary says otherwise. Throws ArgumentError for a name or value that does not exist.
Options options_from(const nb::dict& arguments);

}  // namespace jensen::python
