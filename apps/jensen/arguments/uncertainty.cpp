// Standard errors of a fit, and jensen diagnose.
#include <memory>

#include "arguments/options.h"

void add_uncertainty(CLI::App& app, UncertaintyArguments& a) {
  app.add_option("--standard-errors", a.method,
                 "oakes, louis, supplemented: from the information; sandwich: right where the model is not, and for "
                 "sampling weights; bootstrap, weighted-bootstrap: by refitting")
      ->capture_default_str()
      ->check(one_of({"none", "oakes", "louis", "supplemented", "sandwich", "bootstrap", "weighted-bootstrap"}))
      ->type_name("METHOD");
  app.add_option("--intervals", a.intervals, "Beside the standard errors [wald; percentile for a bootstrap]")
      ->check(one_of({"wald", "profile", "percentile"}))
      ->type_name("wald|profile|percentile");
  app.add_option("--level", a.level, "Of the intervals [0.95]")->type_name("X");
  app.add_option("--replicates", a.replicates, "Refits of a bootstrap; --seed seeds them [200]")->type_name("N");
}

void add_diagnose(CLI::App& app, Command& chosen) {
  auto* diagnose = app.add_subcommand("diagnose", "Say how a fit stands: convergence, missing information, condition");
  auto a = std::make_shared<DiagnoseArguments>();
  diagnose->add_option("MODEL", a->model, "Model file written by jensen fit")->required();
  diagnose->add_option("DATA", a->data.path, "The data that it was fitted to: a file, or - for CSV from standard input")
      ->required();
  diagnose
      ->add_option("--columns", a->data.columns,
                   "Columns of the data that stand for the model's, in its order [those of the same names]")
      ->type_name("LIST");
  diagnose->add_option("--weights", a->data.weights, "Column of observation weights, as in the fit")
      ->type_name("COLUMN");
  diagnose
      ->add_option("--weight-kind", a->data.weight_kind,
                   "frequency: a row of weight w is w observations; sampling: one that stands for w [frequency]")
      ->check(one_of({"frequency", "sampling"}))
      ->type_name("frequency|sampling");
  diagnose->add_option("--labels", a->data.labels, "Column of known components, as in the fit")->type_name("COLUMN");
  add_sequences(*diagnose, a->data, true);
  add_group(*diagnose, a->data, true);
  add_reading_options(*diagnose, a->data);
  diagnose->add_option("--threads", a->threads, "0: one per processor; the result does not depend on it")
      ->capture_default_str()
      ->type_name("N");
  diagnose->add_flag("--json", a->json, "Print one JSON object instead of text");
  diagnose->footer(
      "Examples:\n"
      "  jensen diagnose model.json data/faithful.csv\n"
      "  jensen diagnose model.json data/faithful.csv --json | jq .rate\n\n"
      "The data must be those of the fit. Lines that begin with ! deserve attention.");
  diagnose->callback([a, &chosen] { chosen = *a; });
}
