#include "json/layout.h"

#include <jensen/error.h>

#include <fmt/format.h>

#include "data/text.h"

namespace jensen {

namespace {

using Json = nlohmann::ordered_json;

std::string layout(const Json& value, const std::string& margin) {
  const bool spread = value.is_structured() && !value.empty() && (value.is_object() || value.front().is_structured());
  if (!spread) return value.dump();
  std::string text;
  for (const auto& [key, element] : value.items()) {
    text += text.empty() ? "" : ",";
    text += "\n" + margin + "  " + (value.is_object() ? Json(key).dump() + ": " : "") + layout(element, margin + "  ");
  }
  return (value.is_object() ? "{" : "[") + text + "\n" + margin + (value.is_object() ? "}" : "]");
}

}  // namespace

std::string file_text(const Json& json) { return layout(json, "") + "\n"; }

void refuse_names_beyond_utf8(const std::vector<std::string>& names, const char* field, const std::string& file) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    try {
      (void)Json(names[i]).dump();
    } catch (const Json::exception&) {
      throw DataError(
          fmt::format("{}: {}[{}]: {} is not UTF-8, which a model file needs", file, field, i, excerpt(names[i])));
    }
  }
}

}  // namespace jensen
