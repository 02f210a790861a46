#include "data/npy_header.h"

#include <charconv>

namespace jensen {
namespace {

class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  std::optional<NpyHeader> parse() {
    NpyHeader header;
    bool type = false, order = false, shape = false;
    if (!take('{')) return std::nullopt;
    while (!take('}')) {
      std::string key;
      if (!read_string(key) || !take(':')) return std::nullopt;
      bool* seen = key == "descr" ? &type : key == "fortran_order" ? &order : key == "shape" ? &shape : nullptr;
      if (seen == nullptr || *seen) return std::nullopt;
      *seen = true;
      const bool read = seen == &type  ? read_type(header.type)
                      : seen == &order ? read_bool(header.fortran_order)
                                       : read_shape(header.shape);
      if (!read) return std::nullopt;
      if (!take(',') && peek() != '}') return std::nullopt;
    }
    if (peek() != '\0' || !text_.empty() || !type || !order || !shape) return std::nullopt;
    return header;
  }

 private:
  char peek() {
    const std::size_t space = text_.find_first_not_of(" \t\r\n");
    text_.remove_prefix(space == std::string_view::npos ? text_.size() : space);
    return text_.empty() ? '\0' : text_.front();
  }
  bool take(char c) {
    if (peek() != c || text_.empty()) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool take_word(std::string_view word) {
    peek();
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }

  bool read_string(std::string& value) {
    const char quote = peek();
    if (quote != '\'' && quote != '"') return false;
    const std::size_t end = text_.find(quote, 1);
    if (end == std::string_view::npos) return false;
    value = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return value.find('\\') == std::string::npos;
  }
  // A list describes records with named fields; what follows it does not matter, for they are refused.
  bool read_type(std::string& type) {
    if (peek() != '[') return read_string(type);
    type = "[...]";
    const std::size_t end = text_.rfind(']');
    if (end == std::string_view::npos) return false;
    text_.remove_prefix(end + 1);
    return true;
  }
  bool read_bool(bool& value) {
    value = take_word("True");
    return value || take_word("False");
  }
  bool read_shape(std::vector<std::uint64_t>& shape) {
    if (!take('(')) return false;
    bool comma = true;
    while (!take(')')) {
      peek();
      std::uint64_t length = 0;
      const auto [stop, error] = std::from_chars(text_.data(), text_.data() + text_.size(), length);
      if (!comma || error != std::errc{}) return false;
      text_.remove_prefix(static_cast<std::size_t>(stop - text_.data()));
      shape.push_back(length);
      comma = take(',');
    }
    return shape.size() != 1 || comma;  // Python reads (3) as a number
  }

  std::string_view text_;
};

}  // namespace

std::optional<NpyHeader> parse_npy_header(std::string_view text) { return HeaderParser(text).parse(); }

}  // namespace jensen
