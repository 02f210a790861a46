#include <jensen/data/table.h>
#include <jensen/em/e_step.h>
#include <jensen/em/options.h>
#include <jensen/error.h>
#include <jensen/math/random.h>
#include <jensen/select_mixture.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <numeric>

#include "candidates.h"
#include "data/labels_among.h"
#include "data/reweighted.h"
#include "drawn_like.h"

namespace jensen {

namespace {

constexpr const char* function = "select_mixture";

std::vector<double> weights_of(const Data& data) {
  std::vector<double> weights;
  BlockBuffer buffer;
  const Block all = data.block(0, data.rows(), buffer);
  for (std::int64_t i = 0; i < data.rows(); ++i) weights.push_back(all.weight(i));
  return weights;
}

int fold_of(std::uint64_t seed, std::int64_t row, int folds) {
  // A seed of its own, so that folds have nothing to do with the starts.
  Stream stream(restart_seed(seed, std::numeric_limits<int>::max()), Purpose::draws, 0, 0,
                static_cast<std::uint64_t>(row));
  return std::min(folds - 1, static_cast<int>(stream.uniform() * folds));
}

template <class M>
double log_likelihood(const M& model, const Data& data) {
  Workers one(1);
  EStep e_step(data, one);
  return e_step(Erased<M>(model)).evidence.log_likelihood;
}

// What a selection does with rows, and with groups of them: fits as a user would, and fits to samples, which need no
// order of components.
struct RowsSelection {
  using Fit = FittedTable;
  using Selection = MixtureSelection;
  static Fit fit_table(const Data& data, const Schema& schema, int components, const Options& options, Prior prior) {
    return fit_mixture(data, schema, components, options, prior);
  }
  static Fitted<AnyMixture> fit_seen(const Data& data, const Schema& whole, int components, const Options& options,
                                     Prior prior) {
    return fit_mixture(data, emissions_for(data, whole, components), options, prior);
  }
};
struct GroupsSelection {
  using Fit = FittedGroupedTable;
  using Selection = GroupedMixtureSelection;
  static Fit fit_table(const Data& data, const Schema& schema, int components, const Options& options, Prior prior) {
    return fit_grouped_mixture(data, schema, components, options, prior);
  }
  static Fitted<AnyGroupedMixture> fit_seen(const Data& data, const Schema& whole, int components,
                                            const Options& options, Prior prior) {
    return fit(AnyGroupedMixture(mixture_for(data, emissions_for(data, whole, components), prior, options.threads)),
               data, options);
  }
};

// The first row of the unit that each row belongs to: rows of a group are held out together.
std::vector<std::int64_t> first_rows(const Data& data) {
  std::vector<std::int64_t> first(static_cast<std::size_t>(data.rows()));
  std::iota(first.begin(), first.end(), std::int64_t{0});
  const auto begins = data.sequences();
  for (std::size_t s = 0; s + 1 < begins.size(); ++s) {
    std::fill(first.begin() + begins[s], first.begin() + begins[s + 1], begins[s]);
  }
  return first;
}

template <class Kind>
double cross_validated(const Data& data, const Schema& whole, int components, const MixtureSelectionOptions& selection,
                       const Options& options) {
  const auto weights = weights_of(data);
  const auto first = first_rows(data);
  double total = 0;
  double weight = 0;
  for (int fold = 0; fold < selection.folds; ++fold) {
    auto seen = weights;
    auto held = weights;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      (fold_of(options.seed, first[i], selection.folds) == fold ? seen : held)[i] = 0;
    }
    const auto fitted = Kind::fit_seen(Reweighted(data, std::move(seen)), whole, components, options, selection.prior);
    for (const double w : held) weight += w;
    total += log_likelihood(fitted.model, Reweighted(data, std::move(held)));
  }
  return total / weight;
}

// Twice the log-likelihood ratio of K + 1 against K.
template <class Kind>
double ratio(const Data& data, const Schema& schema, int components, Prior prior, const Options& options) {
  // Ends and largest counts are those of the sample.
  const Schema whole = resolved(schema, data);
  const auto log_likelihood_of = [&](int count) {
    return Kind::fit_seen(LabelsAmong(data, count), whole, count, options, prior).report.log_likelihood;
  };
  return 2 * (log_likelihood_of(components + 1) - log_likelihood_of(components));
}

// Columns of which the model does not say how they would look in a sample.
void refuse_censored(const Schema& form) {
  for (const SchemaPart& part : form) {
    const std::string* ends = part.option("upper");
    if (ends == nullptr || part.kind == "uniform") continue;
    throw ArgumentError(function, "bootstrap",
                        fmt::format("cannot draw {} and {}: the model does not say which cells would be censored",
                                    part.columns.front(), *ends));
  }
}

void check(const Data& data, const std::vector<Schema>& forms, const MixtureSelectionOptions& selection,
           const Options& options) {
  check_candidates(function, forms, selection, options);
  const auto refuse = [](const char* argument, const std::string& problem) {
    throw ArgumentError(function, argument, problem);
  };
  if (selection.folds < 0 || selection.folds == 1)
    refuse("folds", fmt::format("must be 0 or ≥ 2, got {}", selection.folds));
  if (selection.folds > data.rows()) refuse("folds", fmt::format("are {}, more than the rows", selection.folds));
  if (selection.bootstrap < 0) refuse("bootstrap", fmt::format("must be ≥ 0, got {}", selection.bootstrap));
  if (selection.criterion == MixtureCriterion::cross_validation && selection.folds == 0) {
    refuse("folds", "must be said for cross-validation");
  }
  if (selection.bootstrap == 0) return;
  if (const std::string problem = cannot_be_drawn(data); !problem.empty()) refuse("bootstrap", problem);
  refuse_censored(forms.front());
}

template <class Kind>
class Selecting {
 public:
  using Fit = typename Kind::Fit;

  Selecting(const Data& data, const std::vector<Schema>& forms, const MixtureSelectionOptions& selection,
            const Options& options)
      : data_(data), selection_(selection), options_(options), workers_(options.threads) {
    options_.threads = 1;
    if (options.callback) {
      options_.callback = [this, callback = options.callback](const Progress& progress) {
        const std::lock_guard lock(mutex_);
        if (!stopped_ && callback(progress) == Verdict::stop) stopped_ = true;
        return stopped_ ? Verdict::stop : Verdict::go_on;
      };
    }
    result_.forms = forms;
  }

  typename Kind::Selection run() {
    auto candidates = grid(result_.forms, selection_.components);
    std::vector<std::optional<Fit>> fits(candidates.size());
    const auto count = static_cast<int>(candidates.size());
    workers_.run(count, [&](int i, int) {
      try_one(candidates[static_cast<std::size_t>(i)], fits[static_cast<std::size_t>(i)]);
      tell(count);
    });
    const auto order = best_first(candidates, selection_.criterion);
    if (selection_.bootstrap > 0 && candidates[order.front()].fitted) test(candidates, fits, candidates[order[0]].form);
    put_in_order(result_, candidates, fits, order);
    return std::move(result_);
  }

 private:
  void try_one(MixtureCandidate& candidate, std::optional<Fit>& fit) {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) {
        candidate.reason = "not tried: stopped by the caller";
        return;
      }
    }
    try {
      const Schema& form = result_.forms[static_cast<std::size_t>(candidate.form)];
      const LabelsAmong data(data_, candidate.components);
      fit = Kind::fit_table(data, form, candidate.components, options_, selection_.prior);
      fill(candidate, fit->report);
      if (selection_.folds > 0) {
        candidate.cross_validated =
            cross_validated<Kind>(data, fit->schema, candidate.components, selection_, options_);
      }
      judge(candidate, selection_.criterion);
    } catch (const Error& error) {
      fail(candidate, error);
    }
  }

  void tell(int count) {
    const std::lock_guard lock(mutex_);
    if (selection_.progress) selection_.progress(++done_, count);
  }

  void test(std::vector<MixtureCandidate>& candidates, const std::vector<std::optional<Fit>>& fits, int form) {
    done_ = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      for (std::size_t j = 0; j < candidates.size(); ++j) {
        const bool neighbours = candidates[i].form == form && candidates[j].form == form &&
                                candidates[j].components == candidates[i].components + 1;
        if (!neighbours || !fits[i] || !fits[j]) continue;
        candidates[i].p_value = p_value(*fits[i], fits[j]->report.log_likelihood, form);
      }
    }
  }

  double p_value(const Fit& null, double log_likelihood_of_more, int form) {
    const LabelsAmong null_data(data_, null.model.states());
    const double observed = 2 * (log_likelihood_of_more - null.report.log_likelihood);
    std::vector<double> ratios(static_cast<std::size_t>(selection_.bootstrap),
                               std::numeric_limits<double>::quiet_NaN());
    workers_.run(selection_.bootstrap, [&](int b, int) {
      try {
        // Starts differ from those of the data's own fit, samples from each other.
        Options options = options_;
        options.seed = restart_seed(options_.seed, b + 1);
        const Table sample = drawn_like(null.model, null_data, options.seed);
        ratios[static_cast<std::size_t>(b)] = ratio<Kind>(sample, result_.forms[static_cast<std::size_t>(form)],
                                                          null.model.states(), selection_.prior, options);
      } catch (const Error&) {
        // A sample that cannot be fitted (a level that never came up, say) says nothing either way.
      }
      tell(selection_.bootstrap);
    });
    int usable = 0;
    int reached = 0;
    for (const double r : ratios) {
      usable += std::isnan(r) ? 0 : 1;
      reached += r >= observed ? 1 : 0;
    }
    return usable == 0 ? std::numeric_limits<double>::quiet_NaN() : (1.0 + reached) / (1.0 + usable);
  }

  const Data& data_;
  const MixtureSelectionOptions& selection_;
  Options options_;
  Workers workers_;
  std::mutex mutex_;
  bool stopped_ = false;
  int done_ = 0;
  typename Kind::Selection result_;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('|', begin), text.size());
    std::string part = text.substr(begin, end - begin);
    while (!part.empty() && part.front() == ' ') part.erase(0, 1);
    while (!part.empty() && part.back() == ' ') part.pop_back();
    parts.push_back(std::move(part));
    begin = end + 1;
  }
  return parts;
}

std::vector<SchemaPart> alternatives(const SchemaPart& part) {
  std::vector<SchemaPart> result;
  for (const std::string& kind : split(part.kind)) {
    std::vector<SchemaPart> own{part};
    own[0].kind = kind;
    for (std::size_t i = 0; i < part.options.size(); ++i) {
      if (!part.options[i].second.empty()) continue;
      auto words = split(part.options[i].first);
      if (words.size() == 1 && words[0] == "all" && (kind == "gaussian" || kind == "student-t")) {
        words.clear();
        for (const Covariance structure : all_covariances(static_cast<int>(part.columns.size()))) {
          words.push_back(to_string(structure));
        }
      }
      std::vector<SchemaPart> more;
      for (const SchemaPart& before : own) {
        for (const std::string& word : words) {
          more.push_back(before);
          more.back().options[i].first = word;
        }
      }
      own = std::move(more);
    }
    result.insert(result.end(), own.begin(), own.end());
  }
  return result;
}

}  // namespace

std::string to_string(MixtureCriterion criterion) {
  switch (criterion) {
    case MixtureCriterion::aic: return "aic";
    case MixtureCriterion::bic: return "bic";
    case MixtureCriterion::icl: return "icl";
    case MixtureCriterion::entropy: return "entropy";
    case MixtureCriterion::cross_validation: return "cv";
  }
  return "unknown";
}

MixtureCriterion mixture_criterion_named(std::string_view name) {
  for (const auto criterion : {MixtureCriterion::aic, MixtureCriterion::bic, MixtureCriterion::icl,
                               MixtureCriterion::entropy, MixtureCriterion::cross_validation}) {
    if (name == to_string(criterion)) return criterion;
  }
  throw ArgumentError("criterion", "name", fmt::format("'{}' is none of aic, bic, icl, entropy, cv", name));
}

std::vector<Schema> alternatives(const Schema& schema) {
  std::vector<Schema> result{{}};
  for (const SchemaPart& part : schema) {
    std::vector<Schema> more;
    for (const Schema& before : result) {
      for (SchemaPart& own : alternatives(part)) {
        more.push_back(before);
        more.back().push_back(std::move(own));
      }
    }
    result = std::move(more);
  }
  return result;
}

MixtureSelection select_mixture(const Data& data, const std::vector<Schema>& forms,
                                const MixtureSelectionOptions& selection, const Options& options) {
  check(data, forms, selection, options);
  return Selecting<RowsSelection>(data, forms, selection, options).run();
}

GroupedMixtureSelection select_grouped_mixture(const Data& data, const std::vector<Schema>& forms,
                                               const MixtureSelectionOptions& selection, const Options& options) {
  check(data, forms, selection, options);
  return Selecting<GroupsSelection>(data, forms, selection, options).run();
}

}  // namespace jensen
