#include <jensen/data/csv.h>

#include "data/csv_source.h"

namespace jensen {

std::vector<std::string> columns_of_words(std::string_view text, const std::string& name, const CsvOptions& options) {
  CsvSource source(text, name, options);
  const std::vector<int>& positions = source.columns().data;
  std::vector<bool> words(positions.size(), false);
  std::vector<bool> others(positions.size(), false);
  while (source.next()) {
    for (std::size_t j = 0; j < positions.size(); ++j) {
      if (others[j]) continue;
      double value = 0;
      const CellKind kind = source.cells().read(source.text(positions[j]), value);
      words[j] = words[j] || kind == CellKind::text;
      others[j] = kind != CellKind::text && kind != CellKind::missing;
    }
  }
  std::vector<std::string> names;
  for (std::size_t j = 0; j < positions.size(); ++j) {
    if (words[j] && !others[j]) names.push_back(source.columns().names[static_cast<std::size_t>(positions[j])]);
  }
  return names;
}

}  // namespace jensen
