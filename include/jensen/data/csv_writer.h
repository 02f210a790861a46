// Writing separated text.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string_view>

namespace jensen {

/// Writes CSV field by field:
///
///     CsvWriter csv(out);
///     csv.field("row").field("log_density").end_record();
///     csv.field(1).field(-2.5).end_record();
///
/// Text is quoted where it needs to be. A double is written in the shortest form that reads back the same; NaN as NA,
/// infinities as inf and -inf. Lines end with LF. The state of `out` is the caller's to check.
class CsvWriter {
 public:
  /// Throws ArgumentError for a delimiter that CsvRecords would not read.
  explicit CsvWriter(std::ostream& out, char delimiter = ',');

  CsvWriter& field(std::string_view text);
  CsvWriter& field(const char* text) { return field(std::string_view(text)); }
  CsvWriter& field(double value);
  CsvWriter& field(std::int64_t value);
  CsvWriter& field(int value) { return field(std::int64_t{value}); }
  void end_record();

 private:
  void begin_field();

  std::ostream& out_;
  char delimiter_;
  bool in_record_ = false;
};

}  // namespace jensen
