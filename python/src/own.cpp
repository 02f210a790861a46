#include "own.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <jensen/error.h>
#include <jensen/math/random.h>

#include <utility>

namespace jensen::python {

Own::Own(const nb::object& object)
    : weak_(new nb::object(nb::module_::import_("weakref").attr("ref")(object)), [](nb::object* held) {
        const nb::gil_scoped_acquire lock;  // the last copy may go on a thread of the engine's
        delete held;
      }) {}

nb::object Own::object() const {
  nb::object found = (*weak_)();
  if (found.is_none()) throw ArgumentError("model", "functions", "are gone with the estimator that held them");
  return found;
}

bool Own::flag(const char* name) const {
  const nb::gil_scoped_acquire lock;
  return nb::cast<bool>(nb::bool_(object().attr(name)));
}

std::string Own::type_name() const {
  const nb::gil_scoped_acquire lock;
  return nb::cast<std::string>(object().type().attr("__name__"));
}

nb::object Own::in_python(std::span<const double> values) {
  return array({values.begin(), values.end()}, {values.size()});
}

nb::object Own::in_python(ConstPanel panel) { return copy_of(panel); }

std::vector<double> Own::copied(const nb::object& array) {
  const auto values = nb::cast<nb::ndarray<const double, nb::c_contig, nb::device::cpu>>(array);
  return {values.data(), values.data() + values.size()};
}

namespace {

void declare(Parameters& theta, const std::string& name, const std::string& kind, const std::vector<double>& values,
             bool scalar, double lower, double upper) {
  const auto add = [&](auto scalar_form, auto vector_form) {
    if (scalar) {
      scalar_form(values.at(0));
    } else {
      vector_form(values);
    }
  };
  if (kind == "real") {
    add([&](double v) { theta.real(name, v); }, [&](const auto& v) { theta.real(name, v); });
  } else if (kind == "positive") {
    add([&](double v) { theta.positive(name, v); }, [&](const auto& v) { theta.positive(name, v); });
  } else if (kind == "probability") {
    add([&](double v) { theta.probability(name, v); }, [&](const auto& v) { theta.probability(name, v); });
  } else if (kind == "interval") {
    add([&](double v) { theta.interval(name, v, lower, upper); },
        [&](const auto& v) { theta.interval(name, v, lower, upper); });
  } else if (kind == "simplex") {
    theta.simplex(name, values);
  } else if (kind == "ordered") {
    theta.ordered(name, values);
  } else if (kind == "covariance") {
    theta.covariance(name, values);
  } else {
    throw ArgumentError("parameters", name, "has the unknown kind '" + kind + "'");
  }
}

}  // namespace

Parameters declared(const nb::list& declarations) {
  Parameters theta;
  for (const nb::handle one : declarations) {
    declare(theta, nb::cast<std::string>(one[0]), nb::cast<std::string>(one[1]), nb::cast<std::vector<double>>(one[2]),
            nb::cast<bool>(one[3]), nb::cast<double>(one[4]), nb::cast<double>(one[5]));
  }
  return theta;
}

std::uint64_t seed_from(Stream& stream) { return stream.bits(); }

}  // namespace jensen::python
