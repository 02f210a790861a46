// Cells that are words, as the numbers of their levels.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace jensen {

class CsvLevels {
 public:
  /// No levels yet: add() them, then settle().
  CsvLevels() = default;
  explicit CsvLevels(std::vector<std::string> names);

  void add(std::string_view word);
  /// Puts them in their order: as numbers where all of them are (and equal numbers are one level), else as text.
  void settle();

  const std::vector<std::string>& names() const { return names_; }
  /// −1 where the word is no level.
  int code(std::string_view word) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  std::vector<std::string> names_;
  std::unordered_map<std::string, int, Hash, std::equal_to<>> code_of_;
  std::vector<double> values_;  // of the names, where all are numbers; else empty
};

}  // namespace jensen
