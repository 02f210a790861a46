// jensen select
#include <memory>

#include "arguments/options.h"

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
