// jensen sample
#include <jensen/data/csv_writer.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "commands.h"
#include "fitting.h"
#include "output.h"

namespace {

void write_sample(std::ostream& out, const jensen::ModelFile& file, const SampleArguments& a) {
  constexpr std::int64_t rows_at_once = 4096;
  const int columns = static_cast<int>(file.columns.size());
  jensen::CsvWriter csv(out);
  for (const auto& name : file.columns) csv.field(name);
  if (a.with_component) csv.field("component");
  csv.end_record();
  std::vector<const std::vector<std::string>*> levels;
  for (const auto& name : file.columns) levels.push_back(jensen::levels_of(file.schema, name));
  std::vector<double> values(static_cast<std::size_t>(rows_at_once) * static_cast<std::size_t>(columns));
  std::vector<std::int32_t> components(static_cast<std::size_t>(rows_at_once));
  for (std::int64_t first = 0; first < a.rows && out; first += rows_at_once) {
    const std::int64_t rows = std::min(rows_at_once, a.rows - first);
    const jensen::Panel x{values.data(), rows, columns, rows_at_once};
    file.model->sample(a.seed, first, x, components);
    for (std::int64_t i = 0; i < rows; ++i) {
      for (int j = 0; j < columns; ++j) {
        const auto* names = levels[static_cast<std::size_t>(j)];
        names == nullptr ? csv.field(x(i, j)) : csv.field(names->at(static_cast<std::size_t>(x(i, j))));
      }
      if (a.with_component) csv.field(file.component(components[static_cast<std::size_t>(i)]));
      csv.end_record();
    }
  }
}

}  // namespace

int run(const SampleArguments& a) {
  if (a.output && is_npy(*a.output)) throw jensen::Error("-o: the result is CSV, not NPY: name the file otherwise");
  check_output(a.output, "-o", {a.model});
  const auto file = jensen::load_model(a.model);
  file.model->require(jensen::Capability::sample, "jensen sample");
  if (a.with_component) file.model->require(jensen::Capability::states, "--with-component");
  auto given = jensen::given_columns(file.schema);
  given.insert(given.end(), file.gate.begin(), file.gate.end());
  if (!given.empty()) {
    throw jensen::Error(
        fmt::format("{}: cannot be sampled: the model says what happens given {}, not how often that is", a.model,
                    fmt::join(given, ", ")));
  }
  if (a.with_component && std::find(file.columns.begin(), file.columns.end(), "component") != file.columns.end()) {
    throw jensen::Error("--with-component: the model has a column 'component' itself");
  }
  write_to(a.output, [&](std::ostream& out) { write_sample(out, file, a); });
  return exit_done;
}

int run(const DescribeArguments& a) {
  const auto file = jensen::load_model(a.model);
  print(a.json ? file_json(file) : describe_file(file));
  return exit_done;
}
