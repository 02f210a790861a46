// From a table cut into sequences to a fitted hidden Markov model, in one call; and how many states?
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jensen/em/fit.h>
#include <jensen/fit_mixture.h>
#include <jensen/models/any_hidden_markov.h>
#include <jensen/select_mixture.h>

namespace jensen {

/// Which states may follow which.
enum class Transitions {
  full,           ///< any
  left_to_right,  ///< a state stays or goes on to the next; sequences begin in the first
  banded          ///< states at most `width` apart
};
/// Where sequences begin.
enum class InitialStates {
  free,        ///< estimated
  uniform,     ///< every state alike, fixed
  stationary,  ///< the stationary distribution of the transitions
};

struct ChainForm {
  Transitions transitions = Transitions::full;
  int width = 1;  ///< of banded transitions, ≥ 0
  InitialStates initial = InitialStates::free;
  double pseudo_count = 0;  ///< of the Dirichlet priors on transitions and on a free initial distribution, ≥ 0
  std::vector<std::string> inputs = {};          ///< columns on which the transitions depend (models/input_chain.h)
  std::vector<std::string> initial_inputs = {};  ///< columns of its first row on which a sequence's first state depends
  std::string time = {};  ///< column of times, of a chain in continuous time (models/timed_chain.h)
  std::optional<DurationFamily> durations = {};  ///< of the stays, cut off at max_duration (models/semi_markov_chain.h)
  int max_duration = 0;  ///< rows; 0: twice the longest sequence, at most 1000, but said for free durations
  /// Clusters of sequences, each with a chain and states of its own (models/clustered_chain.h): 1 is an ordinary chain.
  int clusters = 1;
  ChainMemory memory = ChainMemory::log_densities;  ///< of E-steps (models/chain_segments.h); no property of the chain
};
/// Columns that the chain reads, each once: inputs, those of the transitions first, or the times.
std::vector<std::string> columns_of(const ChainForm& form);

/// "full", "left-right", "banded" (of width 1) or "banded:2". Throws ArgumentError listing the names there are.
ChainForm chain_form_named(std::string_view transitions);
/// A chain of that form, uniform on what it allows; `states` are those of each cluster; `columns` are those of the
/// data, among which the chain finds what it reads, `unit` the time in which a chain in continuous time moves about
/// once. Throws ArgumentError for left-to-right transitions with another initial distribution than `free` (they begin
/// in the first state) and with initial inputs, for inputs of either kind together with a time, for initial inputs with
/// another initial distribution than `free`, for durations together with inputs, a time or a stationary initial
/// distribution, for clusters together with inputs, a time, durations or another initial distribution than `free`, and
/// as InputChain, TimedChain and SemiMarkovChain; max_duration must be said here.
AnyChain chain_of(const ChainForm& form, int states, const std::vector<std::string>& columns = {}, double unit = 1);

/// A hidden Markov model made ready for the data as mixture_for() makes a mixture: every cell looked at, emissions
/// whose likelihood can be unbounded with their data-scaled prior.
AnyHiddenMarkov hidden_markov_for(const Data& data, AnyChain chain, AnyEmissions emissions,
                                  Prior prior = Prior::data_scaled);

struct FittedSequences {
  AnyHiddenMarkov model;
  Report report;
  Schema schema;  ///< with what was left to the data
};

/// Fits K states, or K in each cluster, to sequences (Data::sequences) whose columns the schema describes: the data's
/// are columns_of(schema, columns_of(form)). States of a full chain come in canonical order, as components do in
/// fit_mixture(); those of other chains have the order of the chain, labelled data keep that of their labels,
/// constraints the states that they name. Clusters come by falling weight, each with its states in that order. Throws
/// as fit_mixture(), but that there may be more states than distinct rows where the start does not need them (random,
/// annealed), and for clusters of labelled data and more clusters than sequences; ArgumentError for checkpoints
/// with inputs, a time, durations or clusters, and with an algorithm whose E-steps do not take the posterior.
FittedSequences fit_hidden_markov(const Data& data, const Schema& schema, int states, const ChainForm& form = {},
                                  const Options& options = from_data(), Prior prior = Prior::data_scaled);

/// Puts the states of a fitted model in canonical order, those of each cluster, and the clusters by falling weight; the
/// report with them. False where its emissions are of a type
/// that cannot be reordered; nothing has changed then.
bool sort_states(AnyHiddenMarkov& model, Report& report);

struct HiddenMarkovSelection {
  std::vector<Schema> forms;                 ///< as given, resolved where a candidate could be fitted
  std::vector<MixtureCandidate> candidates;  ///< best first, as of select_mixture(); components are states
  std::optional<FittedSequences> best;       ///< of candidates.front(); empty where none could be fitted
};

/// Fits every (schema, number of states) with the same options and seed and ranks them. Criteria: aic, bic (n the
/// number of rows), icl (with the entropy of the paths), entropy. Throws ArgumentError for other criteria, folds and a
/// bootstrap, which would take sequences apart, and as select_mixture().
HiddenMarkovSelection select_hidden_markov(const Data& data, const std::vector<Schema>& forms, const ChainForm& form,
                                           const MixtureSelectionOptions& selection,
                                           const Options& options = from_data());

}  // namespace jensen
