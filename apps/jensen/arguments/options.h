// Pieces of the command line: options that several commands share, and the commands, one file for each group.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "arguments.h"

/// A check that a value is one of `names`; they stand in the help as the option's type already.
CLI::IsMember one_of(std::vector<std::string> names);
/// A check for seeds: CLI11 takes "-1" for a large unsigned number and cuts numbers that are too large.
std::string refuse_unless_whole(const std::string& text);

// Options that commands share -----------------------------------------------------------------------------------------

void add_reading_options(CLI::App& app, DataArguments& data);  ///< how text is read
void add_data(CLI::App& app, DataArguments& data);             ///< the file, its columns and weights, how it is read
/// Starts, prior, when to stop, threads, and:
void add_engine(CLI::App& app, EngineArguments& engine);
/// Of the E-steps of Gaussian mixtures.
void add_precision(CLI::App& app, EngineArguments& engine);
/// Part of add_engine: how q is chosen, and leaps.
void add_algorithm(CLI::App& app, EngineArguments& engine);
/// For commands that fit one model: checkpoint, constraints, standard errors.
void add_one_fit(CLI::App& app, OneFitArguments& one);
/// Part of add_one_fit.
void add_uncertainty(CLI::App& app, UncertaintyArguments& uncertainty);
void add_results(CLI::App& app, bool& json, bool& quiet);  ///< how much is printed

/// Of fit and select for tables whose columns a schema describes; `states`: the option that says how many.
void add_table_fit(CLI::App& command, FitTableArguments& a, const char* states, const char* of_states);
void add_table_selection(CLI::App& command, SelectTableArguments& a, const char* states, const char* of_states);
/// The regression of a table.
void add_regression(CLI::App& command, RegressionArguments& a);
/// Which rows share their component.
void add_group(CLI::App& command, DataArguments& data, bool known_by_model);
/// Which rows form a sequence, and in which order.
void add_sequences(CLI::App& app, DataArguments& data, bool known_by_model);
void add_chain(CLI::App& app, ChainArguments& chain);

// Commands: each adds itself and, if the user names it, writes what was said into `chosen` ----------------------------

void add_fit(CLI::App& app, Command& chosen);
void add_select(CLI::App& app, Command& chosen);
void add_fit_hidden_markov(CLI::App& fit, Command& chosen);        ///< part of add_fit
void add_select_hidden_markov(CLI::App& select, Command& chosen);  ///< part of add_select
void add_forecast(CLI::App& app, Command& chosen);
void add_predict(CLI::App& app, Command& chosen);
void add_score(CLI::App& app, Command& chosen);
void add_impute(CLI::App& app, Command& chosen);
void add_sample(CLI::App& app, Command& chosen);
void add_describe(CLI::App& app, Command& chosen);
void add_diagnose(CLI::App& app, Command& chosen);
