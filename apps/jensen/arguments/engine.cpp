// Options about how a fit goes and how much of it is shown.
#include "arguments/options.h"

void add_engine(CLI::App& app, EngineArguments& engine) {
  app.add_option("--init", engine.init, "Where a start comes from [k-means++]")
      ->check(one_of({"k-means++", "random", "hierarchical", "short-runs", "annealed"}))
      ->type_name("k-means++|random|hierarchical|short-runs|annealed");
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
  add_algorithm(app, engine);
  app.add_option("--threads", engine.threads, "0: one per processor; the result does not depend on it")
      ->capture_default_str()
      ->type_name("N");
}

void add_precision(CLI::App& app, EngineArguments& engine) {
  app.add_option(
         "--precision", engine.precision,
         "Of the E-steps. float32: about twice the speed, log-likelihoods good to 1e-6 or so (docs/kernels.md), "
         "complete rows only; --tolerance is then 1e-6 and cannot be less, but for 0")
      ->capture_default_str()
      ->check(one_of({"float64", "float32"}))
      ->type_name("float64|float32");
}

void add_results(CLI::App& app, bool& json, bool& quiet) {
  app.add_flag("--json", json, "Print one JSON object instead of text");
  app.add_flag("--quiet", quiet, "No text and no progress: the exit code, the files and --json tell");
}
