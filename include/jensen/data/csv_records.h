// Records and fields of separated text (RFC 4180), where they lie in memory.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jensen {

/// A field as it lies in the text.
struct CsvField {
  std::string_view raw;  ///< as written, with its quotes
  bool quoted = false;

  /// The content: without quotes, doubled quotes made single. `scratch` holds it where it differs from the text.
  std::string_view text(std::string& scratch) const;
};

/// Reads one record after another. Accepted: fields in double quotes with delimiters, line ends and doubled quotes
/// inside; line ends LF or CRLF, also missing after the last record; a UTF-8 byte order mark. Lines that are empty or
/// blank before the first record and after the last are skipped; one in between is a record with one field.
///
/// Malformed text is a DataError that names the text and the line: a quoted field that never ends, anything between a
/// closing quote and the next delimiter, a quote inside a field that does not begin with one, a carriage return that no
/// line feed follows, a NUL byte.
class CsvRecords {
 public:
  /// Reads `text`, which must outlive the object; `name` stands for it in messages. Throws DataError for UTF-16 text
  /// and ArgumentError for a delimiter that may be part of a number, a quote or a line end.
  CsvRecords(std::string_view text, std::string name, char delimiter);

  /// Moves to the next record; false when there is none.
  bool next();
  /// Fields of the current record; valid until next() is called.
  std::span<const CsvField> fields() const { return fields_; }
  /// Line, counted from 1, on which the current record begins.
  std::int64_t line() const { return line_; }
  const std::string& name() const { return name_; }
  char delimiter() const { return delimiter_; }
  /// The text from the current record on.
  std::string_view remaining() const { return {record_, static_cast<std::size_t>(text_end_ - record_)}; }

  /// The text behind the current record, up to the blank lines at the end.
  std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }
  /// Moves to the next record, of which the caller has found out that it is one line without quotes, NUL bytes or a
  /// carriage return that no line feed follows, and takes `length` bytes of rest() with its line feed. Its fields() are
  /// not there.
  void pass_over(std::size_t length) {
    record_ = at_;
    fields_.clear();
    at_ += length;
    line_ = next_line_++;
  }

  /// Tab where the name ends in .tsv or .tab, or where the first line has tabs and no commas; semicolon where it has
  /// semicolons and no commas; else comma. What lies in quotes does not count.
  static char detect_delimiter(std::string_view text, std::string_view name);

 private:
  bool read_field();
  void read_plain();
  void read_quoted();
  [[noreturn]] void refuse(std::int64_t line, const std::string& problem) const;

  std::string name_;
  char delimiter_;
  std::array<bool, 256> special_{};
  const char* record_;
  const char* at_;
  const char* end_;
  const char* text_end_;
  std::int64_t line_ = 0;
  std::int64_t next_line_ = 1;
  std::vector<CsvField> fields_;
};

}  // namespace jensen
