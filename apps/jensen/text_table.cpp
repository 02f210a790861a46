#include "text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string aligned(const std::vector<std::vector<std::string>>& rows, const std::string& margin) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t j = 0; j < row.size(); ++j) widths[j] = std::max(widths[j], width(row[j]));
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = margin;
    for (std::size_t j = 0; j < row.size(); ++j) {
      const std::string padding(widths[j] - width(row[j]), ' ');
      line += j == 0 ? row[j] + padding : "  " + padding + row[j];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string with_deviation(double mean, double deviation) {
  const double order = std::floor(std::log10(deviation));
  const double largest = std::max(std::abs(mean), deviation);
  // Far apart or far from 1, plain decimals would be long rows of digits.
  if (!(order > -5) || !(largest < 1e7)) return fmt::format("{:.6g} ± {:.3g}", mean, deviation);
  const int decimals = std::max(0, 2 - static_cast<int>(order));
  if (std::abs(mean) < 0.5 * std::pow(10, -decimals)) mean = 0;  // not "-0.00"
  return fmt::format("{:.{}f} ± {:.{}f}", mean, decimals, deviation, decimals);
}

std::string brief(double value) { return fmt::format("{:.6g}", value); }

std::string precise(double value) {
  return std::abs(value) < 1e9 ? fmt::format("{:.4f}", value) : fmt::format("{:.12g}", value);
}

std::string counted(double count, const std::string& noun) {
  return fmt::format("{:.10g} {}{}", count, noun, count == 1 ? "" : "s");
}
