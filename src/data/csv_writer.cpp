#include <jensen/data/csv_records.h>
#include <jensen/data/csv_writer.h>

#include <cmath>
#include <ostream>
#include <string>

#include "data/text.h"

namespace jensen {

CsvWriter::CsvWriter(std::ostream& out, char delimiter) : out_(out), delimiter_(delimiter) {
  // The reader knows what can separate fields.
  CsvRecords({}, {}, delimiter);
}

void CsvWriter::begin_field() {
  if (in_record_) out_.put(delimiter_);
  in_record_ = true;
}

CsvWriter& CsvWriter::field(std::string_view text) {
  begin_field();
  // An empty field must not become a blank line, nor spaces at either end be lost to a reader that trims.
  const bool quote = text.empty() || text.front() == ' ' || text.back() == ' ' ||
                     text.find_first_of("\"\r\n\t") != std::string_view::npos ||
                     text.find(delimiter_) != std::string_view::npos || text.starts_with("\xef\xbb\xbf");
  if (!quote) {
    out_ << text;
    return *this;
  }
  out_.put('"');
  for (const char c : text) {
    if (c == '"') out_.put('"');
    out_.put(c);
  }
  out_.put('"');
  return *this;
}

CsvWriter& CsvWriter::field(double value) {
  begin_field();
  out_ << (std::isnan(value) ? "NA" : shortest(value));
  return *this;
}

CsvWriter& CsvWriter::field(std::int64_t value) {
  begin_field();
  out_ << std::to_string(value);
  return *this;
}

void CsvWriter::end_record() {
  out_.put('\n');
  in_record_ = false;
}

}  // namespace jensen
