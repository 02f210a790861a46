#include "json/field.h"

#include <cmath>
#include <set>

#include "data/text.h"

namespace jensen {

nlohmann::json parse_json(std::string_view text, const std::string& file) {
  std::vector<std::set<std::string>> keys;
  const auto refuse_twins = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    if (event == nlohmann::json::parse_event_t::object_start) keys.emplace_back();
    if (event == nlohmann::json::parse_event_t::object_end) keys.pop_back();
    if (event == nlohmann::json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) {
      throw DataError(file + ": the field " + excerpt(value.get<std::string>()) + " comes twice");
    }
    return true;
  };
  try {
    return nlohmann::json::parse(text.begin(), text.end(), refuse_twins);
  } catch (const nlohmann::json::exception& error) {
    std::string problem = error.what();
    problem.erase(0, problem.find("] ") == std::string::npos ? 0 : problem.find("] ") + 2);
    throw DataError(file + ": cannot be read as JSON: " + problem.substr(0, 200));
  }
}

std::vector<std::string> names(const Field& field, std::size_t size, const char* of, bool may_be_empty) {
  field.array_of(size, of);
  std::vector<std::string> result;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < size; ++i) {
    result.push_back(field[i].text());
    if (result.back().empty() && may_be_empty) continue;
    if (result.back().empty()) field[i].refuse("is empty");
    if (!seen.insert(result.back()).second) field[i].refuse(excerpt(result.back()) + " comes twice");
  }
  return result;
}

std::vector<double> weights(const Field& field) {
  std::vector<double> result;
  double total = 0;
  for (std::size_t k = 0, size = field.array("numbers"); k < size; ++k) {
    result.push_back(field[k].number());
    if (!(result[k] >= 0)) field[k].refuse(fmt::format("must be ≥ 0, got {}", result[k]));
    total += result[k];
  }
  if (!(std::abs(total - 1) <= 1e-9)) field.refuse(fmt::format("must sum to 1, but sum to {}", total));
  return result;
}

}  // namespace jensen
