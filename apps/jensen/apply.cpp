// jensen predict, score and impute: a model applied to data, block by block.
#include <jensen/data/csv_writer.h>
#include <jensen/data/npy.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

#include "apply_sequences.h"
#include "blocks.h"
#include "commands.h"
#include "fitting.h"
#include "output.h"
#include "residuals.h"

namespace {

using jensen::Block;
using jensen::Error;
using jensen::ModelFile;
using jensen::Panel;

ModelFile load_model(const ApplyArguments& a, jensen::Capability needed, const char* command) {
  if (a.model == "-" && a.data.path == "-") throw Error("DATA: standard input is the model already");
  ModelFile file = jensen::load_model(a.model);
  file.model->require(needed, command);
  return file;
}

void check_csv_output(const ApplyArguments& a) {
  if (a.output && is_npy(*a.output)) throw Error("-o: the result is CSV, not NPY: name the file otherwise");
  check_output(a.output, "-o", {a.model, a.data.path});
}

void write_components(std::ostream& out, const ModelFile& file, const jensen::Table& table, bool probabilities) {
  const int components = file.model->states();
  jensen::CsvWriter csv(out);
  csv.field("component");
  for (int k = 0; probabilities && k < components; ++k) csv.field("probability_" + file.component(k));
  csv.end_record();
  PanelBuffer buffer;
  for_each_block(table, [&](const Block& block) {
    const Panel p = buffer.of(block.rows(), components);
    file.model->responsibilities(block, p);
    for (std::int64_t i = 0; i < block.rows(); ++i) {
      int most = 0;
      for (int k = 1; k < components; ++k) most = p(i, k) > p(i, most) ? k : most;
      // A row so far out that every density underflows belongs nowhere.
      csv.field(p(i, most) > 0 ? file.component(most) : "NA");
      for (int k = 0; probabilities && k < components; ++k) csv.field(p(i, k));
      csv.end_record();
    }
  });
}

// The table that the user reads, with holes filled, in memory.
std::vector<double> filled_table(const ModelFile& file, const jensen::Table& table) {
  std::vector<double> values(static_cast<std::size_t>(table.rows()) * static_cast<std::size_t>(table.columns()));
  for_each_block(table, [&](const Block& block) {
    file.model->impute(block, {values.data() + block.first_row, block.rows(), table.columns(), table.rows()});
  });
  return values;
}

// Fills cells in the order in which a file is read: one block at a time is enough.
class BlockwiseFill {
 public:
  BlockwiseFill(const ModelFile& file, const jensen::Table& table) : file_(file), table_(table) {}

  double operator()(std::int64_t row, int column) {
    if (row < first_ || row >= first_ + panel_.rows) {
      first_ = row / rows_at_once * rows_at_once;
      const Block block = table_.block(first_, std::min(rows_at_once, table_.rows() - first_), buffer_);
      panel_ = values_.of(block.rows(), table_.columns());
      file_.model->impute(block, panel_);
    }
    return panel_(row - first_, column);
  }

 private:
  const ModelFile& file_;
  jensen::Table table_;
  jensen::BlockBuffer buffer_;
  PanelBuffer values_;
  Panel panel_;
  std::int64_t first_ = 0;
};

// Sequences are filled as wholes, and their rows come in another order than those of the file.
class FillOfSequences {
 public:
  FillOfSequences(const ModelFile& file, const LoadedData& data)
      : rows_(data.table.rows()), values_(filled_table(file, data.table)), at_(table_rows(data)) {}
  double operator()(std::int64_t row, int column) const {
    return values_[static_cast<std::size_t>(at_[static_cast<std::size_t>(row)] + column * rows_)];
  }

 private:
  std::int64_t rows_;
  std::vector<double> values_;
  std::vector<std::int64_t> at_;
};

void impute_npy(const ImputeArguments& a, const ModelFile& file, const jensen::Table& table) {
  const auto values = filled_table(file, table);
  jensen::OutputFile output(*a.output);
  jensen::write_npy(output.written_path(), {values.data(), table.rows(), table.columns(), table.rows()});
  output.commit();
}

}  // namespace

int run(const PredictArguments& a) {
  check_csv_output(a);
  const ModelFile file = load_model(a, jensen::Capability::states, "jensen predict");
  const LoadedData data = load_data_for(file, a.data);
  if (file.model->sequential()) return predict_sequences(a, file, data);
  if (a.filtered || a.viterbi) {
    throw Error(fmt::format("--{}: is for hidden Markov models", a.filtered ? "filtered" : "viterbi"));
  }
  if (a.memory) throw Error("--memory: is for hidden Markov models");
  write_to(a.output, [&](std::ostream& out) { write_components(out, file, data.table, a.probabilities); });
  return exit_done;
}

int run(const ScoreArguments& a) {
  if (a.json && a.output) throw Error("-o: does not apply with --json, whose object holds every row");
  if (a.quiet && !a.output && !a.json) throw Error("--quiet: leaves nothing to do without -o or --json");
  check_csv_output(a);
  const ModelFile file = load_model(a, jensen::Capability::score, "jensen score");
  const LoadedData data = load_data_for(file, a.data);
  if (file.model->sequential()) return score_sequences(a, file, data);
  if (a.rows) throw Error("--rows: is for hidden Markov models");
  if (a.memory) throw Error("--memory: is for hidden Markov models");
  std::vector<double> log_density(static_cast<std::size_t>(data.table.rows()));
  Sum sum;
  for_each_block(data.table, [&](const Block& block) {
    const auto own = std::span(log_density)
                         .subspan(static_cast<std::size_t>(block.first_row), static_cast<std::size_t>(block.rows()));
    file.model->score(block, own);
    for (const double value : own) sum.add(value);
  });
  std::vector<std::vector<double>> residuals;
  if (a.residuals) residuals = residuals_of(file, data.table);
  if (a.json) {
    print(score_json(log_density, sum.value(), file.columns, residuals));
    return exit_done;
  }
  write_to(a.output, [&](std::ostream& out) {
    jensen::CsvWriter csv(out);
    csv.field("log_density");
    for (std::size_t j = 0; j < residuals.size(); ++j) csv.field("residual_" + file.columns[j]);
    csv.end_record();
    for (std::size_t i = 0; i < log_density.size(); ++i) {
      csv.field(log_density[i]);
      for (const auto& of_column : residuals) csv.field(of_column[i]);
      csv.end_record();
    }
  });
  if (!a.quiet && !log_density.empty()) {
    fmt::print(stderr, "total {:.12g}\nmean {:.12g}\n", sum.value(),
               sum.value() / static_cast<double>(log_density.size()));
  }
  return exit_done;
}

int run(const ImputeArguments& a) {
  const bool npy = is_npy(a.data.path);
  if (npy && !(a.output && is_npy(*a.output))) {
    throw Error("-o: must name an .npy file, since the data are one");
  }
  if (!npy && a.output && is_npy(*a.output)) throw Error("-o: must name a text file, since the data are one");
  check_output(a.output, "-o", {a.model});
  const ModelFile file = load_model(a, jensen::Capability::impute, "jensen impute");
  const LoadedData data = load_data_for(file, a.data);
  if (data.computed) {
    throw Error(
        "jensen impute: the model reads logarithms or indicators of columns, or some of an array's, which do not go "
        "back "
        "into the file");
  }
  if (npy) {
    impute_npy(a, file, data.table);
    return exit_done;
  }
  std::function<double(std::int64_t, int)> fill = BlockwiseFill(file, data.table);
  if (file.model->sequential()) fill = FillOfSequences(file, data);
  write_to(a.output, [&](std::ostream& out) {
    jensen::fill_csv_text(data.text->text(), data.text->name(), data.reading, out,
                          [&](std::int64_t row, int column) -> std::optional<double> {
                            const double value = fill(row, column);
                            if (std::isnan(value)) return std::nullopt;  // nothing is known
                            return value;
                          });
  });
  return exit_done;
}
