// Options about sequences, and the commands that are about nothing else.
#include <memory>

#include "arguments/options.h"

void add_sequences(CLI::App& app, DataArguments& data, bool known_by_model) {
  const char* said = known_by_model ? " [as in the fit; '': none]" : " [none]";
  app.add_option("--sequence", data.sequence,
                 std::string("Column that says which sequence a row belongs to; without one all rows are one") + said)
      ->type_name("COLUMN");
  app.add_option(
         "--order", data.order,
         std::string("Column of numbers by which the rows of a sequence are put in order; without one they come "
                     "as in the file") +
             said)
      ->type_name("COLUMN");
}

void add_chain(CLI::App& app, ChainArguments& chain) {
  app.add_option(
         "--transitions", chain.transitions,
         "Which state may follow which: any; the same or the next, from the first on; those at most WIDTH apart")
      ->capture_default_str()
      ->type_name("full|left-right|banded|banded:WIDTH");
  app.add_option("--initial", chain.initial,
                 "Where sequences begin: estimated; any state alike; the stationary distribution of the transitions")
      ->capture_default_str()
      ->check(one_of({"free", "uniform", "stationary"}))
      ->type_name("free|uniform|stationary");
  app.add_option("--pseudo-count", chain.pseudo_count,
                 "Added to every expected transition and first state: a Dirichlet prior that keeps them from 0")
      ->capture_default_str()
      ->type_name("X");
  app.add_option("--transition-inputs", chain.inputs,
                 "Columns on which the transitions depend, by a multinomial logit: 'a + log(b)'; the move into a row "
                 "depends on the columns of that row")
      ->type_name("FORMULA");
  app.add_option("--initial-inputs", chain.initial_inputs,
                 "Columns of its first row on which the first state of a sequence depends, by a multinomial logit")
      ->type_name("FORMULA");
  app.add_flag("--continuous-time", chain.continuous_time,
               "Transitions are those of a process in continuous time, whose rates are estimated; --order says when "
               "each row was seen");
  app.add_option("--durations", chain.durations,
                 "Stays in a state have a distribution of this family instead of one that Markov transitions give them")
      ->check(one_of({"poisson", "negative-binomial", "geometric", "free"}))
      ->type_name("poisson|negative-binomial|geometric|free");
  app.add_option(
         "--max-duration", chain.max_duration,
         "With --durations: no stay is longer than D rows [twice the longest sequence, at most 1000; free: say]")
      ->check(CLI::Range(1, 1000000))
      ->type_name("D");
  app.add_option("--clusters", chain.clusters,
                 "Sequences belong to C clusters, each a hidden Markov model with K states of its own")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000))
      ->type_name("C");
  app.add_option(
         "--memory", chain.memory,
         "What an E-step keeps of a sequence of T rows: T x K numbers; or K numbers for each 64 to 512 rows, where "
         "densities are computed twice. Results are the same")
      ->capture_default_str()
      ->check(one_of({"all", "checkpoints"}))
      ->type_name("all|checkpoints");
  app.add_option("--covariance", chain.covariance,
                 "Model all columns of kind gaussian jointly, with this covariance structure")
      ->type_name("full|tied|diagonal|spherical|EII|…|VVV");
}

void add_fit_hidden_markov(CLI::App& fit, Command& chosen) {
  auto* markov = fit.add_subcommand("hidden-markov", "Fit a hidden Markov model of K states to sequences of rows");
  auto a = std::make_shared<FitSequencesArguments>();
  a->one.constraints.order_option = "--ordered";  // --order is that of the rows
  add_table_fit(*markov, *a, "-k,--states", "states");
  markov->get_option("--columns")
      ->description("What each column is, given the state: see jensen fit mixture --help")
      ->type_name("SCHEMA");
  markov->get_option("--weights")->description("Column of weights, the same in all rows of a sequence");
  add_sequences(*markov, a->data, false);
  add_chain(*markov, a->chain);
  add_regression(*markov, a->regression);
  markov->footer(
      "Examples:\n"
      "  # counts in the order of the file: one sequence\n"
      "  jensen fit hidden-markov data/earthquakes.csv -k 3 --columns count:poisson -o model.json\n"
      "  # many sequences, put in order by a column; a joint Gaussian; states that only go on\n"
      "  jensen fit hidden-markov recordings.csv -k 5 --sequence id --order time --columns 'x:gaussian, y:gaussian' "
      "\\\n"
      "    --covariance full --transitions left-right\n"
      "  # transitions that depend on columns; rows that come at irregular times\n"
      "  jensen fit hidden-markov recordings.csv -k 2 --sequence id --order time --columns x:gaussian \\\n"
      "    --transition-inputs 'dose + log(age)' --initial-inputs age\n"
      "  jensen fit hidden-markov recordings.csv -k 2 --sequence id --order time --columns x:gaussian "
      "--continuous-time\n"
      "  # stays whose lengths are negative binomial\n"
      "  jensen fit hidden-markov data/earthquakes.csv -k 2 --columns count:poisson --durations negative-binomial\n"
      "  # sequences of two kinds, which differ in how their states follow one another\n"
      "  jensen fit hidden-markov tracks.csv --sequence id --columns step:gamma -k 3 --clusters 2\n"
      "  jensen predict model.json data/earthquakes.csv --viterbi\n"
      "  jensen forecast model.json data/earthquakes.csv --steps 12\n\n"
      "Missing cells and wholly missing rows are integrated out. A row that is not there is none: a gap in the order\n"
      "column does not count, but with --continuous-time. States are numbered by the expected value of the first "
      "column, in ascending order, "
      "unless\n"
      "labels name them or --transitions orders them.\n"
      "Exit code: 0 converged, 1 something to correct, 2 the fit did not converge (its best is still saved).");
  markov->callback([a, &chosen] { chosen = *a; });
}

void add_select_hidden_markov(CLI::App& select, Command& chosen) {
  auto* markov = select.add_subcommand("hidden-markov", "Fit every number of hidden states");
  auto a = std::make_shared<SelectSequencesArguments>();
  add_table_selection(*markov, *a, "-k,--states", "states");
  markov->get_option("--columns")
      ->description("What each column is (see jensen fit mixture --help), with alternatives: count:poisson|geometric")
      ->type_name("SCHEMA")
      ->required();
  markov->add_option("--criterion", a->criterion, "What the candidates are compared by; entropy: higher is better")
      ->capture_default_str()
      ->check(one_of({"aic", "bic", "icl", "entropy"}))
      ->type_name("aic|bic|icl|entropy");
  add_sequences(*markov, a->data, false);
  add_chain(*markov, a->chain);
  markov->footer(
      "Example:\n"
      "  jensen select hidden-markov data/earthquakes.csv -k 1..4 --columns count:poisson\n\n"
      "n of BIC is the number of rows; ICL takes the entropy of the paths of states.");
  markov->callback([a, &chosen] { chosen = *a; });
}

void add_forecast(CLI::App& app, Command& chosen) {
  auto* forecast = app.add_subcommand("forecast", "Say what comes after the last row of each sequence");
  auto a = std::make_shared<ForecastArguments>();
  forecast->add_option("MODEL", a->model, "Model file written by jensen fit hidden-markov")->required();
  forecast->add_option("DATA", a->data.path, "CSV or TSV file, .npy file, or - for CSV from standard input")
      ->required();
  forecast
      ->add_option("--columns", a->data.columns,
                   "Columns of the data that stand for the model's, in its order [those of the same names]")
      ->type_name("LIST");
  add_sequences(*forecast, a->data, true);
  add_reading_options(*forecast, a->data);
  forecast->add_option("--steps", a->steps, "How many rows ahead [1; with --inputs or --times as many as these hold]")
      ->check(CLI::Range(1, 1000000))
      ->type_name("N");
  forecast
      ->add_option("--inputs", a->inputs,
                   "CSV file of the rows to come, for a model that depends on columns which it does not explain: those "
                   "columns, that of the sequences where there are several, that of the time in continuous time")
      ->type_name("FILE");
  forecast->add_option("--times", a->times, "When the rows to come are seen, in continuous time: 10,10.5,12")
      ->type_name("LIST");
  forecast->add_option("--level", a->level, "Of the intervals: the share of probability between their ends")
      ->capture_default_str()
      ->type_name("X");
  forecast
      ->add_option("--draws", a->draws, "Paths that are drawn where rows depend on those before them, lag(y) [10000]")
      ->check(CLI::Range(1, 10000000))
      ->type_name("N");
  forecast->add_option("--seed", a->seed, "Of these draws [0]")->check(refuse_unless_whole)->type_name("N");
  forecast->add_option("-o,--output", a->output, "CSV file to write [standard output]")->type_name("FILE");
  forecast->add_flag("--json", a->json, "Print one JSON object instead of text");
  forecast->footer(
      "Examples:\n"
      "  jensen forecast model.json data/earthquakes.csv --steps 12\n"
      "  jensen forecast model.json recordings.csv --steps 5 --level 0.5 -o ahead.csv\n"
      "  # a model that depends on columns: what they will be\n"
      "  jensen forecast model.json recordings.csv --inputs future.csv\n"
      "  # in continuous time\n"
      "  jensen forecast model.json recordings.csv --times 20,20.5,30\n\n"
      "A line for each sequence and step: the probability of each state, and for each column the mean and the two\n"
      "quantiles of its predictive distribution, a mixture over the states. A column of words shows its most probable\n"
      "one, a column of angles its mean direction and the arc around it from lower to upper, directions NA.\n"
      "Where rows depend on those before them (lag) there is no closed form beyond the first: means and quantiles\n"
      "are then those of --draws paths.");
  forecast->callback([a, &chosen] { chosen = *a; });
}
