#include <jensen/em/summary.h>
#include <jensen/emissions/component_order.h>
#include <jensen/execution/workers.h>
#include <jensen/fit_hidden_markov.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <mutex>

#include "candidates.h"
#include "data/has_labels.h"

namespace jensen {

namespace {

constexpr const char* function = "fit_hidden_markov";

// Starts that share the rows out among seeds.
bool needs_distinct_rows(Start start) { return start != Start::random && start != Start::annealed; }

Schema ready(const Data& data, const Schema& schema, const ChainForm& form, int states, Start start) {
  if (states < 1) throw ArgumentError(function, "states", fmt::format("must be ≥ 1, got {}", states));
  if (data.rows() == 0) throw DataError(fmt::format("{}: the data have no rows", function));
  const auto columns = static_cast<int>(columns_of(schema, columns_of(form)).size());
  if (columns != data.columns()) {
    throw ArgumentError(function, "schema", fmt::format("reads {} columns, the data have {}", columns, data.columns()));
  }
  Schema whole = resolved(schema, data);
  if (!needs_distinct_rows(start)) return whole;
  if (const int distinct = distinct_rows(data, states); distinct < states) {
    throw ArgumentError(
        function, "states",
        fmt::format("must be at most {}, the number of distinct rows, got {}: or start at random", distinct, states));
  }
  return whole;
}

// The mean time between rows; 1 where there is none.
double mean_step(const Data& data, int column) {
  const auto begins = data.sequences();
  BlockBuffer buffer;
  double elapsed = 0;
  double steps = 0;
  for (std::size_t s = 0; s + 1 < begins.size(); ++s) {
    const Block x = data.block(begins[s], begins[s + 1] - begins[s], buffer);
    elapsed += x.x(x.rows() - 1, column) - x.x(0, column);
    steps += static_cast<double>(x.rows() - 1);
  }
  const double mean = elapsed / steps;
  return mean > 0 && std::isfinite(mean) ? mean : 1;
}

constexpr std::int64_t most_rows_unasked = 1000;  // of a stay

// With what was left to the data.
ChainForm resolved(ChainForm form, const Data& data) {
  if (!form.durations || form.max_duration != 0) return form;
  if (*form.durations == DurationFamily::free) {
    throw ArgumentError(function, "max_duration", "must be said where durations are free: each has a parameter");
  }
  const auto begins = data.sequences();
  std::int64_t longest = begins.size() < 2 ? data.rows() : 1;
  for (std::size_t s = 0; s + 1 < begins.size(); ++s) longest = std::max(longest, begins[s + 1] - begins[s]);
  form.max_duration = static_cast<int>(std::min(most_rows_unasked, 2 * longest));
  return form;
}

bool has_inputs(const ChainForm& form) { return !form.inputs.empty() || !form.initial_inputs.empty(); }

// What does not go with initial inputs.
void check_initial_inputs(const ChainForm& form) {
  if (form.initial_inputs.empty()) return;
  const auto refuse = [](const char* problem) { throw ArgumentError("chain_of", "initial_inputs", problem); };
  if (form.transitions == Transitions::left_to_right) {
    refuse("do not apply to left-to-right transitions: sequences begin in state 0");
  }
  if (form.initial == InitialStates::uniform) refuse("do not go with uniform initial states");
  if (form.initial == InitialStates::stationary) refuse("do not go with stationary initial states");
  if (!form.time.empty()) refuse("do not go with a chain in continuous time");
}

// What does not go with durations.
void check_durations(const ChainForm& form) {
  const auto refuse = [](const char* argument, const char* problem) {
    throw ArgumentError("chain_of", argument, problem);
  };
  if (!form.durations && form.max_duration != 0) refuse("max_duration", "does not apply without durations");
  if (!form.durations) return;
  if (!form.inputs.empty()) refuse("durations", "do not go with transitions that depend on inputs");
  if (!form.initial_inputs.empty()) refuse("durations", "do not go with first states that depend on inputs");
  if (!form.time.empty()) refuse("durations", "do not go with a chain in continuous time");
  if (form.initial == InitialStates::stationary) refuse("durations", "do not go with stationary initial states");
}

// What does not go with clusters.
void check_clusters(const ChainForm& form) {
  const auto refuse = [](const std::string& problem) { throw ArgumentError("chain_of", "clusters", problem); };
  if (form.clusters < 1) refuse(fmt::format("must be at least 1, got {}", form.clusters));
  if (form.clusters == 1) return;
  if (!form.inputs.empty()) refuse("do not go with transitions that depend on inputs");
  if (!form.initial_inputs.empty()) refuse("do not go with first states that depend on inputs");
  if (!form.time.empty()) refuse("do not go with a chain in continuous time");
  if (form.durations) refuse("do not go with durations");
  if (form.initial == InitialStates::stationary) refuse("do not go with stationary initial states");
  if (form.initial == InitialStates::uniform) refuse("do not go with uniform initial states");
}

// What data must have for clusters.
void check_clusters(const ChainForm& form, const Data& data) {
  if (form.clusters == 1) return;
  if (has_labels(data)) throw ArgumentError(function, "clusters", "do not go with labels");
  const auto sequences = static_cast<int>(data.sequences().size()) - 1;
  if (sequences < 1 || form.clusters <= sequences) return;
  throw ArgumentError(function, "clusters",
                      fmt::format("must be at most {}, the number of sequences, got {}", sequences, form.clusters));
}

// Where E-steps cannot work from checkpoints.
void check_memory(const ChainForm& form, Algorithm algorithm) {
  if (form.memory != ChainMemory::checkpoints) return;
  if (form.durations || has_inputs(form) || !form.time.empty() || form.clusters > 1) {
    throw ArgumentError(function, "memory",
                        "checkpoints do not go with durations, inputs, clusters or a chain in continuous time");
  }
  for (const auto other : {Algorithm::classification, Algorithm::stochastic, Algorithm::monte_carlo,
                           Algorithm::restricted, Algorithm::sparse}) {
    if (algorithm != other) continue;
    throw ArgumentError(function, "memory", fmt::format("checkpoints do not go with algorithm {}", to_string(other)));
  }
}

int place_of(const std::string& name, const std::vector<std::string>& columns, const char* argument) {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end()) throw ArgumentError("chain_of", argument, fmt::format("there is no column '{}'", name));
  return static_cast<int>(found - columns.begin());
}

// Within each cluster by what the states show; clusters by their weights.
std::vector<int> sorted_states(const AnyHiddenMarkov& model) {
  auto order = canonical_order(model.emissions());
  const auto* chain = model.chain().as<ClusteredChain>();
  if (chain == nullptr) return order;
  const int size = chain->states_of_cluster();
  const auto clusters = chain->by_weight();
  std::vector<std::size_t> place(clusters.size());
  for (std::size_t k = 0; k < clusters.size(); ++k) place[static_cast<std::size_t>(clusters[k])] = k;
  std::ranges::stable_sort(order, {}, [&](int k) { return place[static_cast<std::size_t>(k / size * size)]; });
  return order;
}

// False where the emissions cannot be reordered; nothing has changed then.
bool reorder_states(AnyHiddenMarkov& model, Report& report, const std::vector<int>& order) {
  if (std::is_sorted(order.begin(), order.end())) return true;
  AnyEmissions emissions = model.emissions();
  if (!reorder(emissions, order)) return false;
  AnyHiddenMarkov reordered(model.chain().reordered(order), std::move(emissions));
  reordered.set_memory(model.memory());
  model = std::move(reordered);
  for (Degeneracy& d : report.degeneracies) {
    d.component = static_cast<int>(std::find(order.begin(), order.end(), d.component) - order.begin());
  }
  return true;
}

// States whose order the chain says keep it; clusters have no order of their own.
void order_states(AnyHiddenMarkov& model, Report& report, const ChainForm& form) {
  if (form.transitions == Transitions::full) {
    reorder_states(model, report, sorted_states(model));
  } else if (const auto* clustered = model.chain().as<ClusteredChain>()) {
    reorder_states(model, report, clustered->by_weight());
  }
}

// Up to so many cells a pass over the data is too short to be shared out, so that threads take whole candidates; bits
// are the same either way.
constexpr std::int64_t cells_of_small_data = std::int64_t{1} << 20;

class Selecting {
 public:
  Selecting(const Data& data, const std::vector<Schema>& forms, const ChainForm& chain,
            const MixtureSelectionOptions& selection, const Options& options)
      : data_(data),
        chain_(chain),
        selection_(selection),
        options_(options),
        workers_(data.rows() * data.columns() <= cells_of_small_data ? options.threads : 1) {
    if (workers_.count() > 1) options_.threads = 1;
    if (options.callback) {
      options_.callback = [this, callback = options.callback](const Progress& progress) {
        const std::lock_guard lock(mutex_);
        if (!stopped_ && callback(progress) == Verdict::stop) stopped_ = true;
        return stopped_ ? Verdict::stop : Verdict::go_on;
      };
    }
    result_.forms = forms;
  }

  HiddenMarkovSelection run() {
    auto candidates = grid(result_.forms, selection_.components);
    std::vector<std::optional<FittedSequences>> fits(candidates.size());
    const auto count = static_cast<int>(candidates.size());
    workers_.run(count, [&](int i, int) {
      try_one(candidates[static_cast<std::size_t>(i)], fits[static_cast<std::size_t>(i)]);
      const std::lock_guard lock(mutex_);
      if (selection_.progress) selection_.progress(++done_, count);
    });
    put_in_order(result_, candidates, fits, best_first(candidates, selection_.criterion));
    return std::move(result_);
  }

 private:
  void try_one(MixtureCandidate& candidate, std::optional<FittedSequences>& fit) {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) {
        candidate.reason = "not tried: stopped by the caller";
        return;
      }
    }
    try {
      const Schema& form = result_.forms[static_cast<std::size_t>(candidate.form)];
      fit = fit_hidden_markov(data_, form, candidate.components, chain_, options_, selection_.prior);
      fill(candidate, fit->report);
      judge(candidate, selection_.criterion);
    } catch (const Error& error) {
      fail(candidate, error);
    }
  }

  const Data& data_;
  const ChainForm& chain_;
  const MixtureSelectionOptions& selection_;
  Options options_;
  Workers workers_;
  std::mutex mutex_;
  bool stopped_ = false;
  int done_ = 0;
  HiddenMarkovSelection result_;
};

void check(const std::vector<Schema>& forms, const MixtureSelectionOptions& selection, const Options& options) {
  constexpr const char* selecting = "select_hidden_markov";
  check_candidates(selecting, forms, selection, options);
  const auto refuse = [](const char* argument, const std::string& problem) {
    throw ArgumentError(selecting, argument, problem);
  };
  if (!options.constraints.empty()) refuse("constraints", "name the states of one model: candidates are many");
  if (selection.folds != 0) refuse("folds", "would take sequences apart");
  if (selection.bootstrap != 0) refuse("bootstrap", "would take sequences apart");
  if (selection.criterion == MixtureCriterion::cross_validation) refuse("criterion", "cv would take sequences apart");
}

}  // namespace

ChainForm chain_form_named(std::string_view text) {
  ChainForm form;
  if (text == "full") return form;
  if (text == "left-right") {
    form.transitions = Transitions::left_to_right;
    return form;
  }
  constexpr std::string_view banded = "banded";
  if (text.substr(0, banded.size()) == banded) {
    form.transitions = Transitions::banded;
    const std::string_view width = text.substr(banded.size());
    if (width.empty()) return form;
    const auto [stop, error] = std::from_chars(width.data() + 1, width.data() + width.size(), form.width);
    const bool whole = width.front() == ':' && error == std::errc{} && stop == width.data() + width.size();
    if (whole && form.width >= 0) return form;
  }
  throw ArgumentError("transitions", "name",
                      fmt::format("'{}' is none of full, left-right, banded, banded:WIDTH", text));
}

std::vector<std::string> columns_of(const ChainForm& form) {
  if (!form.time.empty()) return {form.time};
  std::vector<std::string> columns = form.inputs;
  for (const auto& name : form.initial_inputs) {
    if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
  }
  return columns;
}

AnyChain chain_of(const ChainForm& form, int states, const std::vector<std::string>& columns, double unit) {
  if (!form.inputs.empty() && !form.time.empty()) {
    throw ArgumentError("chain_of", "inputs", "do not go with a chain in continuous time");
  }
  check_initial_inputs(form);
  check_durations(form);
  check_clusters(form);
  if (form.transitions == Transitions::left_to_right && form.initial != InitialStates::free) {
    throw ArgumentError("chain_of", "initial",
                        "does not apply to left-to-right transitions: sequences begin in state 0");
  }
  MarkovChain chain = form.transitions == Transitions::left_to_right ? MarkovChain::left_to_right(states)
                    : form.transitions == Transitions::banded        ? MarkovChain::banded(states, form.width)
                                                                     : MarkovChain(states);
  if (form.initial == InitialStates::uniform) chain.fix_initial(true);
  if (form.initial == InitialStates::stationary) chain.make_initial_stationary();
  chain.set_pseudo_counts(form.pseudo_count, form.pseudo_count);
  if (form.clusters > 1) return ClusteredChain::alike(chain, form.clusters);
  if (form.durations) return SemiMarkovChain(chain, *form.durations, form.max_duration);
  if (!form.time.empty()) return TimedChain(chain, place_of(form.time, columns, "time"), unit);
  if (!has_inputs(form)) return chain;
  std::vector<int> inputs;
  std::vector<int> initial_inputs;
  for (const auto& name : form.inputs) inputs.push_back(place_of(name, columns, "inputs"));
  for (const auto& name : form.initial_inputs) initial_inputs.push_back(place_of(name, columns, "initial_inputs"));
  return InputChain(chain, std::move(inputs), std::move(initial_inputs));
}

AnyHiddenMarkov hidden_markov_for(const Data& data, AnyChain chain, AnyEmissions emissions, Prior prior) {
  return {std::move(chain), mixture_for(data, std::move(emissions), prior).emissions()};
}

FittedSequences fit_hidden_markov(const Data& data, const Schema& schema, int states, const ChainForm& form,
                                  const Options& options, Prior prior) {
  options.validate();
  if (options.start == Start::given) throw ArgumentError(function, "start", "is 'given', but no parameters are");
  check_memory(form, options.algorithm);
  Schema whole = ready(data, schema, form, states, options.start);
  check_clusters(form, data);
  const auto columns = columns_of(whole, columns_of(form));
  const auto further = static_cast<int>(columns.size() - columns_of(whole).size());
  const double unit = form.time.empty() ? 1 : mean_step(data, place_of(form.time, columns, "time"));
  const AnyChain chain = chain_of(resolved(form, data), states, columns, unit);
  auto model = hidden_markov_for(data, chain, emissions_for(whole, chain.states(), further), prior);
  model.set_memory(form.memory);
  auto fitted = fit(std::move(model), data, options);
  const bool named = has_labels(data) || !options.constraints.empty();
  if (!named) order_states(fitted.model, fitted.report, form);
  return {std::move(fitted.model), std::move(fitted.report), std::move(whole)};
}

bool sort_states(AnyHiddenMarkov& model, Report& report) { return reorder_states(model, report, sorted_states(model)); }

HiddenMarkovSelection select_hidden_markov(const Data& data, const std::vector<Schema>& forms, const ChainForm& form,
                                           const MixtureSelectionOptions& selection, const Options& options) {
  check(forms, selection, options);
  check_memory(form, options.algorithm);
  return Selecting(data, forms, form, selection, options).run();
}

}  // namespace jensen
