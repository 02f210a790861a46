// Hidden Markov models on the command line: what fit and select share, and their text.
#pragma once

#include <jensen/em/no_likelihood.h>
#include <jensen/fit_hidden_markov.h>
#include <jensen/model_file.h>

#include <string>

#include "arguments.h"
#include "data_source.h"

/// `data` says which column is the time.
jensen::ChainForm chain_form(const ChainArguments& a, const DataArguments& data);
/// The same data, read for a chain that may need the times itself.
DataArguments with_times(DataArguments data, const ChainArguments& a);

/// Throws Error where inputs of the chain were read as words: `read` are those that load_table left.
void check_inputs(const jensen::ChainForm& form, const std::vector<std::string>& read);

/// What the chain of a model reads; nothing where it has none.
ChainColumns chain_columns(const jensen::ModelFile& file);

/// Loaded data cut into sequences, and every cell looked at: messages name rows of the file. With
/// --covariance the columns of kind gaussian become one part of the schema.
void prepare_sequences(LoadedData& data, const DataArguments& arguments, const ChainArguments& chain,
                       jensen::Schema& schema);

/// The same for rows in groups.
void prepare_groups(LoadedData& data, const DataArguments& arguments, const jensen::Schema& schema);

/// The rows that a report names, as rows of the file.
void name_rows_of_file(jensen::Report& report, const LoadedData& data);

/// The same of the rows that an error names.
jensen::DataError with_rows_of_file(const jensen::NoLikelihood& error, const LoadedData& data,
                                    const DataArguments& arguments);

/// The same where it is the reason why a candidate of a selection could not be fitted.
void name_rows_of_file(std::vector<jensen::MixtureCandidate>& candidates, const LoadedData& data,
                       const DataArguments& arguments);

/// Into how many clusters sequences fall; 1 where the model knows of none.
int clusters_of(const jensen::ModelFile& file);
/// The cluster of a state.
int cluster_of(const jensen::ModelFile& file, int state);

/// First states, transitions, and what follows from them.
std::string describe_chain(const jensen::ModelFile& file, const jensen::AnyChain& chain);

/// What `jensen describe --json` adds: expected durations (null: never left) and the stationary distribution, where
/// there is one.
struct ChainFacts {
  std::vector<double> durations;   ///< 1 / (1 − A_kk), of explicit durations their mean, in continuous time 1 / Σ_j
                                   ///< q_kj; empty where inputs say
  std::vector<double> stationary;  ///< of each cluster its own; empty where there are several
};
ChainFacts chain_facts(const jensen::AnyChain& chain);
