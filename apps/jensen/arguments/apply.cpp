// jensen predict, score and impute: a model applied to data.
#include <memory>

#include "arguments/options.h"

namespace {

template <class Arguments>
std::shared_ptr<Arguments> add_application(CLI::App& app, const char* output) {
  auto a = std::make_shared<Arguments>();
  app.add_option("MODEL", a->model, "Model file written by jensen fit")->required();
  app.add_option("DATA", a->data.path, "CSV or TSV file, .npy file, or - for CSV from standard input")->required();
  app.add_option("--columns", a->data.columns,
                 "Columns of the data that stand for the model's, in its order [those of the same names]")
      ->type_name("LIST");
  add_sequences(app, a->data, true);
  add_group(app, a->data, true);
  add_reading_options(app, a->data);
  app.add_option("-o,--output", a->output, output)->type_name("FILE");
  return a;
}

void add_memory(CLI::App& app, std::optional<std::string>& memory, const char* what) {
  app.add_option("--memory", memory,
                 std::string("Of a hidden Markov model: ") + what +
                     " of a sequence of T rows from T x K numbers, or from K for each 64 to 512 rows [as in the model]")
      ->check(one_of({"all", "checkpoints"}))
      ->type_name("all|checkpoints");
}

}  // namespace

void add_predict(CLI::App& app, Command& chosen) {
  auto* predict = app.add_subcommand("predict", "Say for each row which component it belongs to");
  auto a = add_application<PredictArguments>(*predict, "CSV file to write [standard output]");
  predict->add_flag("--probabilities", a->probabilities, "Add the probability of each component");
  predict->add_flag("--filtered", a->filtered, "Of a hidden Markov model: from the rows up to each alone");
  predict->add_flag("--viterbi", a->viterbi, "Of a hidden Markov model: the most probable path of each sequence");
  add_memory(*predict, a->memory, "find the path");
  predict->footer(
      "Examples:\n"
      "  jensen predict model.json data.csv -o out.csv\n"
      "  jensen predict model.json data.csv --probabilities | head\n"
      "  jensen predict model.json recordings.csv --viterbi\n\n"
      "One line for each row of the data. Components are counted from 0, or bear the names that labels gave them.\n"
      "Missing cells are integrated out. Rows of a group, where the fit had groups, have one answer. States of a "
      "hidden Markov model are those most probable given the whole "
      "sequence. Where sequences fall into clusters, each row says the cluster of its sequence, too.");
  predict->callback([a, &chosen] { chosen = *a; });
}

void add_score(CLI::App& app, Command& chosen) {
  auto* score = app.add_subcommand("score", "Log-density of each row, and the total");
  auto a = add_application<ScoreArguments>(*score, "CSV file to write [standard output]");
  score->add_flag("--rows", a->rows, "Of sequences or groups: each row, given those before it");
  score->add_flag("--residuals", a->residuals,
                  "Each row, with the quantile residual of each column given the rows before");
  add_memory(*score, a->memory, "find the log-density");
  add_results(*score, a->json, a->quiet);
  score->footer(
      "Examples:\n"
      "  jensen score model.json data.csv               # a line for each row; total and mean on standard error\n"
      "  jensen score model.json new.csv --json | jq .mean\n"
      "  jensen score model.json recordings.csv         # of a hidden Markov model: a line for each sequence\n\n"
      "Natural logarithms. Rows with low values are unusual under the model.");
  score->callback([a, &chosen] { chosen = *a; });
}

void add_impute(CLI::App& app, Command& chosen) {
  auto* impute = app.add_subcommand("impute", "Fill missing cells with their expectation given the row's other cells");
  auto a = add_application<ImputeArguments>(*impute, "File to write: CSV, or .npy if DATA is [standard output]");
  impute->footer(
      "Examples:\n"
      "  jensen fit gaussian-mixture data/airquality.csv --columns Ozone,Solar.R,Wind,Temp -k 2 -o model.json\n"
      "  jensen impute model.json data/airquality.csv -o complete.csv\n\n"
      "Only missing cells of the model's columns change; everything else is copied as it is.");
  impute->callback([a, &chosen] { chosen = *a; });
}
