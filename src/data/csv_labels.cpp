#include "data/csv_labels.h"

#include <jensen/error.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "data/csv_cells.h"
#include "data/text.h"

namespace jensen {
namespace {

struct Label {
  double value = 0;  // 0 for all where not all are numbers
  std::string text;
  std::int32_t code = 0;
};

}  // namespace

void CsvLabels::add(std::string_view label) {
  label = trimmed(label);
  auto found = code_of_.find(label);
  if (found == code_of_.end()) {
    found = code_of_.emplace(std::string(label), static_cast<std::int32_t>(code_of_.size())).first;
  }
  codes_.push_back(found->second);
}

std::vector<std::string> CsvLabels::settle(int states, const std::string& where) {
  std::vector<Label> labels;
  bool numbers = true;
  for (const auto& [text, code] : code_of_) {
    labels.push_back({0, text, code});
    numbers = read_number(text, labels.back().value) == CellKind::number && numbers;
  }
  if (!numbers) {
    for (Label& label : labels) label.value = 0;
  }
  const auto same = [&](const Label& a, const Label& b) { return numbers ? a.value == b.value : a.text == b.text; };
  const bool states_themselves =
      numbers && std::all_of(labels.begin(), labels.end(), [&](const Label& label) {
        return label.value >= 0 && label.value < states && label.value == std::floor(label.value);
      });
  std::sort(labels.begin(), labels.end(),
            [](const Label& a, const Label& b) { return std::tie(a.value, a.text) < std::tie(b.value, b.text); });
  std::vector<std::int32_t> state_of(labels.size());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (i == 0 || !same(labels[i - 1], labels[i])) names.push_back(labels[i].text);
    const auto rank = static_cast<std::int32_t>(names.size()) - 1;
    state_of[static_cast<std::size_t>(labels[i].code)] =
        states_themselves ? static_cast<std::int32_t>(labels[i].value) : rank;
  }
  if (!states_themselves && names.size() > static_cast<std::size_t>(states)) {
    throw DataError(where + ": there are " + std::to_string(names.size()) + " distinct labels (" + listing(names, 6) +
                    ") for " + std::to_string(states) +
                    " states; a label that means \"unknown\" must be one of the missing markers");
  }
  for (std::int32_t& code : codes_) code = code < 0 ? -1 : state_of[static_cast<std::size_t>(code)];
  return states_themselves ? std::vector<std::string>{} : names;
}

}  // namespace jensen
