// jensen sample and describe: a model alone.
#include <memory>

#include "arguments/options.h"

void add_sample(CLI::App& app, Command& chosen) {
  auto* sample = app.add_subcommand("sample", "Draw rows from a model");
  auto a = std::make_shared<SampleArguments>();
  sample->add_option("MODEL", a->model, "Model file written by jensen fit")->required();
  sample
      ->add_option("--inputs", a->inputs.path,
                   "CSV file with a line for each row to draw, for a model that depends on columns which it does not "
                   "explain: those columns, and those of sequences, order and time as in the fit")
      ->type_name("FILE");
  add_sequences(*sample, a->inputs, true);
  add_reading_options(*sample, a->inputs);
  sample->add_option("-n,--rows", a->rows, "How many")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 53))
      ->type_name("N");
  sample->add_option("--length", a->length, "Rows of each sequence of a hidden Markov model, or of each group")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 53))
      ->type_name("N");
  sample->add_option("--sequences", a->sequences, "How many sequences, or groups [1]")
      ->check(CLI::Range(1, 1000000000))
      ->type_name("N");
  sample->add_option("--seed", a->seed, "The same seed gives the same rows")
      ->capture_default_str()
      ->check(refuse_unless_whole)
      ->type_name("N");
  sample->add_flag("--with-component", a->with_component, "Add the component that each row comes from");
  sample->add_option("-o,--output", a->output, "CSV file to write [standard output]")->type_name("FILE");
  sample->footer(
      "Examples:\n"
      "  jensen sample model.json -n 1000 --seed 7\n"
      "  jensen sample model.json -n 1000 --with-component -o simulated.csv\n"
      "  jensen sample model.json --length 50 --sequences 20 --with-component\n"
      "  # a regression, or a chain with inputs: at these\n"
      "  jensen sample model.json --inputs design.csv\n\n"
      "Row i depends on the seed and i alone: more rows continue the same sample.");
  sample->callback([a, &chosen] { chosen = *a; });
}

void add_describe(CLI::App& app, Command& chosen) {
  auto* describe = app.add_subcommand("describe", "Show a model file");
  auto a = std::make_shared<DescribeArguments>();
  describe->add_option("MODEL", a->model, "Model file written by jensen fit")->required();
  describe->add_flag("--standard-errors", a->standard_errors,
                     "Show the components' parameters column by column with their standard errors, which fit "
                     "--standard-errors put into the file");
  describe->add_flag("--json", a->json, "Print one JSON object instead of text");
  describe->footer(
      "Examples:\n  jensen describe model.json\n  jensen describe model.json --json | jq .standard_deviations\n"
      "  jensen fit mixture data/survey.csv -k 2 --columns 'age:gaussian, sex:categorical' --standard-errors oakes -o "
      "model.json\n"
      "  jensen describe model.json --standard-errors");
  describe->callback([a, &chosen] { chosen = *a; });
}
