// Options about the data.
#include "arguments/options.h"

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
