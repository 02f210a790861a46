#include "rows_to_come.h"

#include <jensen/data/formula.h>
#include <jensen/error.h>
#include <jensen/models/any_hidden_markov.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "apply_sequences.h"

namespace {

using jensen::DataError;
using jensen::Error;
using jensen::ModelFile;

bool in_continuous_time(const ModelFile& file) {
  return file.get<jensen::AnyHiddenMarkov>()->chain().as<jensen::TimedChain>() != nullptr;
}

std::vector<double> times_of(const std::string& text) {
  std::vector<double> times;
  for (const auto& word : split_list(text, "--times")) {
    double time = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), time);
    if (error != std::errc{} || stop != word.data() + word.size() || !std::isfinite(time)) {
      throw Error(fmt::format("--times: must be numbers, got '{}'", word));
    }
    if (!times.empty() && time <= times.back()) {
      throw Error(fmt::format("--times: must ascend, got {} after {}", time, times.back()));
    }
    times.push_back(time);
  }
  return times;
}

// What is to be said, where it is not.
void check_arguments(const ForecastArguments& a, const ModelFile& file, const Unexplained& unexplained) {
  const bool timed = in_continuous_time(file);
  if (unexplained.told.empty()) {
    if (a.inputs) throw Error("--inputs: does not apply: the model depends on nothing that it does not explain");
    if (a.times) throw Error("--times: does not apply: steps of the model have no times");
    return;
  }
  if (a.times && !timed) throw Error("--times: does not apply: steps of the model have no times");
  if (a.times && a.inputs) throw Error("--times: does not go with --inputs, which hold the times");
  if (a.inputs || (a.times && unexplained.told.size() == 1)) return;
  throw Error(fmt::format("{}: the model says what happens given {}: say with --inputs FILE what that will be{}",
                          a.model, fmt::join(unexplained.told, ", "),
                          timed && unexplained.told.size() == 1 ? ", or with --times" : ""));
}

class Telling {
 public:
  Telling(const ForecastArguments& a, const ModelFile& file, const LoadedData& seen, const Unexplained& unexplained)
      : a_(a), file_(file), seen_(seen), unexplained_(unexplained), names_(names_of_sequences(seen)) {
    if (a.times) times_ = times_of(*a.times);
    if (!a.inputs) return;
    DataArguments arguments = a.data;
    arguments.path = *a.inputs;
    inputs_ = load_inputs(file, arguments, unexplained);
    match();
  }

  RowsToCome rows(std::size_t s) const {
    RowsToCome result(steps(s), static_cast<int>(file_.columns.size()));
    if (inputs_) tell(s, result);
    if (!times_.empty()) {
      std::copy_n(times_.begin(), result.rows(), result.panel().column(place_of(file_, unexplained_.told.front())));
    }
    check_time(s, result);
    for (const auto& f : unexplained_.feedback) {
      for (std::int64_t h = 0; h < std::min<std::int64_t>(f.steps, result.rows()); ++h) {
        result.panel()(h, f.column) = seen(s, f.column, f.steps - h, f.steps);
      }
    }
    return result;
  }

 private:
  // Which sequence of the inputs is which of the data.
  void match() {
    const auto told = inputs_->sequence_names;
    const auto& path = *a_.inputs;
    if (told.empty() && names_.size() > 1) {
      throw DataError(fmt::format("{}: has no column '{}', which says which of {} sequences a row belongs to", path,
                                  a_.data.sequence.value_or(file_.sequence), names_.size()));
    }
    for (const auto& name : told) {
      if (std::find(names_.begin(), names_.end(), name) != names_.end() || seen_.sequence_names.empty()) continue;
      throw DataError(fmt::format("{}: {} has no sequence '{}'", path, a_.data.path, name));
    }
    if (told.size() > 1 && seen_.sequence_names.empty()) {
      throw DataError(fmt::format("{}: has {} sequences, {} is one", path, told.size(), a_.data.path));
    }
    for (const auto& name : names_) {
      const auto found = std::find(told.begin(), told.end(), name);
      if (found == told.end() && !told.empty() && !seen_.sequence_names.empty()) {
        throw DataError(fmt::format("{}: has no row of sequence '{}'", path, name));
      }
      which_.push_back(seen_.sequence_names.empty() || told.empty() ? 0
                                                                    : static_cast<std::size_t>(found - told.begin()));
    }
  }

  std::int64_t steps(std::size_t s) const {
    std::int64_t there = a_.steps.value_or(1);
    if (!times_.empty()) there = std::ssize(times_);
    if (inputs_) {
      const auto begins = inputs_->table.sequences();
      there = begins[which_[s] + 1] - begins[which_[s]];
    }
    if (!a_.steps) return there;
    if (*a_.steps <= there) return *a_.steps;
    throw Error(times_.empty() ? fmt::format("--steps: {} are more than the {} rows{} in {}", *a_.steps, there,
                                             names_.size() > 1 ? " of sequence '" + names_[s] + "'" : "", *a_.inputs)
                               : fmt::format("--steps: {} are more than the {} times", *a_.steps, there));
  }

  void tell(std::size_t s, RowsToCome& rows) const {
    const std::int64_t first = inputs_->table.sequences()[which_[s]];
    check_told(file_, *inputs_, unexplained_, first, rows.rows(), *a_.inputs);
    for (const auto& name : unexplained_.told) {
      const int column = place_of(file_, name);
      const int steps = rows_back(*inputs_, column, name);
      for (std::int64_t h = 0; h < rows.rows(); ++h) {
        rows.panel()(h, column) =
            h < steps ? seen(s, column, steps - h, steps) : inputs_->table.cell(first + h - steps, column);
      }
    }
  }

  // The column `back` rows before the end of what was seen.
  double seen(std::size_t s, int column, std::int64_t back, int steps) const {
    const auto begins = seen_.table.sequences();
    const std::int64_t row = begins[s + 1] - back;
    const auto& name = file_.columns[static_cast<std::size_t>(column)];
    if (row < begins[s] || rows_back(seen_, column, name) == 0) {
      throw DataError(
          fmt::format("{}: sequence {} is too short for {}: it needs {} rows", a_.data.path, names_[s], name, steps));
    }
    const double cell = seen_.table.cell(row, column);
    if (!std::isnan(cell)) return cell;
    throw DataError(fmt::format("{}: row {}, column '{}' is missing, on which the rows to come depend", a_.data.path,
                                seen_.file_rows[static_cast<std::size_t>(row)] + 1, jensen::lag_of(name).column));
  }

  void check_time(std::size_t s, const RowsToCome& rows) const {
    if (!in_continuous_time(file_)) return;
    const int column = place_of(file_, file_.order);
    const double last = seen_.table.cell(seen_.table.sequences()[s + 1] - 1, column);
    if (rows.panel()(0, column) > last) return;
    throw DataError(fmt::format("{}: sequence {} was seen until {} = {}, what comes cannot begin at {}", a_.data.path,
                                names_[s], file_.order, last, rows.panel()(0, column)));
  }

  const ForecastArguments& a_;
  const ModelFile& file_;
  const LoadedData& seen_;
  const Unexplained& unexplained_;
  std::vector<std::string> names_;
  std::vector<double> times_;
  std::optional<LoadedData> inputs_;
  std::vector<std::size_t> which_;
};

}  // namespace

RowsToCome::RowsToCome(std::int64_t rows, int columns)
    : rows_(rows),
      columns_(columns),
      values_(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns),
              std::numeric_limits<double>::quiet_NaN()) {}

std::vector<RowsToCome> rows_to_come(const ForecastArguments& a, const ModelFile& file, const LoadedData& seen,
                                     const Unexplained& unexplained) {
  check_arguments(a, file, unexplained);
  const Telling telling(a, file, seen, unexplained);
  std::vector<RowsToCome> result;
  for (std::size_t s = 0; s + 1 < seen.table.sequences().size(); ++s) result.push_back(telling.rows(s));
  return result;
}
