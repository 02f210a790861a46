// Columns that are lags of others.
#include <jensen/data/formula.h>
#include <jensen/data/lags.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <algorithm>

#include "data_source.h"

void shift_lags(LoadedData& data, const jensen::Schema& schema, const std::vector<std::string>& gate,
                const std::string& file) {
  if (data.lags.empty()) return;
  const auto columns = jensen::columns_of(schema, gate);
  const auto place = [&](const std::string& name) {
    return static_cast<int>(std::find(columns.begin(), columns.end(), name) - columns.begin());
  };
  std::vector<jensen::Lag> lags;
  for (const auto& part : schema) {
    for (const auto& [option, value] : part.options) {
      const int column = place(value);
      if (std::find(data.lags.begin(), data.lags.end(), column) == data.lags.end()) continue;
      lags.push_back({column, jensen::lag_of(value).steps, place(part.columns.front())});
    }
  }
  try {
    data.table = jensen::with_lags(data.table, lags, data.file_rows);
  } catch (const jensen::DataError& error) {
    throw jensen::DataError(fmt::format("{}: {}", file, error.what()));
  }
  data.lags.clear();
}

void refuse_lags(const LoadedData& data) {
  if (data.lags.empty()) return;
  throw jensen::Error(fmt::format("{}: rows of a mixture do not follow one another: jensen fit hidden-markov",
                                  data.table.column_name(data.lags.front())));
}
