#include "uncertainty_json.h"

#include <string>

namespace jensen {

namespace {

using Json = nlohmann::ordered_json;

std::string reason_key(const char* name) { return std::string(name) + "_not_available"; }

void write(Json& json, const char* name, const Available& number) {
  json[name] = number ? Json(*number) : Json();
  if (!number) json[reason_key(name)] = number.why_not;
}

Available read(const Field& field, const char* name) {
  const Field value = field[name];
  if (!value.is_null()) return Available::number(value.number());
  return Available::not_available(field[reason_key(name).c_str()].text());
}

}  // namespace

Json uncertainty_fields(const UncertaintySummary& summary) {
  Json json;
  json["method"] = to_string(summary.method);
  json["intervals"] = to_string(summary.intervals);
  json["level"] = summary.level;
  if (summary.replicates > 0) {
    json["replicates"] = summary.replicates;
    json["failed"] = summary.failed;
  } else {
    json["gain_left"] = summary.gain_left;
  }
  json["parameters"] = Json::array();
  for (const auto& p : summary.parameters) {
    Json row{{"name", p.name}, {"estimate", p.estimate}};
    write(row, "standard_error", p.standard_error);
    write(row, "lower", p.interval.lower);
    write(row, "upper", p.interval.upper);
    json["parameters"].push_back(std::move(row));
  }
  return json;
}

UncertaintySummary uncertainty_summary(const Field& field) {
  UncertaintySummary summary;
  summary.method = named<StandardErrorMethod>(field["method"], standard_error_method_named);
  summary.intervals = named<IntervalKind>(field["intervals"], interval_kind_named);
  summary.level = field["level"].number();
  summary.gain_left = std::numeric_limits<double>::quiet_NaN();
  if (field.has("replicates")) {
    summary.replicates = field["replicates"].small_integer();
    summary.failed = field["failed"].small_integer();
  } else {
    summary.gain_left = field["gain_left"].number_or_null();
  }
  const Field list = field["parameters"];
  for (std::size_t i = 0, size = list.array("parameters"); i < size; ++i) {
    const Field row = list[i];
    summary.parameters.push_back({row["name"].text(),
                                  row["estimate"].number(),
                                  read(row, "standard_error"),
                                  {read(row, "lower"), read(row, "upper")}});
  }
  return summary;
}

}  // namespace jensen
