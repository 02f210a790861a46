// The command line as users see it: every option, its help and the examples.
#include "arguments.h"

#include <jensen/error.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

namespace {

// The names stand in the help as the option's type already.
CLI::IsMember one_of(std::vector<std::string> names) {
  CLI::IsMember member(std::move(names));
  member.description("");
  return member;
}

// CLI11 takes "-1" for a large unsigned number and cuts numbers that are too large.
std::string refuse_unless_whole(const std::string& text) {
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && stop == text.data() + text.size()) return {};
  return text + " is no whole number from 0 to 18446744073709551615";
}

void add_reading_options(CLI::App& app, DataArguments& data) {
  app.add_option("--missing", data.missing,
                 "Cells that mean \"not observed\", instead of NA,N/A,NaN,nan,NULL,null,?; an empty cell always does")
      ->type_name("LIST");
  app.add_option("--delimiter", data.delimiter, "Between fields: one character, or tab [found out]")->type_name("CHAR");
  app.add_option("--header", data.header, "Whether the first line holds names [auto]")
      ->check(one_of({"auto", "yes", "no"}))
      ->type_name("auto|yes|no");
}

void add_data(CLI::App& app, DataArguments& data) {
  app.add_option("DATA", data.path, "CSV or TSV file, .npy file, or - for CSV from standard input")->required();
  app.add_option("--columns", data.columns, "Columns to model, in this order [all that are left]")->type_name("LIST");
  app.add_option("--exclude", data.exclude, "Columns to leave out")->type_name("LIST");
  app.add_option("--weights", data.weights, "Column of observation weights")->type_name("COLUMN");
  app.add_option("--weight-kind", data.weight_kind,
                 "frequency: a row of weight w is w observations; sampling: one that stands for w [frequency]")
      ->check(one_of({"frequency", "sampling"}))
      ->type_name("frequency|sampling");
  add_reading_options(app, data);
}

void add_engine(CLI::App& app, EngineArguments& engine) {
  app.add_option("--init", engine.init, "Where a start comes from [k-means++]")
      ->check(one_of({"k-means++", "random", "hierarchical", "short-runs"}))
      ->type_name("k-means++|random|hierarchical|short-runs");
  app.add_option("--restarts", engine.restarts, "Independent starts; the best end counts [10; 1 if hierarchical]")
      ->type_name("N");
  app.add_option("--seed", engine.seed, "Of the starts; the same seed gives the same result, to the bit [0]")
      ->check(refuse_unless_whole)
      ->type_name("N");
  app.add_option("--prior", engine.prior,
                 "default: a weak one, scaled to the data, that keeps components from collapsing; none: plain maximum "
                 "likelihood")
      ->capture_default_str()
      ->check(one_of({"default", "none"}))
      ->type_name("default|none");
  app.add_option("--tolerance", engine.tolerance,
                 "Stop when the log-likelihood still to gain is estimated below this per observation; 0: never [1e-8]")
      ->type_name("X");
  app.add_option("--max-iterations", engine.max_iterations, "Of each start [5000]")->type_name("N");
  app.add_option("--threads", engine.threads, "0: one per processor; the result does not depend on it")
      ->capture_default_str()
      ->type_name("N");
}

void add_results(CLI::App& app, bool& json, bool& quiet) {
  app.add_flag("--json", json, "Print one JSON object instead of text");
  app.add_flag("--quiet", quiet, "No text and no progress: the exit code, the files and --json tell");
}

void add_fit(CLI::App& app, Command& chosen) {
  auto* fit = app.add_subcommand("fit", "Fit a model to data");
  fit->require_subcommand(1);
  fit->footer(
      "Example:\n  jensen fit gaussian-mixture data/faithful.csv -k 2\n\n"
      "See: jensen fit gaussian-mixture --help");
  auto* mixture = fit->add_subcommand("gaussian-mixture", "Fit a mixture of K multivariate normal distributions");
  auto a = std::make_shared<FitArguments>();
  add_data(*mixture, a->data);
  mixture->add_option("--labels", a->data.labels, "Column of known components; a missing cell is an unknown one")
      ->type_name("COLUMN");
  mixture->add_option("-k,--components", a->components, "Number of components, K")->type_name("K");
  mixture->add_option("--covariance", a->covariance, "Structure of the covariance matrices [full]")
      ->check(one_of({"full", "tied", "diagonal", "spherical"}))
      ->type_name("full|tied|diagonal|spherical");
  mixture
      ->add_option("--start", a->start,
                   "Model file whose weights, means and covariances are the start, used as they are")
      ->type_name("MODEL");
  add_engine(*mixture, a->engine);
  mixture->add_option("-o,--output", a->output, "Save the model here")->type_name("MODEL");
  mixture->add_option("--trace", a->trace, "Write a line for each iteration of the returned start to this CSV file")
      ->type_name("CSV");
  add_results(*mixture, a->json, a->quiet);
  mixture->footer(
      "Examples:\n"
      "  # two components, the best of twenty starts, saved\n"
      "  jensen fit gaussian-mixture data/faithful.csv -k 2 --restarts 20 --seed 1 -o model.json\n"
      "  # some columns only; missing cells (NA) need no preparation\n"
      "  jensen fit gaussian-mixture data/airquality.csv --columns Ozone,Wind,Temp -k 3 --covariance diagonal\n"
      "  # the species is known for these rows and named in the model\n"
      "  jensen fit gaussian-mixture data/iris.csv -k 3 --labels Species -o iris.json\n"
      "  # ten more iterations from a saved model, each one recorded\n"
      "  jensen fit gaussian-mixture data/faithful.csv --start model.json --tolerance 0 --max-iterations 10 "
      "--trace trace.csv\n\n"
      "Exit code: 0 converged, 1 something to correct, 2 the fit did not converge (its best is still saved).\n"
      "Ctrl-C ends the fit with the best so far; a second one ends it at once.");
  mixture->callback([a, &chosen] { chosen = *a; });
}

void add_select(CLI::App& app, Command& chosen) {
  auto* select = app.add_subcommand("select", "Choose among models of different size and structure");
  select->require_subcommand(1);
  select->footer(
      "Example:\n  jensen select gaussian-mixture data/faithful.csv -k 1..6\n\n"
      "See: jensen select gaussian-mixture --help");
  auto* mixture = select->add_subcommand("gaussian-mixture", "Fit every number of components and covariance structure");
  auto a = std::make_shared<SelectArguments>();
  add_data(*mixture, a->data);
  mixture->add_option("-k,--components", a->components, "Numbers of components: 1..6 or 2,4,6")
      ->capture_default_str()
      ->type_name("LIST");
  mixture->add_option("--covariance", a->covariance, "all, or a list of full,tied,diagonal,spherical")
      ->capture_default_str()
      ->type_name("LIST");
  mixture->add_option("--criterion", a->criterion, "What the candidates are compared by; lower is better")
      ->capture_default_str()
      ->check(one_of({"aic", "bic", "icl"}))
      ->type_name("aic|bic|icl");
  add_engine(*mixture, a->engine);
  mixture->add_option("-o,--output", a->output, "Save the best model here")->type_name("MODEL");
  add_results(*mixture, a->json, a->quiet);
  mixture->footer(
      "Examples:\n"
      "  jensen select gaussian-mixture data/faithful.csv -k 1..6 --covariance all --criterion bic\n"
      "  jensen select gaussian-mixture data/wine.csv --exclude target -k 2,3,4 --covariance diagonal,tied -o "
      "best.json\n\n"
      "A combination that cannot be fitted is a line with its reason; one with a degenerate component ranks last.");
  mixture->callback([a, &chosen] { chosen = *a; });
}

template <class Arguments>
std::shared_ptr<Arguments> add_application(CLI::App& app, const char* output) {
  auto a = std::make_shared<Arguments>();
  app.add_option("MODEL", a->model, "Model file written by jensen fit")->required();
  app.add_option("DATA", a->data.path, "CSV or TSV file, .npy file, or - for CSV from standard input")->required();
  app.add_option("--columns", a->data.columns,
                 "Columns of the data that stand for the model's, in its order [those of the same names]")
      ->type_name("LIST");
  add_reading_options(app, a->data);
  app.add_option("-o,--output", a->output, output)->type_name("FILE");
  return a;
}

void add_predict(CLI::App& app, Command& chosen) {
  auto* predict = app.add_subcommand("predict", "Say for each row which component it belongs to");
  auto a = add_application<PredictArguments>(*predict, "CSV file to write [standard output]");
  predict->add_flag("--probabilities", a->probabilities, "Add the probability of each component");
  predict->footer(
      "Examples:\n"
      "  jensen predict model.json data.csv -o out.csv\n"
      "  jensen predict model.json data.csv --probabilities | head\n\n"
      "One line for each row of the data. Components are counted from 0, or bear the names that labels gave them.\n"
      "Missing cells are integrated out.");
  predict->callback([a, &chosen] { chosen = *a; });
}

void add_score(CLI::App& app, Command& chosen) {
  auto* score = app.add_subcommand("score", "Log-density of each row, and the total");
  auto a = add_application<ScoreArguments>(*score, "CSV file to write [standard output]");
  add_results(*score, a->json, a->quiet);
  score->footer(
      "Examples:\n"
      "  jensen score model.json data.csv               # a line for each row; total and mean on standard error\n"
      "  jensen score model.json new.csv --json | jq .mean\n\n"
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

void add_sample(CLI::App& app, Command& chosen) {
  auto* sample = app.add_subcommand("sample", "Draw rows from a model");
  auto a = std::make_shared<SampleArguments>();
  sample->add_option("MODEL", a->model, "Model file written by jensen fit")->required();
  sample->add_option("-n,--rows", a->rows, "How many")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 53))
      ->type_name("N")
      ->required();
  sample->add_option("--seed", a->seed, "The same seed gives the same rows")
      ->capture_default_str()
      ->check(refuse_unless_whole)
      ->type_name("N");
  sample->add_flag("--with-component", a->with_component, "Add the component that each row comes from");
  sample->add_option("-o,--output", a->output, "CSV file to write [standard output]")->type_name("FILE");
  sample->footer(
      "Examples:\n"
      "  jensen sample model.json -n 1000 --seed 7\n"
      "  jensen sample model.json -n 1000 --with-component -o simulated.csv\n\n"
      "Row i depends on the seed and i alone: more rows continue the same sample.");
  sample->callback([a, &chosen] { chosen = *a; });
}

void add_describe(CLI::App& app, Command& chosen) {
  auto* describe = app.add_subcommand("describe", "Show a model file");
  auto a = std::make_shared<DescribeArguments>();
  describe->add_option("MODEL", a->model, "Model file written by jensen fit")->required();
  describe->add_flag("--json", a->json, "Print one JSON object instead of text");
  describe->footer(
      "Examples:\n  jensen describe model.json\n  jensen describe model.json --json | jq .standard_deviations");
  describe->callback([a, &chosen] { chosen = *a; });
}

// CLI11 does not break lines itself.
void wrap_descriptions(CLI::App& app) {
  constexpr std::size_t widest = 66;
  for (CLI::Option* option : app.get_options()) {
    std::string text = option->get_description();
    for (std::size_t begin = 0; text.size() - begin > widest;) {
      const auto space = text.rfind(' ', begin + widest);
      if (space == std::string::npos || space <= begin) break;
      text[space] = '\n';
      begin = space + 1;
    }
    option->description(text);
  }
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) wrap_descriptions(*command);
}

// The innermost command that the user named, and how it is called.
std::pair<const CLI::App*, std::string> named_command(const CLI::App& app) {
  const CLI::App* command = &app;
  std::string words = app.get_name();
  while (!command->get_subcommands().empty()) {
    command = command->get_subcommands().front();
    words += " " + command->get_name();
  }
  return {command, words};
}

}  // namespace

Command parse_command_line(int count, const char* const* words) {
  Command chosen;
  CLI::App app("Fits latent-variable models by expectation-maximization.", "jensen");
  app.set_version_flag("--version", std::string("jensen ") + JENSEN_VERSION);
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  add_fit(app, chosen);
  add_select(app, chosen);
  add_predict(app, chosen);
  add_score(app, chosen);
  add_sample(app, chosen);
  add_impute(app, chosen);
  add_describe(app, chosen);
  app.footer(
      "Examples:\n"
      "  jensen fit gaussian-mixture data/faithful.csv -k 2 --restarts 20 --seed 1 -o model.json\n"
      "  jensen select gaussian-mixture data/faithful.csv -k 1..6 --covariance all --criterion bic\n"
      "  jensen predict model.json data/faithful.csv --probabilities -o out.csv\n"
      "  jensen describe model.json\n\n"
      "Each command has its own help with examples: jensen predict --help");
  wrap_descriptions(app);
  try {
    app.parse(count, words);
  } catch (const CLI::CallForHelp&) {
    const auto [command, name] = named_command(app);
    return Answer{command->help(name.substr(0, name.size() - std::min(name.size(), command->get_name().size() + 1)))};
  } catch (const CLI::CallForVersion& version) {
    return Answer{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    const auto [command, name] = named_command(app);
    const auto strangers = command->remaining();
    const bool has_commands = !command->get_subcommands([](const CLI::App*) { return true; }).empty();
    const std::string problem =
        has_commands && !strangers.empty() ? "unknown command '" + strangers.front() + "'" : error.what();
    throw jensen::Error(problem + "\nTry: " + name + " --help");
  }
  return chosen;
}
