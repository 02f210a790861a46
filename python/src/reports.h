// What fits report, as dictionaries, lists and arrays.
#pragma once

#include <nanobind/nanobind.h>

#include <jensen/em/criteria.h>
#include <jensen/em/inference/diagnosis.h>
#include <jensen/em/inference/uncertainty_summary.h>
#include <jensen/em/result.h>
#include <jensen/fit_summary.h>

namespace jensen::python {

namespace nb = nanobind;

nb::dict to_python(const Report& report, int states);
nb::dict to_python(const FitSummary& fit);
nb::dict to_python(const UncertaintySummary& summary);
nb::dict to_python(const Diagnosis& diagnosis);
/// Adds them under their names.
void put_criteria(nb::dict& target, const Criteria& criteria);

}  // namespace jensen::python
