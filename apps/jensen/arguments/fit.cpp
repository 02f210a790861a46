// jensen fit: one function for each kind of model.
#include <fmt/format.h>

#include <memory>

#include "arguments/options.h"

void add_table_fit(CLI::App& command, FitTableArguments& a, const char* states, const char* of_states) {
  add_data(command, a.data);
  command
      .add_option("--labels", a.data.labels,
                  fmt::format("Column of known {}; a missing cell is an unknown one, a|b one of several", of_states))
      ->type_name("COLUMN");
  command.add_option(states, a.components, fmt::format("Number of {}, K", of_states))->type_name("K")->required();
  add_engine(command, a.engine);
  add_one_fit(command, a.one);
  command.add_option("-o,--output", a.output, "Save the model here")->type_name("MODEL");
  command.add_option("--trace", a.trace, "Write a line for each iteration of the returned start to this CSV file")
      ->type_name("CSV");
  add_results(command, a.json, a.quiet);
}

void add_regression(CLI::App& command, RegressionArguments& a) {
  command
      .add_option("--regress", a.formula,
                  "A regression in each component: 'y ~ a + b'; 0 or - 1 leaves the intercept out, offset(c) adds a "
                  "column; log(a) is the logarithm of a column, computed from it; in a hidden Markov model lag(y), "
                  "lag(y, 2) is what a column was one or two rows before")
      ->type_name("FORMULA");
  command.add_option("--family", a.family, "Of the response of --regress [gaussian]")
      ->check(one_of({"gaussian", "poisson", "binomial", "gamma"}))
      ->type_name("gaussian|poisson|binomial|gamma");
}

void add_group(CLI::App& command, DataArguments& data, bool known_by_model) {
  command
      .add_option("--group", data.group,
                  std::string("Column that says which rows share their component, as 'y ~ a | column' does: repeated "
                              "measurements of one person") +
                      (known_by_model ? " [as in the fit]" : ""))
      ->type_name("COLUMN");
}

namespace {

void add_gaussian_mixture(CLI::App& fit, Command& chosen) {
  auto* mixture = fit.add_subcommand("gaussian-mixture", "Fit a mixture of K multivariate normal distributions");
  auto a = std::make_shared<FitArguments>();
  add_data(*mixture, a->data);
  mixture->add_option("--labels", a->data.labels, "Column of known components; a missing cell is an unknown one")
      ->type_name("COLUMN");
  mixture->add_option("-k,--components", a->components, "Number of components, K")->type_name("K");
  mixture->add_option("--covariance", a->covariance, "Structure of the covariance matrices [full]")
      ->check(one_of({"full", "tied", "diagonal", "spherical", "EII", "VII", "EEI", "VEI", "EVI", "VVI",
                      "EEE",  "VEE",  "EVE",      "VVE",       "EEV", "VEV", "EVV", "VVV", "E",   "V"}))
      ->type_name("full|tied|diagonal|spherical|EII|…|VVV");
  mixture
      ->add_option("--start", a->start,
                   "Model file whose weights, means and covariances are the start, used as they are")
      ->type_name("MODEL");
  add_engine(*mixture, a->engine);
  add_precision(*mixture, a->engine);
  add_one_fit(*mixture, a->one);
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
      "  # standard errors and 95% intervals, kept in the model file\n"
      "  jensen fit gaussian-mixture data/faithful.csv -k 2 --standard-errors oakes -o model.json\n"
      "  # equal weights, one covariance matrix, and a mean that is known\n"
      "  jensen fit gaussian-mixture data/faithful.csv -k 2 --tie 'weight[*]' --tie 'covariance[#,*]' "
      "--fix 'mean[0,0]=2'\n"
      "  # ten more iterations from a saved model, each one recorded\n"
      "  jensen fit gaussian-mixture data/faithful.csv --start model.json --tolerance 0 --max-iterations 10 "
      "--trace trace.csv\n"
      "  # killed at any moment, the same command goes on where it was\n"
      "  jensen fit gaussian-mixture data/faithful.csv -k 3 --checkpoint fit.ckpt --resume -o model.json\n\n"
      "Exit code: 0 converged, 1 something to correct, 2 the fit did not converge (its best is still saved).\n"
      "Ctrl-C ends the fit with the best so far; a second one ends it at once.");
  mixture->callback([a, &chosen] { chosen = *a; });
}

void add_mixture(CLI::App& fit, Command& chosen) {
  auto* mixture = fit.add_subcommand("mixture", "Fit a mixture of K components to columns of different kinds");
  auto a = std::make_shared<FitTableArguments>();
  add_table_fit(*mixture, *a, "-k,--components", "components");
  mixture->get_option("--columns")
      ->description(
          "What each column is: name:KIND, with KIND one of gaussian, normal, log-normal, exponential, gamma, weibull, "
          "beta, von-mises, uniform, poisson, negative-binomial, binomial, geometric, zero-inflated-poisson, "
          "bernoulli, "
          "categorical, multinomial; a + b:KIND with gaussian, student-t, "
          "factor-analyzers or von-mises-fisher for columns that are modelled jointly; a list without kinds is "
          "jointly gaussian")
      ->type_name("SCHEMA");
  add_regression(*mixture, a->regression);
  add_group(*mixture, a->data, false);
  mixture->add_option("--gate", a->gate, "Columns on which the weights of the components depend: 'a + b'")
      ->type_name("FORMULA");
  mixture->footer(
      "Examples:\n"
      "  # numbers, words, counts and holes, side by side\n"
      "  jensen fit mixture data/survey.csv -k 3 --columns 'age:gaussian, income:log-normal, sex:categorical, "
      "visits:poisson' --weights w --labels known -o model.json\n"
      "  # two columns that are correlated, a covariance structure, counts by days of exposure\n"
      "  jensen fit mixture data/survey.csv -k 2 --columns 'age + income:gaussian(diagonal), "
      "visits:poisson(exposure=days)'\n"
      "  # regressions of counts, with weights that depend on another column\n"
      "  jensen fit mixture data/patent.csv -k 3 --regress 'Patents ~ lgRD' --family poisson --gate RDS\n"
      "  # regressions that all rows of an id share\n"
      "  jensen fit mixture data/npreg.csv -k 2 --regress 'yn ~ x | id2'\n"
      "  # a rate that is known, with standard errors for what is not\n"
      "  jensen fit mixture data/london_deaths.csv -k 2 --columns deaths:poisson --weights days --fix "
      "'deaths.rate[0]=1.25' "
      "--standard-errors oakes\n\n"
      "Columns are independent of each other within a component, but for those of one gaussian. Missing cells drop "
      "out\n"
      "exactly. Components are numbered by the expected value of the first column, in ascending order, unless labels "
      "or\n"
      "constraints name them.\n"
      "Exit code: 0 converged, 1 something to correct, 2 the fit did not converge (its best is still saved).");
  mixture->callback([a, &chosen] { chosen = *a; });
}

void add_latent_class(CLI::App& fit, Command& chosen) {
  auto* classes = fit.add_subcommand("latent-class", "Latent class analysis: K classes behind columns of categories");
  auto a = std::make_shared<FitTableArguments>();
  add_table_fit(*classes, *a, "-k,--components", "components");
  a->default_kind = "categorical";
  classes->get_option("--columns")->description("Columns of categories, words or numbers [all that are left]");
  classes->footer(
      "Examples:\n"
      "  jensen fit latent-class data/survey.csv -k 2 --columns sex,job,smoker -o classes.json\n"
      "  jensen describe classes.json\n\n"
      "The same as jensen fit mixture with every column categorical.");
  classes->callback([a, &chosen] { chosen = *a; });
}

}  // namespace

void add_fit(CLI::App& app, Command& chosen) {
  auto* fit = app.add_subcommand("fit", "Fit a model to data");
  fit->require_subcommand(1);
  fit->footer(
      "Example:\n  jensen fit gaussian-mixture data/faithful.csv -k 2\n\n"
      "See: jensen fit gaussian-mixture --help");
  add_gaussian_mixture(*fit, chosen);
  add_mixture(*fit, chosen);
  add_latent_class(*fit, chosen);
  add_fit_hidden_markov(*fit, chosen);
}
