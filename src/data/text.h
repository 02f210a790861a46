// Numbers and excerpts of foreign text as they appear in files and messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jensen {

/// The shortest text that reads back as the same double.
std::string shortest(double value);

/// 'text' in single quotes for a message: control characters and bytes that are not UTF-8 escaped, cut at about 40
/// characters.
std::string excerpt(std::string_view text);

/// "a, b, c", at most `most` names, then how many more there are.
std::string listing(const std::vector<std::string>& names, std::size_t most = 20);

}  // namespace jensen
