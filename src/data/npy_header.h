// The header of an NPY file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jensen {

struct NpyHeader {
  std::string type;  ///< "[...]" for records with named fields
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;
};

/// Reads a Python dictionary with the keys descr, fortran_order and shape, and no other Python. nullopt where the text
/// is anything else.
std::optional<NpyHeader> parse_npy_header(std::string_view text);

}  // namespace jensen
