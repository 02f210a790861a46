// Options about the way up: the variant of EM and its accelerator.
#include "arguments/options.h"

void add_algorithm(CLI::App& app, EngineArguments& engine) {
  app.add_option("--algorithm", engine.algorithm, "Variant of EM; a model that cannot do it says why [em]")
      ->check(one_of(
          {"em", "classification", "stochastic", "monte-carlo", "annealed", "incremental", "online", "sparse", "ecm"}))
      ->type_name("em|classification|stochastic|monte-carlo|annealed|incremental|online|sparse|ecm");
  app.add_option(
         "--accelerate", engine.accelerate,
         "Leaps between the steps, kept only where the objective climbs [squarem, where model and algorithm allow "
         "it; none at --tolerance 0]")
      ->check(one_of({"none", "squarem", "anderson", "quasi-newton"}))
      ->type_name("none|squarem|anderson|quasi-newton");
}
