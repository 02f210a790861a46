// jensen fit mixture, fit latent-class and fit hidden-markov
#include <jensen/data/formula.h>
#include <jensen/error.h>
#include <jensen/fit_hidden_markov.h>

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "commands.h"
#include "data_source.h"
#include "fitting.h"
#include "output.h"
#include "regression.h"
#include "sequences.h"
#include "uncertainty.h"
#include "watch.h"

namespace {

using jensen::Error;

std::vector<std::string> gate_columns(const FitTableArguments& a) {
  if (!a.gate) return {};
  const jensen::Formula formula = jensen::parse_formula(*a.gate);
  if (!formula.response.empty() || !formula.intercept || !formula.offset.empty() || !formula.group.empty() ||
      formula.terms.empty()) {
    throw Error("--gate: must be columns, 'a + b'");
  }
  return formula.terms;
}

struct Fitted {
  std::shared_ptr<const jensen::Model> model;
  jensen::Report report;
  jensen::Schema schema;
};

template <class Table>
Fitted erased(Table table) {
  using M = decltype(table.model);
  return {std::make_shared<jensen::Erased<M>>(std::move(table.model)), std::move(table.report),
          std::move(table.schema)};
}

Fitted fit_sequences(const FitTableArguments& a, const ChainArguments* chain, const LoadedData& data,
                     const jensen::Schema& schema, const jensen::Options& options) {
  const auto prior = jensen::prior_named(a.engine.prior);
  try {
    auto fitted = chain != nullptr
                    ? erased(jensen::fit_hidden_markov(data.table, schema, *a.components, chain_form(*chain, a.data),
                                                       options, prior))
                    : erased(jensen::fit_grouped_mixture(data.table, schema, *a.components, options, prior));
    name_rows_of_file(fitted.report, data);
    return fitted;
  } catch (const jensen::NoLikelihood& error) {
    throw with_rows_of_file(error, data, a.data);
  }
}

Fitted fit(const FitTableArguments& a, const ChainArguments* chain, const LoadedData& data,
           const jensen::Schema& schema, const std::vector<std::string>& gate, jensen::Options options) {
  Watch watch(a.quiet);
  options = watch.over(std::move(options));
  if (!data.table.sequences().empty()) return fit_sequences(a, chain, data, schema, options);
  const auto prior = jensen::prior_named(a.engine.prior);
  if (gate.empty()) return erased(jensen::fit_mixture(data.table, schema, *a.components, options, prior));
  return erased(jensen::fit_mixture(data.table, schema, gate, *a.components, options, prior));
}

// Throws Error where rows that share their component do not go with what else is asked for.
void check_group(const DataArguments& data, const std::vector<std::string>& gate, const ChainArguments* chain) {
  if (!data.group) return;
  if (chain != nullptr) throw Error("--regress: | group is for mixtures: rows that belong together are a --sequence");
  if (!gate.empty()) {
    throw Error("--gate: does not go with groups: it weighs rows, but the rows of a group share their component");
  }
}

// `chain`: of a hidden Markov model; nullptr for a mixture.
int fit_table(FitTableArguments a, const ChainArguments* chain) {
  const jensen::Options options = fit_options(a.engine, a.one);
  if (*a.components < 1) throw Error(fmt::format("-k: must be ≥ 1, got {}", *a.components));
  check_fit_outputs(a.output, a.trace, a.one, a.data.path);
  jensen::Schema schema = regression(a.regression, a.data);
  const auto form = chain == nullptr ? jensen::ChainForm() : chain_form(*chain, a.data);
  auto gate = chain == nullptr ? gate_columns(a) : columns_of(form);
  check_group(a.data, gate, chain);
  a.data = with_groups_as_sequences(std::move(a.data));
  if (schema.empty() && !a.data.columns && a.default_kind.empty()) {
    throw Error("--columns: say what each column is, or give a regression with --regress");
  }
  const DataArguments reading = chain == nullptr ? a.data : with_times(a.data, *chain);
  LoadedData data = load_table(reading, *a.components, a.default_kind, schema, gate);
  if (chain != nullptr) {
    check_inputs(form, gate);
    prepare_sequences(data, reading, *chain, schema);
  } else {
    refuse_lags(data);
  }
  if (a.data.group) prepare_groups(data, a.data, schema);
  const bool any_gaussian =
      std::any_of(schema.begin(), schema.end(), [](const auto& p) { return p.kind == "gaussian"; });
  check_uncertainty(a.one.uncertainty, any_gaussian && data.table.has_missing());
  auto fitted = fit(a, chain, data, schema, gate, options);
  const int states = fitted.model->states();
  TableFit result{{fitted.model,
                   jensen::columns_of(fitted.schema, gate),
                   component_names(data.label_names, states),
                   {},
                   fitted.schema,
                   gate,
                   data.factors,
                   a.data.sequence.value_or(""),
                   a.data.order.value_or("")},
                  std::move(fitted.report),
                  jensen::prior_named(a.engine.prior),
                  data.seconds,
                  thread_count(a.engine.threads),
                  data.table.sequences().empty() ? 0 : data.table.sequences().size() - 1};
  result.file.fit = jensen::summarize(result.report, result.prior, states, options.constraints);
  if (a.output) jensen::save_model(*a.output, result.file);
  result.file.fit->standard_errors =
      uncertainty_of(*result.file.model, data.table, a.one, a.engine, options.constraints);
  if (a.output && result.file.fit->standard_errors) jensen::save_model(*a.output, result.file);
  if (a.trace) write_trace(*a.trace, result.report.trace);
  if (a.json) print(fit_json(result));
  if (!a.json && !a.quiet) print(describe_fit(result, a));
  return exit_code(result.report);
}

}  // namespace

int run(const FitTableArguments& a) { return fit_table(a, nullptr); }
int run(const FitSequencesArguments& a) { return fit_table(a, &a.chain); }
