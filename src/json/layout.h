// Writing JSON that people read.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace jensen {

/// The text of a file: a row of numbers stays on one line, only what holds rows is spread over several. NaN and
/// infinities come out as null.
std::string file_text(const nlohmann::ordered_json& json);

/// Throws DataError, "file: field[i]: …", for a name that JSON cannot hold.
void refuse_names_beyond_utf8(const std::vector<std::string>& names, const char* field, const std::string& file);

}  // namespace jensen
