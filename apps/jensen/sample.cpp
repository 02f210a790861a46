// jensen sample
#include <jensen/data/csv_writer.h>
#include <jensen/em/options.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>
#include <jensen/models/any_grouped_mixture.h>

#include <fmt/format.h>

#include <algorithm>

#include "commands.h"
#include "fitting.h"
#include "output.h"
#include "sample_inputs.h"
#include "sequences.h"

namespace {

using Levels = std::vector<const std::vector<std::string>*>;

Levels levels_of(const jensen::ModelFile& file) {
  Levels levels;
  for (const auto& name : file.columns) levels.push_back(jensen::levels_of(file.schema, name));
  return levels;
}

void write_row(jensen::CsvWriter& csv, const jensen::Panel& x, std::int64_t i, const Levels& levels) {
  for (int j = 0; j < x.columns; ++j) {
    const auto* names = levels[static_cast<std::size_t>(j)];
    names == nullptr ? csv.field(x(i, j)) : csv.field(names->at(static_cast<std::size_t>(x(i, j))));
  }
}

void write_sample(std::ostream& out, const jensen::ModelFile& file, const SampleArguments& a) {
  constexpr std::int64_t rows_at_once = 4096;
  const int columns = static_cast<int>(file.columns.size());
  jensen::CsvWriter csv(out);
  for (const auto& name : file.columns) csv.field(name);
  if (a.with_component) csv.field("component");
  csv.end_record();
  const Levels levels = levels_of(file);
  std::vector<double> values(static_cast<std::size_t>(rows_at_once) * static_cast<std::size_t>(columns));
  std::vector<std::int32_t> components(static_cast<std::size_t>(rows_at_once));
  for (std::int64_t first = 0; first < *a.rows && out; first += rows_at_once) {
    const std::int64_t rows = std::min(rows_at_once, *a.rows - first);
    const jensen::Panel x{values.data(), rows, columns, rows_at_once};
    file.model->sample(a.seed, first, x, components);
    for (std::int64_t i = 0; i < rows; ++i) {
      write_row(csv, x, i, levels);
      if (a.with_component) csv.field(file.component(components[static_cast<std::size_t>(i)]));
      csv.end_record();
    }
  }
}

// What rows that belong together are called, and what they come from.
bool is_grouped(const jensen::Model& model) {
  return dynamic_cast<const jensen::Erased<jensen::AnyGroupedMixture>*>(&model) != nullptr;
}
const char* unit_of(const jensen::Model& model) { return is_grouped(model) ? "group" : "sequence"; }
const char* state_of(const jensen::Model& model) {
  return model.sequential() && !is_grouped(model) ? "state" : "component";
}

// The columns by which the model's data were cut are written where it knows them, so that a fit can read the sample.
void write_sequences(std::ostream& out, const jensen::ModelFile& file, const SampleArguments& a) {
  const std::int64_t length = a.rows ? *a.rows : *a.length;
  const int sequences = a.sequences.value_or(1);
  const bool numbered = a.sequences.has_value() || !file.sequence.empty();
  const int columns = static_cast<int>(file.columns.size());
  jensen::CsvWriter csv(out);
  if (numbered) csv.field(file.sequence.empty() ? unit_of(*file.model) : file.sequence);
  if (!file.order.empty()) csv.field(file.order);
  for (const auto& name : file.columns) csv.field(name);
  const int clusters = clusters_of(file);
  if (a.with_component) csv.field(state_of(*file.model));
  if (a.with_component && clusters > 1) csv.field("cluster");
  csv.end_record();
  const Levels levels = levels_of(file);
  std::vector<double> values(static_cast<std::size_t>(length) * static_cast<std::size_t>(columns));
  std::vector<std::int32_t> states(static_cast<std::size_t>(length));
  for (int s = 0; s < sequences && out; ++s) {
    const jensen::Panel x{values.data(), length, columns, length};
    file.model->sample(jensen::restart_seed(a.seed, s), 0, x, states);
    for (std::int64_t i = 0; i < length; ++i) {
      if (numbered) csv.field(static_cast<double>(s + 1));
      if (!file.order.empty()) csv.field(static_cast<double>(i + 1));
      write_row(csv, x, i, levels);
      const int state = states[static_cast<std::size_t>(i)];
      if (a.with_component) csv.field(file.component(state));
      if (a.with_component && clusters > 1) csv.field(cluster_of(file, state));
      csv.end_record();
    }
  }
}

void check_sizes(const SampleArguments& a, const jensen::Model& model) {
  using jensen::Error;
  if (!model.sequential()) {
    if (a.length) throw Error("--length: the model's rows are independent: say how many with -n");
    if (a.sequences) throw Error("--sequences: the model's rows are independent: say how many with -n");
    if (!a.rows) throw Error("-n: say how many rows");
    return;
  }
  if (a.rows.has_value() == a.length.has_value()) {
    throw Error("-n: say how many rows, with -n or with --length, not both");
  }
  if (a.rows && a.sequences) throw Error("--sequences: say with --length how long each is");
}

void check_names(const SampleArguments& a, const jensen::ModelFile& file) {
  const std::string state = state_of(*file.model);
  const auto known = [&](const std::string& name) {
    return std::find(file.columns.begin(), file.columns.end(), name) != file.columns.end();
  };
  if (a.with_component && known(state)) {
    throw jensen::Error(fmt::format("--with-component: the model has a column '{}' itself", state));
  }
  if (a.with_component && clusters_of(file) > 1 && known("cluster")) {
    throw jensen::Error("--with-component: the model has a column 'cluster' itself");
  }
  const std::string unit = unit_of(*file.model);
  if (a.sequences && file.sequence.empty() && known(unit)) {
    throw jensen::Error(fmt::format("--sequences: the model has a column '{}' itself", unit));
  }
}

}  // namespace

int run(const SampleArguments& a) {
  if (a.output && is_npy(*a.output)) throw jensen::Error("-o: the result is CSV, not NPY: name the file otherwise");
  check_output(a.output, "-o", {a.model, a.inputs.path});
  if (a.model == "-" && a.inputs.path == "-") throw jensen::Error("--inputs: standard input is the model already");
  const auto file = jensen::load_model(a.model);
  file.model->require(jensen::Capability::sample, "jensen sample");
  if (a.with_component) file.model->require(jensen::Capability::states, "--with-component");
  check_names(a, file);
  if (needs_inputs(file, a)) return sample_at_inputs(a, file);
  check_sizes(a, *file.model);
  write_to(a.output, [&](std::ostream& out) {
    file.model->sequential() ? write_sequences(out, file, a) : write_sample(out, file, a);
  });
  return exit_done;
}

int run(const DescribeArguments& a) {
  const auto file = jensen::load_model(a.model);
  if (a.standard_errors && (!file.fit || !file.fit->standard_errors)) {
    throw jensen::Error(fmt::format(
        "--standard-errors: {} holds none: fit with --standard-errors METHOD, such as oakes, to keep them", a.model));
  }
  print(a.json ? file_json(file) : describe_file(file, a.standard_errors));
  return exit_done;
}
