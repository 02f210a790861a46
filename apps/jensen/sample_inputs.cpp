#include "sample_inputs.h"

#include <jensen/data/csv_writer.h>
#include <jensen/data/formula.h>
#include <jensen/em/options.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>
#include <jensen/models/any_grouped_mixture.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "apply_sequences.h"
#include "fitting.h"
#include "inputs.h"
#include "output.h"
#include "reading.h"
#include "sequences.h"

namespace {

using jensen::DataError;
using jensen::Error;
using jensen::ModelFile;
using jensen::Panel;

Unexplained unexplained_of(const ModelFile& file, const SampleArguments& a) {
  Unexplained unexplained = unexplained_columns(file, lag_columns(file), a.model + ": cannot be sampled");
  unexplained.told.insert(unexplained.told.end(), unexplained.first.begin(), unexplained.first.end());
  return unexplained;
}

// Responses of which the first rows of a sequence are given, as nothing lies before them.
struct Given {
  std::string response;
  std::int64_t rows;
};
std::vector<Given> given_responses(const ModelFile& file) {
  std::vector<Given> result;
  for (const auto& part : file.schema) {
    int most = 0;
    for (const auto& [option, name] : part.options) {
      if (is_among(name, jensen::given_columns(jensen::Schema{part})))
        most = std::max(most, jensen::lag_of(name).steps);
    }
    if (most > 0) result.push_back({part.columns.front(), most});
  }
  return result;
}

// All rows of the inputs, drawn.
class Sampling {
 public:
  Sampling(const SampleArguments& a, const ModelFile& file, const LoadedData& inputs, const Unexplained& unexplained)
      : a_(a),
        file_(file),
        inputs_(inputs),
        unexplained_(unexplained),
        values_(static_cast<std::size_t>(inputs.table.rows()) * file.columns.size(),
                std::numeric_limits<double>::quiet_NaN()),
        states_(static_cast<std::size_t>(inputs.table.rows())) {
    for (std::size_t s = 0; s + 1 < bounds().size(); ++s) draw(s);
  }

  double cell(std::int64_t row, int column) const {
    return values_[static_cast<std::size_t>(row + column * inputs_.table.rows())];
  }
  int state(std::int64_t row) const { return states_[static_cast<std::size_t>(row)]; }
  std::vector<std::int64_t> bounds() const {
    const auto begins = inputs_.table.sequences();
    if (begins.empty()) return {0, inputs_.table.rows()};
    return {begins.begin(), begins.end()};
  }

 private:
  void draw(std::size_t s) {
    const std::int64_t first = bounds()[s];
    const std::int64_t rows = bounds()[s + 1] - first;
    check_told(file_, inputs_, unexplained_, first, rows, a_.inputs.path);
    const Panel x{values_.data() + first, rows, static_cast<int>(file_.columns.size()), inputs_.table.rows()};
    const auto z = std::span(states_).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(rows));
    tell(first, x);
    const bool sequential = file_.model->sequential();
    const std::uint64_t seed = sequential ? jensen::restart_seed(a_.seed, static_cast<int>(s)) : a_.seed;
    if (const auto* chain = file_.get<jensen::AnyHiddenMarkov>()) {
      return jensen::sample_with_feedback(*chain, unexplained_.feedback, seed, x, z);
    }
    file_.model->sample(seed, 0, x, z);
  }

  void tell(std::int64_t first, Panel x) const {
    for (const auto& name : unexplained_.told) {
      const int column = place_of(file_, name);
      const int steps = rows_back(inputs_, column, name);
      for (std::int64_t i = 0; i < x.rows; ++i) {
        x(i, column) = i < steps ? 0 : inputs_.table.cell(first + i - steps, column);
      }
    }
    for (const auto& f : unexplained_.feedback)
      std::fill_n(x.column(f.column), std::min<std::int64_t>(f.steps, x.rows), 0);
    for (const Given& given : given_responses(file_)) {
      const int column = place_of(file_, given.response);
      for (std::int64_t i = 0; i < std::min(given.rows, x.rows); ++i) {
        x(i, column) = inputs_.table.cell(first + i, column);
        if (!std::isnan(x(i, column))) continue;
        throw DataError(fmt::format(
            "{}: row {}, column '{}' is missing: the first {} rows of a sequence are what its "
            "lags begin with",
            a_.inputs.path, inputs_.file_rows[static_cast<std::size_t>(first + i)] + 1, given.response, given.rows));
      }
    }
  }

  const SampleArguments& a_;
  const ModelFile& file_;
  const LoadedData& inputs_;
  const Unexplained& unexplained_;
  std::vector<double> values_;
  std::vector<std::int32_t> states_;
};

// A column that is written.
struct Column {
  std::string name;
  std::function<void(jensen::CsvWriter&, std::int64_t row)> write;
};

// Where a row stands in its sequence, from 1.
std::vector<std::int64_t> places(const std::vector<std::int64_t>& bounds) {
  std::vector<std::int64_t> result;
  for (std::size_t s = 0; s + 1 < bounds.size(); ++s) {
    for (auto row = bounds[s]; row < bounds[s + 1]; ++row) result.push_back(row - bounds[s] + 1);
  }
  return result;
}

const jensen::Factor* factor_of(const ModelFile& file, const std::string& indicator) {
  for (const jensen::Factor& factor : file.factors) {
    for (std::size_t l = 0; l < factor.levels.size(); ++l) {
      if (factor.indicator(l) == indicator) return &factor;
    }
  }
  return nullptr;
}

class Writing {
 public:
  Writing(const ModelFile& file, const LoadedData& inputs, const Unexplained& unexplained, const Sampling& sample)
      : file_(file), inputs_(inputs), sample_(sample), places_(places(sample.bounds())) {
    for (std::size_t j = 0; j < file.columns.size(); ++j) {
      const auto& name = file.columns[j];
      const bool told = is_among(name, unexplained.told);
      const bool fed = std::any_of(unexplained.feedback.begin(), unexplained.feedback.end(),
                                   [&](const auto& f) { return f.column == static_cast<int>(j); });
      if (told) add_told(name, static_cast<int>(j));
      if (!told && !fed) add(name, static_cast<int>(j));
    }
  }

  void write(std::ostream& out, bool with_state, const std::string& state) const {
    const bool named = !inputs_.sequence_names.empty();
    const bool ordered = !file_.order.empty() && !is_among(file_.order, file_.gate);
    jensen::CsvWriter csv(out);
    if (named) csv.field(file_.sequence);
    if (ordered) csv.field(file_.order);
    for (const Column& column : columns_) csv.field(column.name);
    const bool with_cluster = with_state && clusters_of(file_) > 1;
    if (with_state) csv.field(state);
    if (with_cluster) csv.field("cluster");
    csv.end_record();
    for (const std::int64_t row : rows()) {
      if (named) csv.field(name_of(row));
      if (ordered) csv.field(static_cast<double>(places_[static_cast<std::size_t>(row)]));
      for (const Column& column : columns_) column.write(csv, row);
      if (with_state) csv.field(file_.component(sample_.state(row)));
      if (with_cluster) csv.field(cluster_of(file_, sample_.state(row)));
      csv.end_record();
    }
  }

 private:
  // In the order of the file.
  std::vector<std::int64_t> rows() const {
    if (!inputs_.file_rows.empty()) return table_rows(inputs_);
    std::vector<std::int64_t> all(places_.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
    return all;
  }
  const std::string& name_of(std::int64_t row) const {
    const auto begins = inputs_.table.sequences();
    const auto after = std::upper_bound(begins.begin(), begins.end(), row);
    return inputs_.sequence_names[static_cast<std::size_t>(after - begins.begin()) - 1];
  }

  void add(const std::string& name, int column) {
    const auto* words = jensen::levels_of(file_.schema, name);
    columns_.push_back({name, [this, column, words](jensen::CsvWriter& csv, std::int64_t row) {
                          const double cell = sample_.cell(row, column);
                          words == nullptr ? csv.field(cell) : csv.field(words->at(static_cast<std::size_t>(cell)));
                        }});
  }
  // As a fit reads it: lags and indicators are computed from other columns.
  void add_told(const std::string& name, int column) {
    if (rows_back(inputs_, column, name) > 0)
      return add_once(jensen::lag_of(name).column,
                      [this, column](auto& csv, auto row) { csv.field(inputs_.table.cell(row, column)); });
    const auto* factor = factor_of(file_, name);
    if (factor == nullptr) return add(name, column);
    add_once(factor->column, [this, factor](auto& csv, auto row) { csv.field(word_of(*factor, row)); });
  }
  void add_once(const std::string& name, std::function<void(jensen::CsvWriter&, std::int64_t)> write) {
    const bool known = is_among(name, file_.columns) ||
                       std::any_of(columns_.begin(), columns_.end(), [&](const Column& c) { return c.name == name; });
    if (!known) columns_.push_back({name, std::move(write)});
  }
  const std::string& word_of(const jensen::Factor& factor, std::int64_t row) const {
    for (std::size_t l = 0; l < factor.levels.size(); ++l) {
      const int column = place_of(file_, factor.indicator(l));
      const bool here = column < static_cast<int>(file_.columns.size()) && inputs_.table.cell(row, column) == 1;
      if (here) return factor.levels[l];
    }
    return factor.levels.front();
  }

  const ModelFile& file_;
  const LoadedData& inputs_;
  const Sampling& sample_;
  std::vector<std::int64_t> places_;
  std::vector<Column> columns_;
};

}  // namespace

bool needs_inputs(const ModelFile& file, const SampleArguments& a) {
  const Unexplained unexplained = unexplained_of(file, a);
  const bool given = !a.inputs.path.empty();
  if (unexplained.told.empty() && unexplained.feedback.empty()) {
    if (given) throw Error("--inputs: does not apply: the model depends on nothing that it does not explain");
    if (a.inputs.sequence) throw Error("--sequence: does not apply without --inputs");
    if (a.inputs.order) throw Error("--order: does not apply without --inputs");
    return false;
  }
  if (!given) {
    auto names = unexplained.told;
    for (const Given& first : given_responses(file)) names.push_back("the first of " + first.response);
    throw Error(fmt::format("{}: the model says what happens given {}: say with --inputs FILE what that is", a.model,
                            fmt::join(names, ", ")));
  }
  for (const auto& [option, said] : {std::pair("-n", a.rows.has_value()), std::pair("--length", a.length.has_value()),
                                     std::pair("--sequences", a.sequences.has_value())}) {
    if (said) throw Error(fmt::format("{}: does not go with --inputs, which has a line for each row", option));
  }
  return true;
}

int sample_at_inputs(const SampleArguments& a, const ModelFile& file) {
  const Unexplained unexplained = unexplained_of(file, a);
  std::vector<std::string> also;
  for (const Given& given : given_responses(file)) also.push_back(given.response);
  const LoadedData inputs = load_inputs(file, a.inputs, unexplained, also);
  const Sampling sample(a, file, inputs, unexplained);
  const bool grouped = file.get<jensen::AnyGroupedMixture>() != nullptr;
  const Writing writing(file, inputs, unexplained, sample);
  write_to(a.output, [&](std::ostream& out) {
    writing.write(out, a.with_component, file.model->sequential() && !grouped ? "state" : "component");
  });
  return exit_done;
}
