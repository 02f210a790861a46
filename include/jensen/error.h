// What jensen throws. The library never prints and never aborts; a fit that does not converge is a result, not an
// error.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace jensen {

/// Base of everything that jensen throws on purpose.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An argument that cannot be used. what() reads "function: argument: problem".
class ArgumentError : public Error {
 public:
  ArgumentError(std::string_view function, std::string_view argument, std::string_view problem)
      : Error(std::string(function) + ": " + std::string(argument) + ": " + std::string(problem)) {}
};

/// Data that cannot be used: what() names the file, row, column or cell.
class DataError : public Error {
 public:
  using Error::Error;
};

/// Something asked of a model that it cannot do. what() reads "model cannot capability, which needed_by needs".
class UnsupportedError : public Error {
 public:
  UnsupportedError(std::string_view model, std::string_view capability, std::string_view needed_by)
      : Error(std::string(model) + " cannot " + std::string(capability) + ", which " + std::string(needed_by) +
              " needs") {}
};

}  // namespace jensen
