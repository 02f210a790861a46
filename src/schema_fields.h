// What files of models over columns that a schema describes have in common.
#pragma once

#include <jensen/model_file.h>

#include "json/field.h"

namespace jensen {

nlohmann::ordered_json schema_fields(const Schema& schema);
/// "factors": [{"column": "sex", "levels": ["f", "m"]}, …], where there are some.
void add_factors(const ModelFile& file, nlohmann::ordered_json& json);
nlohmann::ordered_json parameter_fields(const std::vector<std::string>& names, const std::vector<double>& values);

/// "schema", "factors", "columns", "component_names" and "fit" into the file; returns the number in the field `states`.
int read_columns(const Field& top, const char* states, ModelFile& file);
/// The numbers of "parameters", which must have these names and no others.
std::vector<double> read_parameters(const Field& top, const std::vector<std::string>& names);

/// What `make` returns; its ArgumentError becomes a DataError of the field.
template <class Make>
auto checked(const Field& field, Make make) {
  try {
    return make();
  } catch (const ArgumentError& error) {
    field.refuse(error.what());
  }
}

}  // namespace jensen
