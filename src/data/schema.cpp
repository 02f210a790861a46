#include <jensen/data/schema.h>
#include <jensen/error.h>

#include <algorithm>
#include <set>

#include "data/text.h"

namespace jensen {

namespace {

constexpr std::string_view special = ",:()[]+=\"";

std::string_view without_spaces(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool at_end() {
    skip();
    return at_ == text_.size();
  }
  char peek() { return at_end() ? '\0' : text_[at_]; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c, const char* where) {
    if (!take(c)) refuse(std::string("expected '") + c + "' " + where);
  }

  // A name or a word: quoted, or up to the next special character.
  std::string word(const char* of) {
    skip();
    std::string result;
    if (at_ < text_.size() && text_[at_] == '"') {
      for (++at_;; ++at_) {
        if (at_ == text_.size()) refuse("a quote does not close");
        if (text_[at_] != '"') {
          result += text_[at_];
        } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
          result += text_[at_++];
        } else {
          break;
        }
      }
      ++at_;
    } else {
      const auto end = std::min(text_.find_first_of(special, at_), text_.size());
      result = without_spaces(text_.substr(at_, end - at_));
      at_ = end;
    }
    if (result.empty()) refuse(std::string(of) + " is empty");
    return result;
  }

  [[noreturn]] void refuse(const std::string& problem) {
    const std::string_view rest = text_.substr(at_);
    throw ArgumentError("schema", "columns", problem + (rest.empty() ? " at the end" : " before " + excerpt(rest)));
  }

 private:
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  std::string_view text_;
  std::size_t at_ = 0;
};

void read_options(Reader& reader, SchemaPart& part) {
  if (!reader.take('(')) return;
  do {
    std::string name = reader.word("an option");
    std::string value = reader.take('=') ? reader.word("an option's value") : std::string();
    if (part.option(name) != nullptr) reader.refuse("the option " + excerpt(name) + " comes twice");
    part.options.emplace_back(std::move(name), std::move(value));
  } while (reader.take(','));
  reader.expect(')', "after the options");
}

SchemaPart read_item(Reader& reader) {
  SchemaPart part;
  std::string upper;
  if (reader.take('(')) {
    do {
      part.columns.push_back(reader.word("a column's name"));
    } while (reader.take(','));
    reader.expect(')', "after the columns");
  } else if (reader.take('[')) {
    part.columns.push_back(reader.word("a column's name"));
    reader.expect(',', "between the two ends");
    upper = reader.word("a column's name");
    reader.expect(']', "after the two ends");
  } else {
    do {
      part.columns.push_back(reader.word("a column's name"));
    } while (reader.take('+'));
  }
  const bool joint = part.columns.size() > 1 || !upper.empty();
  if (reader.take(':')) {
    part.kind = reader.word("a kind");
    read_options(reader, part);
  } else if (joint) {
    reader.refuse("expected ':' and a kind after " + listing(part.columns));
  }
  if (!upper.empty()) {
    if (part.option("upper") != nullptr) reader.refuse("the upper end is said twice");
    part.options.emplace_back("upper", upper);
  }
  return part;
}

std::string quoted(const std::string& name) {
  if (name.find_first_of(special) == std::string::npos && without_spaces(name) == name && !name.empty()) return name;
  std::string text = "\"";
  for (char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

}  // namespace

const std::string* SchemaPart::option(std::string_view name) const {
  for (const auto& [own, value] : options) {
    if (own == name) return &value;
  }
  return nullptr;
}

Schema parse_schema(std::string_view text, std::string_view default_kind) {
  Reader reader(text);
  Schema schema;
  do {
    schema.push_back(read_item(reader));
  } while (reader.take(','));
  if (!reader.at_end()) reader.refuse("expected ',' or the end");
  std::set<std::string> seen;
  const SchemaPart* without = nullptr;
  bool any_kind = false;
  for (const auto& part : schema) {
    for (const auto& name : part.columns) {
      if (!seen.insert(name).second) throw ArgumentError("schema", "columns", excerpt(name) + " comes twice");
    }
    if (part.kind.empty()) without = &part;
    any_kind = any_kind || !part.kind.empty();
  }
  if (without == nullptr) return schema;
  if (any_kind) {
    throw ArgumentError(
        "schema", "columns",
        excerpt(without->columns[0]) + " has no kind, others have: say " + without->columns[0] + ":KIND");
  }
  SchemaPart all;
  all.kind = default_kind;
  for (auto& part : schema) all.columns.push_back(std::move(part.columns[0]));
  return {all};
}

std::string to_string(const Schema& schema) {
  std::string text;
  for (const auto& part : schema) {
    text += text.empty() ? "" : ", ";
    for (std::size_t j = 0; j < part.columns.size(); ++j) text += (j > 0 ? "+" : "") + quoted(part.columns[j]);
    text += ":" + part.kind;
    for (std::size_t i = 0; i < part.options.size(); ++i) {
      const auto& [name, value] = part.options[i];
      text += (i == 0 ? "(" : ", ") + quoted(name) + (value.empty() ? "" : "=" + quoted(value));
    }
    text += part.options.empty() ? "" : ")";
  }
  return text;
}

}  // namespace jensen
