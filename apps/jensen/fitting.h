// What fit and select share: options of the engine, and a fit as something to save and to show.
#pragma once

#include <jensen/em/options.h>
#include <jensen/error.h>
#include <jensen/gaussian_mixture_file.h>
#include <jensen/select_gaussian_mixture.h>
#include <jensen/select_mixture.h>

#include <optional>
#include <string>
#include <vector>

#include "arguments.h"

enum ExitCode : int { exit_done = 0, exit_user_error = 1, exit_not_converged = 2 };

struct FitResult {
  jensen::GaussianMixtureFile file;
  jensen::Report report;
  jensen::Prior prior = jensen::Prior::data_scaled;
  double load_seconds = 0;
  int threads = 1;
  jensen::Precision precision = jensen::Precision::float64;  ///< of the fit's E-steps
};

/// A stochastic algorithm that did all it was asked to has done its work too.
inline ExitCode exit_code(const jensen::Report& report) {
  return report.converged() || report.outcome == jensen::Outcome::completed ? exit_done : exit_not_converged;
}

/// How a selection ends; fit: of the best candidate. Throws Error where none could be fitted.
template <class Selection>
ExitCode exit_code(const Selection& selection, const jensen::Report* fit, bool interrupted) {
  const auto& best = selection.candidates.front();
  if (fit == nullptr) throw jensen::Error("no candidate could be fitted: " + best.reason);
  return best.sound && exit_code(*fit) == exit_done && !interrupted ? exit_done : exit_not_converged;
}

/// A fit of columns of different kinds.
struct TableFit {
  jensen::ModelFile file;
  jensen::Report report;
  jensen::Prior prior = jensen::Prior::data_scaled;
  double load_seconds = 0;
  int threads = 1;
  std::size_t sequences = 0;  ///< 0: rows are independent
};

/// Options of a fit from data as the user put them, the callback aside.
jensen::Options engine_options(const EngineArguments& arguments);
/// The same for a command that fits one model. `from_parameters`: the fit starts from parameters that were given.
jensen::Options fit_options(const EngineArguments& engine, const OneFitArguments& one, bool from_parameters = false);
int thread_count(int threads);

/// One name for each component: label names, "" for the others. Empty where there are none.
std::vector<std::string> component_names(std::vector<std::string> label_names, int components);

/// Refuses files to write that are one another or one of those to read, or that cannot be written. A model may take the
/// place of the one that it started from.
void check_fit_outputs(const std::optional<std::string>& output, const std::optional<std::string>& trace,
                       const OneFitArguments& one, const std::string& data, const std::string& start = "");

/// Writes a line for each step of a fit.
void write_trace(const std::string& path, const std::vector<jensen::Step>& trace);

/// Throws, before the work is done, where a model file with these names could not be written.
void check_savable(const std::string& path, const std::vector<std::string>& columns,
                   const std::vector<std::string>& component_names);

// Text for people -----------------------------------------------------------------------------------------------------

std::string describe_fit(const FitResult& result, const FitArguments& arguments);
std::string describe_fit(const TableFit& result, const FitTableArguments& arguments);
/// What distinguishes the components of a mixture of different kinds of columns.
std::string describe_components(const jensen::ModelFile& file);
std::string describe_selection(const jensen::Selection& selection, const SelectArguments& arguments, int columns);
/// standard_errors: beside each parameter, by component, in place of a list of their own. The file holds them.
std::string describe_file(const jensen::ModelFile& file, bool standard_errors = false);
/// A line for each parameter, a column for each component.
std::string describe_component_errors(const jensen::ModelFile& file);

/// `models` and `state`: what the candidates and their states are called.
std::string describe_selection(const jensen::MixtureSelection& selection, const SelectTableArguments& arguments,
                               const std::string& models, const std::string& state);

// One JSON object each ------------------------------------------------------------------------------------------------

std::string fit_json(const FitResult& result);
std::string fit_json(const TableFit& result);
std::string selection_json(const jensen::Selection& selection, const std::string& criterion, const FitResult* best);
std::string selection_json(const jensen::MixtureSelection& selection, const std::string& criterion,
                           const TableFit* best);
std::string file_json(const jensen::ModelFile& file);
/// residuals: none, or a list by column.
std::string score_json(const std::vector<double>& log_density, double total, const std::vector<std::string>& columns,
                       const std::vector<std::vector<double>>& residuals);
