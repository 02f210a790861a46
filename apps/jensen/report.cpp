// What a person reads after a fit, and about a model file.
#include <jensen/error.h>
#include <jensen/models/any_hidden_markov.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "fitting.h"
#include "sequences.h"
#include "text_table.h"
#include "uncertainty.h"

namespace {

using jensen::GaussianMixtureFile;
using Row = std::vector<std::string>;

constexpr std::size_t widest_line = 110;

std::vector<double> deviations(const GaussianMixtureFile& file, int k) {
  const auto covariance = file.model.emissions().covariance(k);
  std::vector<double> result;
  for (int j = 0; j < file.model.columns(); ++j) result.push_back(std::sqrt(covariance[jensen::packed_index(j, j)]));
  return result;
}

// "mean ± standard deviation" of each column.
Row moments(const GaussianMixtureFile& file, int k) {
  const auto mean = file.model.emissions().mean(k);
  const auto spread = deviations(file, k);
  Row cells;
  for (std::size_t j = 0; j < mean.size(); ++j) cells.push_back(with_deviation(mean[j], spread[j]));
  return cells;
}

std::string weight(const GaussianMixtureFile& file, int k) {
  return fmt::format("{:.4f}", file.model.weights()[static_cast<std::size_t>(k)]);
}

std::size_t line_width(const std::string& text) { return text.find('\n'); }

// Components down, columns across; turned round, a few components at a time, where that would be too wide.
std::string component_table(const GaussianMixtureFile& file) {
  const int components = file.model.states();
  const int columns = file.model.columns();
  std::vector<Row> rows{{"component", "weight"}};
  rows[0].insert(rows[0].end(), file.columns.begin(), file.columns.end());
  for (int k = 0; k < components; ++k) {
    rows.push_back({file.component(k), weight(file, k)});
    const Row cells = moments(file, k);
    rows.back().insert(rows.back().end(), cells.begin(), cells.end());
  }
  std::string across = aligned(rows);
  if (line_width(across) <= widest_line) return across;
  std::string text;
  constexpr int at_once = 4;
  for (int first = 0; first < components; first += at_once) {
    const int last = std::min(components, first + at_once);
    rows = {{"component"}, {"weight"}};
    for (int j = 0; j < columns; ++j) rows.push_back({file.columns[static_cast<std::size_t>(j)]});
    for (int k = first; k < last; ++k) {
      rows[0].push_back(file.component(k));
      rows[1].push_back(weight(file, k));
      const Row cells = moments(file, k);
      for (std::size_t j = 0; j < cells.size(); ++j) rows[j + 2].push_back(cells[j]);
    }
    text += (first > 0 ? "\n" : "") + aligned(rows);
  }
  return text;
}

std::string correlations(const GaussianMixtureFile& file) {
  const auto structure = file.model.emissions().covariance_structure();
  const int columns = file.model.columns();
  constexpr int most_columns = 8;
  if (columns < 2 || shape_of(structure) != jensen::CovarianceShape::matrix) return {};
  if (columns > most_columns) return "\nCorrelations and covariances: see --json\n";
  std::string text;
  const int matrices = is_shared(structure) ? 1 : file.model.states();
  for (int k = 0; k < matrices; ++k) {
    const auto covariance = file.model.emissions().covariance(k);
    const auto spread = deviations(file, k);
    text += matrices > 1 ? fmt::format("\nCorrelations in component {}\n", file.component(k)) : "\nCorrelations\n";
    std::vector<Row> rows;
    for (int a = 0; a < columns; ++a) {
      rows.push_back({file.columns[static_cast<std::size_t>(a)]});
      for (int b = 0; b <= a; ++b) {
        const double r = covariance[jensen::packed_index(a, b)] /
                         (spread[static_cast<std::size_t>(a)] * spread[static_cast<std::size_t>(b)]);
        rows.back().push_back(a == b ? "1" : fmt::format("{:.3f}", r));
      }
    }
    text += aligned(rows);
  }
  return text;
}

std::string title(const GaussianMixtureFile& file) {
  return fmt::format("Gaussian mixture: {}, {} covariance, {}", counted(file.model.states(), "component"),
                     to_string(file.model.emissions().covariance_structure()), counted(file.model.columns(), "column"));
}

std::string criteria(double log_likelihood, double aic, double bic, double icl, int free_parameters) {
  return aligned({{"log-likelihood", precise(log_likelihood), counted(free_parameters, "free parameter")},
                  {"AIC", precise(aic)},
                  {"BIC", precise(bic)},
                  {"ICL", precise(icl)}});
}

std::string prior_line(jensen::Prior prior, double penalty) {
  if (prior == jensen::Prior::none) return "none: plain maximum likelihood";
  return fmt::format("default, weak and scaled to the data, against collapse; it costs {:.3g} (--prior none: without)",
                     std::abs(penalty));
}

std::string starts_line(const jensen::Report& report) {
  const auto tried = std::count_if(report.restarts.begin(), report.restarts.end(),
                                   [](const auto& restart) { return restart.evaluations > 0; });
  const auto degenerate = std::count_if(report.restarts.begin(), report.restarts.end(),
                                        [](const auto& restart) { return restart.degenerate; });
  const auto& best = report.restarts[static_cast<std::size_t>(report.best_restart)];
  std::string text =
      fmt::format("{} from the data, {} seed {}", tried, tried > 1 ? "the best from" : "with", best.seed);
  if (degenerate > 0) text += fmt::format("; {} ended with a degenerate component", degenerate);
  return text;
}

// What lies above the reported optimum is degenerate.
double above_reported(const jensen::Optimum& optimum, const jensen::Report& report) {
  const double difference = optimum.objective - report.objective();
  return std::abs(difference) <= 1e-6 * report.total_weight ? 0 : difference;
}

int starts_at_reported(const jensen::Report& report) {
  for (const auto& optimum : report.optima) {
    if (above_reported(optimum, report) == 0) return optimum.starts;
  }
  return 0;
}

std::string optima_line(const jensen::Report& report) {
  constexpr std::size_t most = 4;
  std::string text = fmt::format("{} reached this one", counted(starts_at_reported(report), "start"));
  std::size_t others = 0;
  for (const auto& optimum : report.optima) {
    const double difference = above_reported(optimum, report);
    if (difference == 0 || ++others >= most) continue;
    text +=
        fmt::format(", {} one {:.3g} {}", optimum.starts, std::abs(difference), difference > 0 ? "higher" : "lower");
  }
  if (others >= most) text += fmt::format(", {} more optima", others - most + 1);
  return text;
}

std::string degenerate_components(const jensen::Report& report, const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < report.degeneracies.size(); ++i) {
    const auto& d = report.degeneracies[i];
    text += fmt::format("  ! component {} is degenerate: {}", jensen::ModelFile::component_name(names, d.component),
                        d.reason);
    std::vector<std::int64_t> rows = report.degenerate_rows[i];
    for (auto& row : rows) ++row;
    if (!rows.empty())
      text += fmt::format(" (row{} {}{})", rows.size() == 1 ? "" : "s", fmt::join(rows, ", "),
                          rows.size() == 10 ? ", ..." : "");
    text += "\n";
  }
  return text;
}

std::string warnings(const FitResult& result) {
  std::string text;
  const jensen::Report& report = result.report;
  text += degenerate_components(report, result.file.component_names);
  const int effective = jensen::effective_components(result.file.model);
  if (effective < result.file.model.states()) {
    text += fmt::format("  ! only {} of {} components differ: the others coincide with them or have no weight\n",
                        effective, result.file.model.states());
  }
  if (!report.monotone) text += "  ! not every step climbed the lower bound: please report this\n";
  return text;
}

void add_constraints(std::vector<Row>& facts, const jensen::FitSummary& fit) {
  if (!fit.constraints.empty()) facts.push_back({"constraints", to_string(fit.constraints)});
}

std::vector<std::string> next_steps(const FitResult& result, const FitArguments& a) {
  std::vector<std::string> steps;
  const jensen::Report& report = result.report;
  if (report.outcome == jensen::Outcome::iteration_limit) {
    steps.emplace_back("raise --max-iterations, or --tolerance if less precision will do");
  }
  if (report.outcome == jensen::Outcome::stopped_by_caller && a.output) {
    steps.push_back(
        fmt::format("go on from here: the same command with --start {} in place of -k, --seed, --restarts", *a.output));
  }
  if (!report.degeneracies.empty()) {
    steps.emplace_back(result.prior == jensen::Prior::none
                           ? "keep the default prior, or try fewer components or a simpler --covariance"
                           : "try fewer components or a simpler --covariance");
  }
  if (report.restarts.size() > 1 && starts_at_reported(report) == 1) {
    steps.emplace_back("only one start reached this optimum: more --restarts may find a better one");
  }
  if (a.output) {
    steps.push_back(fmt::format("jensen predict {} {} --probabilities", *a.output, a.data.path));
  } else {
    steps.emplace_back("add -o model.json to keep the model and apply it with jensen predict, score, sample, impute");
  }
  return steps;
}

}  // namespace

namespace {

bool is_markov(const jensen::ModelFile& file) { return file.get<jensen::AnyHiddenMarkov>() != nullptr; }

std::string table_title(const jensen::ModelFile& file) {
  const bool markov = is_markov(file);
  if (const int clusters = clusters_of(file); clusters > 1) {
    const int states = file.model->states() / clusters;
    return fmt::format("Mixture of hidden Markov models: {} clusters of {}, {}", clusters, counted(states, "state"),
                       counted(static_cast<double>(file.columns.size()), "column"));
  }
  return fmt::format("{}: {}, {}",
                     markov                     ? "Hidden Markov model"
                     : file.model->sequential() ? "Mixture of groups"
                                                : "Mixture",
                     counted(file.model->states(), markov ? "state" : "component"),
                     counted(static_cast<double>(file.columns.size()), "column"));
}

}  // namespace

std::string describe_fit(const FitResult& result, const FitArguments& a) {
  const jensen::Report& report = result.report;
  std::string text = fmt::format("{}, {}\n", title(result.file), counted(static_cast<double>(report.rows), "row"));
  std::vector<Row> facts{{"outcome", report.message},
                         {"starts", starts_line(report)},
                         {"prior", prior_line(result.prior, report.log_prior)}};
  if (a.start) facts[1] = {"start", "the parameters of " + *a.start};
  if (report.restarts.size() > 1) facts.insert(facts.begin() + 2, {"optima", optima_line(report)});
  add_constraints(facts, *result.file.fit);
  if (report.observations != static_cast<double>(report.rows)) {
    facts.push_back({"observations", fmt::format("{:.10g}, as BIC counts them", report.observations)});
  }
  if (a.output) facts.push_back({"saved", *a.output});
  if (a.trace) facts.push_back({"trace", *a.trace});
  for (const auto& fact : facts) text += fmt::format("  {:<13} {}\n", fact[0], fact[1]);
  text += warnings(result);
  text += "\n" + criteria(report.log_likelihood, report.aic(), report.bic(), report.icl(), report.free_parameters);
  text += "\n" + component_table(result.file);
  text += "  (mean ± standard deviation)\n";
  if (result.file.fit->standard_errors) text += "\n" + describe_uncertainty(*result.file.fit->standard_errors);
  text += "\nNext\n";
  for (const auto& step : next_steps(result, a)) text += "  " + step + "\n";
  return text;
}

std::string describe_fit(const TableFit& result, const FitTableArguments& a) {
  const jensen::Report& report = result.report;
  std::string text = fmt::format("{}, {}", table_title(result.file), counted(static_cast<double>(report.rows), "row"));
  if (result.sequences > 0)
    text += ", " + counted(static_cast<double>(result.sequences), is_markov(result.file) ? "sequence" : "group");
  text += "\n";
  std::vector<Row> facts{{"outcome", report.message}, {"starts", starts_line(report)}};
  if (report.restarts.size() > 1) facts.push_back({"optima", optima_line(report)});
  facts.push_back({"prior", prior_line(result.prior, report.log_prior)});
  add_constraints(facts, *result.file.fit);
  if (report.observations != static_cast<double>(report.rows)) {
    facts.push_back({"observations", fmt::format("{:.10g}, as BIC counts them", report.observations)});
  }
  if (a.output) facts.push_back({"saved", *a.output});
  if (a.trace) facts.push_back({"trace", *a.trace});
  for (const auto& fact : facts) text += fmt::format("  {:<13} {}\n", fact[0], fact[1]);
  text += degenerate_components(report, result.file.component_names);
  if (!report.monotone) text += "  ! not every step climbed the lower bound: please report this\n";
  text += "\n" + criteria(report.log_likelihood, report.aic(), report.bic(), report.icl(), report.free_parameters);
  text += "\n" + describe_components(result.file);
  if (result.file.fit->standard_errors) text += "\n" + describe_uncertainty(*result.file.fit->standard_errors);
  text += "\nNext\n";
  if (report.outcome == jensen::Outcome::iteration_limit) {
    text += "  raise --max-iterations, or --tolerance if less precision will do\n";
  }
  if (report.restarts.size() > 1 && starts_at_reported(report) == 1) {
    text += "  only one start reached this optimum: more --restarts may find a better one\n";
  }
  if (!report.degeneracies.empty()) text += "  try fewer components or simpler kinds of columns\n";
  if (!a.output) return text + "  add -o model.json to keep the model and apply it\n";
  return text + fmt::format("  jensen describe {}\n  jensen predict {} {} {}\n", *a.output, *a.output, a.data.path,
                            is_markov(result.file) ? "--viterbi" : "--probabilities");
}

std::string describe_selection(const jensen::Selection& selection, const SelectArguments& a, int columns) {
  std::string text = fmt::format("Gaussian mixtures of {}: {} by {}\n\n", counted(columns, "column"),
                                 counted(static_cast<double>(selection.candidates.size()), "candidate"), a.criterion);
  std::vector<Row> rows{{"", "K", "covariance", "log-likelihood", "parameters", "AIC", "BIC", "ICL", "starts", ""}};
  std::string reasons;
  for (const auto& c : selection.candidates) {
    const bool best = rows.size() == 1 && selection.best;
    Row row{best ? "*" : "", std::to_string(c.components), to_string(c.covariance)};
    if (c.fitted) {
      const Row numbers{precise(c.log_likelihood),
                        std::to_string(c.free_parameters),
                        precise(c.aic),
                        precise(c.bic),
                        precise(c.icl),
                        fmt::format("{}/{}", c.starts_at_best, c.starts)};
      row.insert(row.end(), numbers.begin(), numbers.end());
    } else {
      row.insert(row.end(), 6, "-");
    }
    const bool converged = c.outcome == jensen::Outcome::converged;
    row.push_back(!c.fitted ? "failed" : !c.sound ? "unsound" : converged ? "" : to_string(c.outcome));
    rows.push_back(std::move(row));
    if (!c.reason.empty())
      reasons += fmt::format("  ! K = {} {}: {}\n", c.components, to_string(c.covariance), c.reason);
  }
  text += aligned(rows, "") + "  (starts: how many of them reached the optimum shown)\n";
  if (!reasons.empty()) text += "\n" + reasons;
  if (!selection.best) return text;
  const auto& best = selection.candidates.front();
  text += fmt::format("\nBest by {}: {}, {} covariance\n", a.criterion, counted(best.components, "component"),
                      to_string(best.covariance));
  text += a.output ? fmt::format("  saved as {}: jensen describe {}\n", *a.output, *a.output)
                   : "  add -o model.json to save it\n";
  return text;
}

namespace {

// with_list: standard errors in a list of their own, where there are some.
std::string fit_facts(const std::optional<jensen::FitSummary>& fit, const jensen::ModelFile& file, bool with_list) {
  if (!fit) return "  the file does not say how it was fitted\n";
  std::string text =
      fmt::format("  {:<13} {}\n  {:<13} {:.10g}\n  {:<13} {}\n  {:<13} {}\n", "outcome", fit->message, "observations",
                  fit->observations, "prior", prior_line(fit->prior, fit->log_prior), "seed", fit->seed);
  if (!fit->constraints.empty()) text += fmt::format("  {:<13} {}\n", "constraints", to_string(fit->constraints));
  for (const auto& d : fit->degeneracies) {
    text += fmt::format("  ! component {} is degenerate: {}\n", file.component(d.component), d.reason);
  }
  text += "\n" + criteria(fit->log_likelihood, fit->aic, fit->bic, fit->icl, fit->free_parameters);
  return fit->standard_errors && with_list ? text + "\n" + describe_uncertainty(*fit->standard_errors) : text;
}

// Any model that can name its parameters.
std::string parameter_table(const jensen::Model& model) {
  if (!model.can(jensen::Capability::parameters)) return "  its parameters have no names\n";
  const auto values = model.parameters();
  const auto names = model.parameter_names();
  std::vector<Row> rows{{"parameter", "value"}};
  for (std::size_t i = 0; i < values.size(); ++i) rows.push_back({names[i], brief(values[i])});
  return aligned(rows);
}

}  // namespace

std::string describe_file(const jensen::ModelFile& file, bool standard_errors) {
  const std::string facts = fit_facts(file.fit, file, !standard_errors) + "\n";
  const std::string errors = standard_errors ? "\n" + describe_component_errors(file) : std::string();
  const auto* mixture = file.get<jensen::GaussianMixture>();
  if (!file.schema.empty()) {
    return table_title(file) + "\n" + facts + describe_components(file) + errors;
  }
  if (mixture == nullptr) {
    return fmt::format("{}: {}\n", jensen::model_kind(file),
                       counted(static_cast<double>(file.columns.size()), "column")) +
           facts + parameter_table(*file.model) + errors;
  }
  const GaussianMixtureFile own{*mixture, file.columns, file.component_names, file.fit};
  return title(own) + "\n" + facts + component_table(own) + "  (mean ± standard deviation)\n" + correlations(own) +
         errors;
}
