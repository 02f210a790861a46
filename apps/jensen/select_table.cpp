// jensen select mixture and select latent-class
#include <jensen/error.h>
#include <jensen/select_mixture.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "commands.h"
#include "fitting.h"
#include "output.h"
#include "regression.h"
#include "sequences.h"
#include "text_table.h"
#include "watch.h"

namespace {

using jensen::Error;
using Row = std::vector<std::string>;

// Choices of a form that others do not share: "income:log-normal".
std::string label(const std::vector<jensen::Schema>& forms, int form) {
  std::string text;
  for (std::size_t i = 0; i < forms[0].size(); ++i) {
    const auto& own = forms[static_cast<std::size_t>(form)][i];
    const auto said = [](const jensen::SchemaPart& part) {
      std::string words = part.kind;
      for (const auto& [name, value] : part.options) words += value.empty() ? "(" + name + ")" : "";
      return words;
    };
    bool differs = false;
    for (const auto& other : forms) differs = differs || said(other[i]) != said(own);
    if (differs) text += (text.empty() ? "" : ", ") + fmt::format("{}:{}", fmt::join(own.columns, "+"), said(own));
  }
  return text.empty() ? "-" : text;
}

std::string number(double value) { return std::isnan(value) ? "-" : precise(value); }

// What was selected, whether rows or groups of them, and the best of it as a file.
struct Selected {
  jensen::MixtureSelection selection;  ///< without `best`
  std::optional<TableFit> best;
  bool interrupted = false;
};

template <class Found>
Selected selected(Found found, const LoadedData& data, const SelectTableArguments& a, jensen::Prior prior) {
  Selected result{{std::move(found.forms), std::move(found.candidates), {}}, {}, false};
  if (!found.best) return result;
  auto& fitted = *found.best;
  using M = decltype(fitted.model);
  const auto sequences = data.table.sequences();
  if (!sequences.empty()) name_rows_of_file(fitted.report, data);
  const int states = fitted.model.states();
  result.best = TableFit{{std::make_shared<jensen::Erased<M>>(std::move(fitted.model)),
                          columns_of(fitted.schema),
                          component_names(data.label_names, states),
                          {},
                          fitted.schema,
                          {},
                          data.factors,
                          a.data.group.value_or("")},
                         std::move(fitted.report),
                         prior,
                         data.seconds,
                         thread_count(a.engine.threads),
                         sequences.empty() ? 0 : sequences.size() - 1};
  return result;
}

Selected select(const SelectTableArguments& a, const LoadedData& data, const std::vector<jensen::Schema>& forms,
                jensen::MixtureSelectionOptions selection, jensen::Options options) {
  Watch watch(a.quiet);
  selection.progress = [&](int done, int count) {
    watch.progress.set_prefix(fmt::format("{}/{} done  ", done, count));
  };
  options = watch.over(std::move(options));
  Selected result =
      a.data.group
          ? selected(jensen::select_grouped_mixture(data.table, forms, selection, options), data, a, selection.prior)
          : selected(jensen::select_mixture(data.table, forms, selection, options), data, a, selection.prior);
  result.interrupted = watch.interrupt.noted();
  return result;
}

}  // namespace

std::string describe_selection(const jensen::MixtureSelection& selection, const SelectTableArguments& a,
                               const std::string& models, const std::string& state) {
  const bool many_forms = selection.forms.size() > 1;
  const bool validated = a.folds > 0 || a.criterion == "cv";
  std::string text = fmt::format("{}: {} by {}\n\n", models,
                                 counted(static_cast<double>(selection.candidates.size()), "candidate"), a.criterion);
  Row head{"", "K"};
  if (many_forms) head.emplace_back("distributions");
  head.insert(head.end(), {"log-likelihood", "parameters", "AIC", "BIC", "ICL", "entropy"});
  if (validated) head.emplace_back("cross-validated");
  if (a.bootstrap > 0) head.emplace_back("p of K + 1");
  head.insert(head.end(), {"starts", ""});
  std::vector<Row> rows{head};
  std::string reasons;
  for (const auto& c : selection.candidates) {
    Row row{rows.size() == 1 && c.fitted ? "*" : "", std::to_string(c.components)};
    if (many_forms) row.push_back(label(selection.forms, c.form));
    if (c.fitted) {
      row.insert(row.end(), {precise(c.log_likelihood), std::to_string(c.free_parameters), precise(c.aic),
                             precise(c.bic), precise(c.icl), fmt::format("{:.3f}", c.normalized_entropy)});
      if (validated) row.push_back(number(c.cross_validated));
      if (a.bootstrap > 0) row.push_back(std::isnan(c.p_value) ? "-" : fmt::format("{:.3f}", c.p_value));
      row.push_back(fmt::format("{}/{}", c.starts_at_best, c.starts));
    } else {
      row.insert(row.end(), head.size() - row.size() - 1, "-");
    }
    const bool converged = c.outcome == jensen::Outcome::converged;
    row.push_back(!c.fitted ? "failed" : !c.sound ? "unsound" : converged ? "" : to_string(c.outcome));
    rows.push_back(std::move(row));
    if (c.reason.empty()) continue;
    reasons += fmt::format("  ! K = {}{}: {}\n", c.components,
                           many_forms ? ", " + label(selection.forms, c.form) : std::string(), c.reason);
  }
  text += aligned(rows, "") + fmt::format(
                                  "  (entropy: 1 where every row belongs to one {} without doubt; starts: how many of\n"
                                  "  them reached the optimum shown)\n",
                                  state);
  if (!reasons.empty()) text += "\n" + reasons;
  if (!selection.candidates.front().fitted) return text;
  text += fmt::format("\nBest by {}: {}{}\n", a.criterion, counted(selection.candidates.front().components, state),
                      many_forms ? ", " + label(selection.forms, selection.candidates.front().form) : std::string());
  return text + (a.output ? fmt::format("  saved as {}: jensen describe {}\n", *a.output, *a.output)
                          : std::string("  add -o model.json to save it\n"));
}

int run(const SelectTableArguments& said) {
  SelectTableArguments a = said;
  jensen::MixtureSelectionOptions candidates;
  candidates.components = split_numbers(a.components, "-k");
  candidates.criterion = jensen::mixture_criterion_named(a.criterion);
  candidates.prior = jensen::prior_named(a.engine.prior);
  candidates.folds = a.folds > 0 ? a.folds : a.criterion == "cv" ? 10 : 0;
  candidates.bootstrap = a.bootstrap;
  const jensen::Options options = engine_options(a.engine);
  if (a.output == "-") throw Error("-o: must be a file; --json prints the best model");
  check_output(a.output, "-o", {a.data.path});
  jensen::Schema schema = regression(a.regression, a.data);
  a.data = with_groups_as_sequences(std::move(a.data));
  if (schema.empty() && !a.data.columns && a.default_kind.empty()) {
    throw Error("--columns: say what each column is, or give a regression with --regress");
  }
  // Labels name states; more of them than the fewest components are refused by that candidate.
  const int most = *std::max_element(candidates.components.begin(), candidates.components.end());
  LoadedData data = load_table(a.data, most, a.default_kind, schema);
  refuse_lags(data);
  const auto forms = jensen::alternatives(schema);
  if (a.data.group) prepare_groups(data, a.data, schema);

  Selected found = select(a, data, forms, candidates, options);
  if (a.data.group) name_rows_of_file(found.selection.candidates, data, a.data);
  auto& best = found.best;
  if (best) {
    best->file.fit = jensen::summarize(best->report, best->prior, best->file.model->states());
    if (a.output) jensen::save_model(*a.output, best->file);
  }
  if (a.json) print(selection_json(found.selection, a.criterion, best ? &*best : nullptr));
  if (!a.json && !a.quiet) {
    print(describe_selection(found.selection, a, a.data.group ? "Mixtures of groups" : "Mixtures", "component"));
  }
  return exit_code(found.selection, best ? &best->report : nullptr, found.interrupted);
}
