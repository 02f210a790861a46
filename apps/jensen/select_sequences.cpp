// jensen select hidden-markov
#include <jensen/error.h>
#include <jensen/fit_hidden_markov.h>

#include <fmt/format.h>

#include <algorithm>

#include "commands.h"
#include "fitting.h"
#include "output.h"
#include "sequences.h"
#include "watch.h"

namespace {

using jensen::Error;

jensen::HiddenMarkovSelection select(const SelectSequencesArguments& a, const LoadedData& data,
                                     const std::vector<jensen::Schema>& forms,
                                     jensen::MixtureSelectionOptions selection, jensen::Options options,
                                     bool& interrupted) {
  Watch watch(a.quiet);
  selection.progress = [&](int done, int count) {
    watch.progress.set_prefix(fmt::format("{}/{} done  ", done, count));
  };
  options = watch.over(std::move(options));
  auto result = jensen::select_hidden_markov(data.table, forms, chain_form(a.chain, a.data), selection, options);
  interrupted = watch.interrupt.noted();
  return result;
}

}  // namespace

int run(const SelectSequencesArguments& a) {
  jensen::MixtureSelectionOptions candidates;
  candidates.components = split_numbers(a.components, "-k");
  candidates.criterion = jensen::mixture_criterion_named(a.criterion);
  candidates.prior = jensen::prior_named(a.engine.prior);
  const jensen::Options options = engine_options(a.engine);
  if (a.output == "-") throw Error("-o: must be a file; --json prints the best model");
  check_output(a.output, "-o", {a.data.path});
  if (a.data.labels && candidates.components.size() > 1) {
    throw Error("--labels: need one number of states, so that there is nothing to choose but distributions: -k K");
  }
  jensen::Schema schema;
  const int most = *std::max_element(candidates.components.begin(), candidates.components.end());
  const auto form = chain_form(a.chain, a.data);
  auto gate = columns_of(form);
  const DataArguments reading = with_times(a.data, a.chain);
  LoadedData data = load_table(reading, most, a.default_kind, schema, gate);
  check_inputs(form, gate);
  prepare_sequences(data, reading, a.chain, schema);

  bool interrupted = false;
  auto selection = select(a, data, jensen::alternatives(schema), candidates, options, interrupted);
  name_rows_of_file(selection.candidates, data, a.data);
  std::optional<TableFit> best;
  if (selection.best) {
    auto& fitted = *selection.best;
    const int states = fitted.model.states();
    name_rows_of_file(fitted.report, data);
    best = TableFit{{std::make_shared<jensen::Erased<jensen::AnyHiddenMarkov>>(fitted.model),
                     columns_of(fitted.schema, gate),
                     component_names(data.label_names, states),
                     {},
                     fitted.schema,
                     gate,
                     data.factors,
                     a.data.sequence.value_or(""),
                     a.data.order.value_or("")},
                    fitted.report,
                    candidates.prior,
                    data.seconds,
                    thread_count(a.engine.threads),
                    data.table.sequences().size() - 1};
    best->file.fit = jensen::summarize(best->report, best->prior, states);
    if (a.output) jensen::save_model(*a.output, best->file);
  }
  const jensen::MixtureSelection shown{selection.forms, selection.candidates, {}};
  if (a.json) print(selection_json(shown, a.criterion, best ? &*best : nullptr));
  if (!a.json && !a.quiet) print(describe_selection(shown, a, "Hidden Markov models", "state"));
  return exit_code(selection, best ? &best->report : nullptr, interrupted);
}
