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

// "a|b" is a set of labels.
std::vector<std::string_view> parts(std::string_view cell) {
  std::vector<std::string_view> result;
  for (std::size_t begin = 0; begin <= cell.size();) {
    const auto end = std::min(cell.find('|', begin), cell.size());
    result.push_back(trimmed(cell.substr(begin, end - begin)));
    begin = end + 1;
  }
  return result;
}

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
  // The single labels, and of which ones each distinct cell is made.
  std::vector<Label> labels;
  std::unordered_map<std::string, std::int32_t> label_of;
  std::vector<std::vector<std::int32_t>> made_of(code_of_.size());
  bool numbers = true;
  for (const auto& [cell, code] : code_of_) {
    for (const std::string_view part : parts(cell)) {
      if (part.empty()) throw DataError(where + ": the label " + excerpt(cell) + " names nothing on one side of |");
      const auto [at, added] = label_of.emplace(std::string(part), static_cast<std::int32_t>(labels.size()));
      made_of[static_cast<std::size_t>(code)].push_back(at->second);
      if (!added) continue;
      labels.push_back({0, std::string(part), at->second});
      numbers = read_number(part, labels.back().value) == CellKind::number && numbers;
    }
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
  // Set k is state k alone; sets of several follow.
  const auto count = static_cast<std::size_t>(states);
  sets_ = {states, std::vector<std::uint8_t>(count * count, 0)};
  for (std::size_t k = 0; k < count; ++k) sets_.allowed[k * count + k] = 1;
  std::vector<std::int32_t> set_of;
  for (const auto& members : made_of) {
    if (members.size() == 1) {
      set_of.push_back(state_of[static_cast<std::size_t>(members[0])]);
      continue;
    }
    set_of.push_back(sets_.sets());
    sets_.allowed.resize(sets_.allowed.size() + count, 0);
    for (const std::int32_t label : members) {
      const auto state = static_cast<std::size_t>(state_of[static_cast<std::size_t>(label)]);
      sets_.allowed[sets_.allowed.size() - count + state] = 1;
    }
  }
  for (std::int32_t& code : codes_) code = code < 0 ? -1 : set_of[static_cast<std::size_t>(code)];
  return states_themselves ? std::vector<std::string>{} : names;
}

}  // namespace jensen
