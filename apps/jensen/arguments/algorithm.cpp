// Options about the way up: the variant of EM, its accelerator, and the file that outlives an interruption.
#include "arguments/options.h"

void add_algorithm(CLI::App& app, EngineArguments& engine) {
  app.add_option("--algorithm", engine.algorithm, "Variant of EM; a model that cannot do it says why [em]")
      ->check(one_of(
          {"em", "classification", "stochastic", "monte-carlo", "annealed", "incremental", "online", "sparse", "ecm"}))
      ->type_name("em|classification|stochastic|monte-carlo|annealed|incremental|online|sparse|ecm");
  app.add_option("--accelerate", engine.accelerate,
                 "Leaps between the steps, kept only where the objective climbs [none]")
      ->check(one_of({"none", "squarem", "anderson", "quasi-newton"}))
      ->type_name("none|squarem|anderson|quasi-newton");
}

void add_checkpoint(CLI::App& app, CheckpointArguments& checkpoint) {
  app.add_option("--checkpoint", checkpoint.path, "Keep the fit as it stands in this file")->type_name("FILE");
  app.add_option("--checkpoint-every", checkpoint.every, "Seconds between writing it [10]")->type_name("SECONDS");
  app.add_flag("--resume", checkpoint.resume,
               "Go on from the checkpoint, to the same bits as without the interruption; begin if there is none yet");
}
