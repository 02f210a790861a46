// jensen select
#include <fmt/format.h>

#include <memory>

#include "arguments/options.h"

void add_table_selection(CLI::App& command, SelectTableArguments& a, const char* states, const char* of_states) {
  add_data(command, a.data);
  command.add_option("--labels", a.data.labels, fmt::format("Column of known {}", of_states))->type_name("COLUMN");
  command.add_option(states, a.components, fmt::format("Numbers of {}: 1..6 or 2,4,6", of_states))
      ->capture_default_str()
      ->type_name("LIST");
  add_engine(command, a.engine);
  command.add_option("-o,--output", a.output, "Save the best model here")->type_name("MODEL");
  add_results(command, a.json, a.quiet);
}

namespace {

// What takes rows apart.
void add_validation(CLI::App& command, SelectTableArguments& a) {
  command
      .add_option(
          "--criterion", a.criterion,
          "What the candidates are compared by: aic, bic, icl (lower is better), entropy (normalised, higher is "
          "better), cv (cross-validated log-likelihood, higher is better)")
      ->capture_default_str()
      ->check(one_of({"aic", "bic", "icl", "entropy", "cv"}))
      ->type_name("aic|bic|icl|entropy|cv");
  command.add_option("--folds", a.folds, "Of the cross-validation [10 with --criterion cv, else none]")
      ->check(CLI::Range(2, 1000000))
      ->type_name("N");
  command
      .add_option("--test", a.bootstrap,
                  "Samples of the parametric bootstrap likelihood-ratio test of K against K + 1 components")
      ->check(CLI::Range(1, 1000000))
      ->type_name("N");
}

void add_mixture(CLI::App& select, Command& chosen) {
  auto* mixture = select.add_subcommand("mixture", "Fit every number of components and choice of distributions");
  auto a = std::make_shared<SelectTableArguments>();
  add_table_selection(*mixture, *a, "-k,--components", "components");
  add_validation(*mixture, *a);
  mixture->get_option("--columns")
      ->description(
          "What each column is (see jensen fit mixture --help), with alternatives: income:gaussian|log-normal, "
          "a + b:gaussian(full|diagonal), gaussian(all) or student-t(all) for all covariance structures (14 in two "
          "columns or more)")
      ->type_name("SCHEMA");
  add_regression(*mixture, a->regression);
  add_group(*mixture, a->data, false);
  mixture->footer(
      "Examples:\n"
      "  jensen select mixture data/survey.csv -k 1..4 --columns 'age:gaussian, income:gaussian|log-normal|gamma'\n"
      "  jensen select mixture data/faithful.csv -k 1..3 --columns 'eruptions + waiting:gaussian(all)' --criterion cv\n"
      "  jensen select mixture data/faithful.csv -k 1,2,3 --columns 'eruptions + waiting:gaussian' --test 99\n"
      "  jensen select mixture data/npreg.csv -k 1..3 --regress 'yn ~ x | id2'\n\n"
      "A combination that cannot be fitted is a line with its reason; one with a degenerate component ranks last.");
  mixture->callback([a, &chosen] { chosen = *a; });
}

void add_latent_class(CLI::App& select, Command& chosen) {
  auto* classes = select.add_subcommand("latent-class", "Fit every number of latent classes");
  auto a = std::make_shared<SelectTableArguments>();
  add_table_selection(*classes, *a, "-k,--components", "components");
  add_validation(*classes, *a);
  a->default_kind = "categorical";
  classes->get_option("--columns")->description("Columns of categories, words or numbers [all that are left]");
  classes->footer("Example:\n  jensen select latent-class data/survey.csv -k 1..4 --columns sex,job,smoker");
  classes->callback([a, &chosen] { chosen = *a; });
}

}  // namespace

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
  mixture
      ->add_option("--covariance", a->covariance,
                   "all (the four full,tied,diagonal,spherical), mclust (all 14), or a list of either's names")
      ->capture_default_str()
      ->type_name("LIST");
  mixture->add_option("--criterion", a->criterion, "What the candidates are compared by; lower is better")
      ->capture_default_str()
      ->check(one_of({"aic", "bic", "icl"}))
      ->type_name("aic|bic|icl");
  add_engine(*mixture, a->engine);
  add_precision(*mixture, a->engine);
  mixture->add_option("-o,--output", a->output, "Save the best model here")->type_name("MODEL");
  add_results(*mixture, a->json, a->quiet);
  mixture->footer(
      "Examples:\n"
      "  jensen select gaussian-mixture data/faithful.csv -k 1..6 --covariance all --criterion bic\n"
      "  jensen select gaussian-mixture data/wine.csv --exclude target -k 2,3,4 --covariance diagonal,tied -o "
      "best.json\n\n"
      "A combination that cannot be fitted is a line with its reason; one with a degenerate component ranks last.");
  mixture->callback([a, &chosen] { chosen = *a; });
  add_mixture(*select, chosen);
  add_latent_class(*select, chosen);
  add_select_hidden_markov(*select, chosen);
}
