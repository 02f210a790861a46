#include <jensen/data/csv_records.h>
#include <jensen/error.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace jensen {
namespace {

bool blank(char c) { return c == ' ' || c == '\n' || c == '\r'; }

std::string_view without_byte_order_mark(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return text;
}

const char* find(const char* begin, const char* end, char c) {
  if (begin == end) return end;
  const void* found = std::memchr(begin, c, static_cast<std::size_t>(end - begin));
  return found == nullptr ? end : static_cast<const char*>(found);
}

}  // namespace

std::string_view CsvField::text(std::string& scratch) const {
  if (!quoted) return raw;
  const std::string_view inside = raw.substr(1, raw.size() - 2);
  if (inside.find('"') == std::string_view::npos) return inside;
  scratch.clear();
  for (std::size_t i = 0; i < inside.size(); ++i) {
    scratch += inside[i];
    if (inside[i] == '"') ++i;
  }
  return scratch;
}

CsvRecords::CsvRecords(std::string_view text, std::string name, char delimiter)
    : name_(std::move(name)), delimiter_(delimiter) {
  constexpr std::string_view allowed = ",;\t|:!#$%&*/<=>?@\\^_~ ";
  if (allowed.find(delimiter) == std::string_view::npos) {
    throw ArgumentError("CsvRecords", "delimiter",
                        "character " + std::to_string(static_cast<unsigned char>(delimiter)) +
                            " cannot separate fields; take a comma, semicolon, tab, | or another sign");
  }
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    throw DataError(name_ + ": the text is UTF-16; save it as UTF-8");
  }
  for (const char c : {delimiter, '"', '\r', '\n', '\0'}) special_[static_cast<unsigned char>(c)] = true;
  text = without_byte_order_mark(text);
  at_ = text.data();
  text_end_ = end_ = text.data() + text.size();
  // Blank lines at both ends are cut off once: to look ahead from each of them would take quadratic time.
  while (end_ != at_ && blank(end_[-1])) --end_;
  if (end_ != at_) end_ = find(end_, text_end_, '\n');
  if (end_ != at_ && end_ != text_end_) ++end_;
  for (const char* line = at_; line != end_;) {
    const char* first = std::find_if_not(line, end_, [](char c) { return c == ' ' || c == '\r'; });
    if (first == end_ || *first != '\n') break;
    at_ = line = first + 1;
    ++next_line_;
  }
  record_ = at_;
}

bool CsvRecords::next() {
  record_ = at_;
  fields_.clear();
  if (at_ == end_) return false;
  line_ = next_line_;
  while (read_field()) {
  }
  return true;
}

// Leaves at_ behind the delimiter or the line end; true when another field follows.
bool CsvRecords::read_field() {
  if (at_ != end_ && *at_ == '"') {
    read_quoted();
  } else {
    read_plain();
  }
  if (at_ == end_) {
    ++next_line_;
    return false;
  }
  if (*at_ == delimiter_) {
    ++at_;
    return true;
  }
  if (*at_ == '\r' && ++at_ != end_ && *at_ != '\n') {
    refuse(next_line_, "a carriage return that no line feed follows; end lines with LF or CRLF");
  }
  if (at_ != end_) ++at_;
  ++next_line_;
  return false;
}

void CsvRecords::read_plain() {
  const char* p = at_;
  while (p != end_ && !special_[static_cast<unsigned char>(*p)]) ++p;
  fields_.push_back({{at_, static_cast<std::size_t>(p - at_)}, false});
  at_ = p;
  if (p == end_) return;
  if (*p == '\0') refuse(next_line_, "a NUL byte; the file is not text");
  if (*p == '"') {
    refuse(next_line_,
           "a quote (\") inside a field that does not begin with one; quote the field and double the quote");
  }
}

void CsvRecords::read_quoted() {
  const char* open = at_;
  const std::int64_t opened_on = next_line_;
  const char* close = find(open + 1, end_, '"');
  while (close != end_ && close + 1 != end_ && close[1] == '"') close = find(close + 2, end_, '"');
  if (close == end_) refuse(opened_on, "a quoted field begins here and never ends");
  if (find(open, close, '\0') != close) refuse(opened_on, "a NUL byte; the file is not text");
  next_line_ += std::count(open, close, '\n');
  at_ = close + 1;
  fields_.push_back({{open, static_cast<std::size_t>(at_ - open)}, true});
  if (at_ != end_ && *at_ != delimiter_ && *at_ != '\r' && *at_ != '\n') {
    refuse(next_line_, "text between a closing quote (\") and the end of its field");
  }
}

void CsvRecords::refuse(std::int64_t line, const std::string& problem) const {
  throw DataError(name_ + ": line " + std::to_string(line) + ": " + problem);
}

char CsvRecords::detect_delimiter(std::string_view text, std::string_view name) {
  if (name.ends_with(".tsv") || name.ends_with(".tab")) return '\t';
  text = without_byte_order_mark(text);
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \r\n")));
  bool quoted = false, commas = false, tabs = false, semicolons = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n') break;
    commas |= c == ',';
    tabs |= c == '\t';
    semicolons |= c == ';';
  }
  if (commas) return ',';
  return tabs ? '\t' : semicolons ? ';' : ',';
}

}  // namespace jensen
