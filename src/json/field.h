// Reading JSON that others may have written: a value, the file that it is in and the path to it.
#pragma once

#include <jensen/error.h>

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace jensen {

// Most of the work is naming what is wrong: a value, the file that it is in and the path to it. The path is put
// together only for a message; a field must not outlive the one that it was taken from.
class Field {
 public:
  using Json = nlohmann::json;

  Field(const Json& value, const std::string& file) : value_(value), file_(file) {}

  [[noreturn]] void refuse(const std::string& problem) const {
    const std::string where = path();
    throw DataError(file_ + ": " + (where.empty() ? "" : where + ": ") + problem);
  }
  bool is_null() const { return value_.is_null(); }
  bool has(const char* key) const { return value_.is_object() && value_.contains(key); }
  Field operator[](const char* key) const {
    if (!value_.is_object()) refuse("must be an object");
    if (!value_.contains(key)) Field(value_, *this, key, 0).refuse("is missing");
    return {value_[key], *this, key, 0};
  }
  Field operator[](std::size_t i) const { return {value_[i], *this, nullptr, i}; }

  std::vector<std::string> keys() const {
    if (!value_.is_object()) refuse("must be an object");
    std::vector<std::string> result;
    for (const auto& item : value_.items()) result.push_back(item.key());
    return result;
  }

  bool is_empty_array() const { return value_.is_array() && value_.empty(); }

  /// Elements of an array; what they should be is for the message.
  std::size_t array(const char* of) const {
    if (!value_.is_array() || value_.empty()) refuse(fmt::format("must be an array of {}", of));
    return value_.size();
  }
  void array_of(std::size_t size, const char* of) const {
    if (value_.is_array() && value_.size() == size) return;
    refuse(fmt::format("must be an array of {} {}{}", size, of,
                       value_.is_array() ? fmt::format(", but holds {}", value_.size()) : ""));
  }
  double number() const {
    if (!value_.is_number()) refuse("must be a number");
    return value_.get<double>();  // the parser lets no infinity through
  }
  double number_or_null() const { return is_null() ? std::numeric_limits<double>::quiet_NaN() : number(); }
  std::int64_t integer() const {
    if (!value_.is_number_integer() ||
        (value_.is_number_unsigned() && value_.get<std::uint64_t>() > std::uint64_t{1} << 62)) {
      refuse("must be an integer");
    }
    return value_.get<std::int64_t>();
  }
  int small_integer() const {
    const std::int64_t value = integer();
    if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) refuse("is out of range");
    return static_cast<int>(value);
  }
  std::uint64_t unsigned_integer() const {
    if (!value_.is_number_unsigned()) refuse("must be an integer ≥ 0");
    return value_.get<std::uint64_t>();
  }
  bool boolean() const {
    if (!value_.is_boolean()) refuse("must be true or false");
    return value_.get<bool>();
  }
  const std::string& text() const {
    if (!value_.is_string()) refuse("must be a text");
    return value_.get_ref<const std::string&>();
  }

 private:
  Field(const Json& value, const Field& parent, const char* key, std::size_t index)
      : value_(value), file_(parent.file_), parent_(&parent), key_(key), index_(index) {}

  std::string path() const {
    if (parent_ == nullptr) return {};
    const std::string before = parent_->path();
    if (key_ == nullptr) return fmt::format("{}[{}]", before, index_);
    return before.empty() ? key_ : before + "." + key_;
  }

  const Json& value_;
  const std::string& file_;
  const Field* parent_ = nullptr;
  const char* key_ = nullptr;  // nullptr: an element of an array, at index_
  std::size_t index_ = 0;
};

/// The JSON in `text`; a field that comes twice in an object and anything that is no JSON are a DataError.
nlohmann::json parse_json(std::string_view text, const std::string& file);

/// An array of `size` texts, no two the same. `of` says what they are.
std::vector<std::string> names(const Field& field, std::size_t size, const char* of, bool may_be_empty);
/// Numbers ≥ 0 that sum to 1 within 1e-9.
std::vector<double> weights(const Field& field);

/// What `by_name` makes of a text; its ArgumentError becomes a DataError of the field.
template <class Value, class Named>
Value named(const Field& field, Named by_name) {
  try {
    return by_name(field.text());
  } catch (const ArgumentError& error) {
    field.refuse(error.what());
  }
}

}  // namespace jensen
