#include "apply_sequences.h"

#include <jensen/data/csv_writer.h>
#include <jensen/emissions/schema_emissions.h>
#include <jensen/error.h>
#include <jensen/models/forecast.h>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>

#include "blocks.h"
#include "fitting.h"
#include "output.h"
#include "residuals.h"
#include "sequences.h"

namespace {

using jensen::AnyHiddenMarkov;
using jensen::Block;
using jensen::Error;
using jensen::ModelFile;
using jensen::Panel;

// A number for each row and state, or path, of the whole table.
struct Answers {
  std::vector<double> probabilities;  // rows × K, column by column
  std::vector<std::int32_t> path;     // of the most probable states; −1 where a row belongs nowhere
};

// chain: the model, where it is a chain; else nullptr.
Answers answers(const PredictArguments& a, const jensen::Model& model, const AnyHiddenMarkov* chain,
                const jensen::Table& table) {
  const auto rows = static_cast<std::size_t>(table.rows());
  Answers result{std::vector<double>(a.viterbi ? 0 : rows * static_cast<std::size_t>(model.states())),
                 std::vector<std::int32_t>(rows, -1)};
  for_each_block(table, [&](const Block& block) {
    const auto first = static_cast<std::size_t>(block.first_row);
    const auto path = std::span(result.path).subspan(first, static_cast<std::size_t>(block.rows()));
    if (a.viterbi) return chain->decode(block, path);
    const Panel p{result.probabilities.data() + first, block.rows(), model.states(), table.rows()};
    a.filtered ? chain->filtered(block, p) : model.responsibilities(block, p);
    for (std::int64_t i = 0; i < block.rows(); ++i) {
      int most = 0;
      for (int k = 1; k < model.states(); ++k) most = p(i, k) > p(i, most) ? k : most;
      if (p(i, most) > 0) path[static_cast<std::size_t>(i)] = most;
    }
  });
  return result;
}

// Of a row of the table, where sequences fall into clusters: how probable each is.
class Clusters {
 public:
  Clusters(const PredictArguments& a, const ModelFile& file, const Answers& found, const jensen::Table& table)
      : found_(found), rows_(table.rows()), count_(clusters_of(file)), each_(file.model->states() / count_) {
    // To the last bit that of the sequence, but where the cluster is that of the rows up to each.
    first_.resize(static_cast<std::size_t>(rows_));
    std::iota(first_.begin(), first_.end(), std::int64_t{0});
    const auto begins = table.sequences();
    for (std::size_t s = 0; !a.filtered && s + 1 < begins.size(); ++s) {
      std::fill(first_.begin() + begins[s], first_.begin() + begins[s + 1], begins[s]);
    }
  }

  int count() const { return count_; }
  double probability(std::int64_t row, int cluster) const {
    const std::int64_t at = first_[static_cast<std::size_t>(row)];
    double total = 0;
    for (std::int64_t k = cluster * each_; k < (cluster + 1) * each_; ++k) {
      total += found_.probabilities[static_cast<std::size_t>(at + k * rows_)];
    }
    return total;
  }
  /// −1 where there is none.
  int most_probable(std::int64_t row) const {
    const std::int32_t state = found_.path[static_cast<std::size_t>(row)];
    if (state < 0) return -1;
    if (found_.probabilities.empty()) return state / each_;
    int most = 0;
    for (int c = 1; c < count_; ++c) most = probability(row, c) > probability(row, most) ? c : most;
    return most;
  }

 private:
  const Answers& found_;
  std::int64_t rows_;
  int count_, each_;
  std::vector<std::int64_t> first_;
};

// Log-densities given the rows before, by row of the table.
std::vector<double> log_densities(const jensen::Model& model, const jensen::Table& table) {
  std::vector<double> result(static_cast<std::size_t>(table.rows()));
  for_each_block(table, [&](const Block& block) {
    model.score(block, std::span(result).subspan(static_cast<std::size_t>(block.first_row),
                                                 static_cast<std::size_t>(block.rows())));
  });
  return result;
}

struct Total {
  std::int64_t rows = 0;
  double log_likelihood = 0;
};

std::vector<Total> totals(const std::vector<double>& log_density, const jensen::Table& table) {
  const auto begins = table.sequences();
  std::vector<Total> result;
  for (std::size_t s = 0; s + 1 < begins.size(); ++s) {
    Sum sum;
    for (auto i = begins[s]; i < begins[s + 1]; ++i) sum.add(log_density[static_cast<std::size_t>(i)]);
    result.push_back({begins[s + 1] - begins[s], sum.value()});
  }
  return result;
}

// By row: its log-density, and the residuals where there are any, one list by column.
struct Scores {
  std::vector<double> log_density;
  std::vector<std::vector<double>> residuals;
};

void write_rows(std::ostream& out, const ModelFile& file, const Scores& s, const LoadedData& data) {
  jensen::CsvWriter csv(out);
  csv.field("log_density");
  for (std::size_t j = 0; j < s.residuals.size(); ++j) csv.field("residual_" + file.columns[j]);
  csv.end_record();
  for (const std::int64_t row : table_rows(data)) {
    csv.field(s.log_density[static_cast<std::size_t>(row)]);
    for (const auto& of_column : s.residuals) csv.field(of_column[static_cast<std::size_t>(row)]);
    csv.end_record();
  }
}

void write_sequences(std::ostream& out, const std::vector<Total>& sums, const std::vector<std::string>& names,
                     const std::string& unit) {
  jensen::CsvWriter csv(out);
  csv.field(unit).field("rows").field("log_likelihood").end_record();
  for (std::size_t s = 0; s < sums.size(); ++s) {
    csv.field(names[s]).field(static_cast<double>(sums[s].rows)).field(sums[s].log_likelihood).end_record();
  }
}

void refuse_of_groups(const AnyHiddenMarkov* chain, bool given, const char* option) {
  if (given && chain == nullptr) throw Error(fmt::format("{}: is for hidden Markov models", option));
}

// The model with what it is to keep of a sequence.
ModelFile with_memory(const ModelFile& file, const std::optional<std::string>& memory) {
  if (!memory) return file;
  const auto* chain = file.get<AnyHiddenMarkov>();
  refuse_of_groups(chain, true, "--memory");
  if (*memory == "checkpoints" && chain->chain().as<jensen::MarkovChain>() == nullptr) {
    throw Error("--memory checkpoints: does not go with durations, inputs, clusters or continuous time");
  }
  AnyHiddenMarkov model = *chain;
  model.set_memory(jensen::chain_memory_named(*memory));
  ModelFile result = file;
  result.model = std::make_shared<jensen::Erased<AnyHiddenMarkov>>(std::move(model));
  return result;
}

}  // namespace

std::vector<std::int64_t> table_rows(const LoadedData& data) {
  std::vector<std::int64_t> rows(data.file_rows.size());
  for (std::size_t t = 0; t < rows.size(); ++t) {
    rows[static_cast<std::size_t>(data.file_rows[t])] = static_cast<std::int64_t>(t);
  }
  return rows;
}

std::vector<std::string> names_of_sequences(const LoadedData& data) {
  return data.sequence_names.empty() ? std::vector<std::string>{"1"} : data.sequence_names;
}

int predict_sequences(const PredictArguments& a, const ModelFile& said, const LoadedData& data) {
  if (a.viterbi && a.filtered) throw Error("--viterbi: is about whole sequences; it does not go with --filtered");
  if (a.viterbi && a.probabilities) throw Error("--viterbi: a path has no probabilities by row: leave one out");
  if (a.memory && !a.viterbi) throw Error("--memory: is for --viterbi: probabilities are T x K numbers themselves");
  const ModelFile file = with_memory(said, a.memory);
  const jensen::Model& model = *file.model;
  const auto* chain = file.get<AnyHiddenMarkov>();
  refuse_of_groups(chain, a.viterbi, "--viterbi");
  refuse_of_groups(chain, a.filtered, "--filtered");
  const Answers found = answers(a, model, chain, data.table);
  const Clusters clusters(a, file, found, data.table);
  const bool clustered = clusters.count() > 1;
  write_to(a.output, [&](std::ostream& out) {
    jensen::CsvWriter csv(out);
    csv.field(chain != nullptr ? "state" : "component");
    if (clustered) csv.field("cluster");
    for (int k = 0; a.probabilities && k < model.states(); ++k) csv.field("probability_" + file.component(k));
    for (int c = 0; a.probabilities && clustered && c < clusters.count(); ++c) {
      csv.field(fmt::format("cluster_probability_{}", c));
    }
    csv.end_record();
    for (const std::int64_t row : table_rows(data)) {
      const std::int32_t state = found.path[static_cast<std::size_t>(row)];
      csv.field(state < 0 ? "NA" : file.component(state));
      if (clustered) csv.field(state < 0 ? "NA" : std::to_string(clusters.most_probable(row)));
      for (std::int64_t k = 0; a.probabilities && k < model.states(); ++k) {
        csv.field(found.probabilities[static_cast<std::size_t>(row + k * data.table.rows())]);
      }
      for (int c = 0; a.probabilities && clustered && c < clusters.count(); ++c) {
        csv.field(clusters.probability(row, c));
      }
      csv.end_record();
    }
  });
  return exit_done;
}

int score_sequences(const ScoreArguments& a, const ModelFile& said, const LoadedData& data) {
  if (a.memory && a.residuals) throw Error("--memory: does not go with --residuals, which need T x K numbers");
  const ModelFile file = with_memory(said, a.memory);
  const auto* chain = file.get<AnyHiddenMarkov>();
  const std::string unit = chain != nullptr ? "sequence" : "group";
  Scores found{log_densities(*file.model, data.table), {}};
  if (a.residuals) found.residuals = residuals_of(file, data.table);
  const auto sums = totals(found.log_density, data.table);
  const auto names = names_of_sequences(data);
  Sum total;
  for (const Total& sum : sums) total.add(sum.log_likelihood);
  const auto rows = static_cast<double>(data.table.rows());
  if (a.json) {
    nlohmann::ordered_json json;
    json["rows"] = data.table.rows();
    json["total"] = total.value();
    json["mean"] = total.value() / rows;
    json[unit + "s"] = nlohmann::ordered_json::array();
    for (std::size_t s = 0; s < sums.size(); ++s) {
      json[unit + "s"].push_back(
          {{unit, names[s]}, {"rows", sums[s].rows}, {"log_likelihood", sums[s].log_likelihood}});
    }
    json["log_density"] = nlohmann::ordered_json::array();
    for (const std::int64_t row : table_rows(data)) {
      json["log_density"].push_back(found.log_density[static_cast<std::size_t>(row)]);
    }
    for (std::size_t j = 0; j < found.residuals.size(); ++j) {
      for (const std::int64_t row : table_rows(data)) {
        json["residuals"][file.columns[j]].push_back(found.residuals[j][static_cast<std::size_t>(row)]);
      }
    }
    print(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
    return exit_done;
  }
  write_to(a.output, [&](std::ostream& out) {
    a.rows || a.residuals ? write_rows(out, file, found, data) : write_sequences(out, sums, names, unit);
  });
  if (!a.quiet) fmt::print(stderr, "total {:.12g}\nmean {:.12g}\n", total.value(), total.value() / rows);
  return exit_done;
}
