// What a user wrote in Python, as the engine's threads may hold and call it.
#pragma once

#include <nanobind/nanobind.h>

#include <jensen/concepts.h>
#include <jensen/data/block.h>
#include <jensen/models/parameters.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "arrays.h"

namespace jensen::python {

namespace nb = nanobind;

/// An object of Python's that threads without the interpreter's lock copy, call and drop. Its methods are those of the
/// classes in python/jensen that wrap what the user wrote: they take and return arrays of float64 of agreed shapes.
/// The reference is weak, and the estimator keeps the object: a strong one would close circles (the class's functions
/// know the module, the module the estimator, the estimator the model) that Python's garbage collector cannot see.
class Own {
 public:
  explicit Own(const nb::object& object);

  /// What `method(arguments…)` returns: an array of doubles in C order. An exception of Python's comes out as it is.
  template <class... Arguments>
  std::vector<double> call(const char* method, const Arguments&... arguments) const {
    const nb::gil_scoped_acquire lock;
    return copied(object().attr(method)(in_python(arguments)...));
  }
  /// The same for one number.
  template <class... Arguments>
  double number(const char* method, const Arguments&... arguments) const {
    const nb::gil_scoped_acquire lock;
    return nb::cast<double>(object().attr(method)(in_python(arguments)...));
  }
  /// An attribute that is true or false.
  bool flag(const char* name) const;
  std::string type_name() const;

 private:
  static nb::object in_python(std::span<const double> values);
  static nb::object in_python(const std::vector<double>& values) { return in_python(std::span<const double>(values)); }
  static nb::object in_python(ConstPanel panel);
  static nb::object in_python(const Block& block) { return in_python(block.x); }
  static nb::object in_python(double value) { return nb::float_(value); }
  static nb::object in_python(std::uint64_t value) { return nb::int_(value); }
  static std::vector<double> copied(const nb::object& array);
  nb::object object() const;

  std::shared_ptr<nb::object> weak_;
};

/// Parameters from a list of (name, kind, values, scalar, lower, upper), kind one of Parameters' functions.
Parameters declared(const nb::list& declarations);

/// A seed for NumPy's generator, from a stream of the library's.
std::uint64_t seed_from(Stream& stream);

void bind_own_families(nb::module_& module);
void bind_own_models(nb::module_& module);

}  // namespace jensen::python
