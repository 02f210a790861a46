#include <jensen/emissions/counts.h>
#include <jensen/fit_hidden_markov.h>
#include <jensen/model_file.h>

#include <gtest/gtest.h>

#include <cmath>

#include "support/data.h"
#include "support/refusal.h"

namespace jensen {
namespace {

using support::refusal;

// A chain of two regimes of counts, 25 sequences of 40 rows.
Table regimes() {
  const AnyHiddenMarkov model(MarkovChain({0.5, 0.5}, {0.9, 0.1, 0.2, 0.8}),
                              AnyEmissions(Independent<Poisson>(std::vector<Poisson>{Poisson(20), Poisson(3)})));
  std::vector<double> x;
  std::vector<std::int64_t> begins{0};
  for (int s = 0; s < 25; ++s) {
    std::vector<double> own(40);
    model.sample(restart_seed(3, s), 0, {own.data(), 40, 1, 40}, {});
    x.insert(x.end(), own.begin(), own.end());
    begins.push_back(begins.back() + 40);
  }
  const auto rows = static_cast<std::int64_t>(x.size());
  return Table(std::move(x), rows, 1, {"count"}).with_sequences(begins);
}

Options few_starts() {
  Options options = from_data();
  options.restarts = 2;
  options.threads = 1;
  return options;
}

const Schema counts{{{"count"}, "poisson", {}, {}}};

TEST(FitHiddenMarkov, StatesComeInCanonicalOrder) {
  const auto fitted = fit_hidden_markov(regimes(), counts, 2, {}, few_starts());
  EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
  const auto rates = fitted.model.emissions().parameters();
  EXPECT_NEAR(rates[0], 3, 0.3);
  EXPECT_NEAR(rates[1], 20, 1);
  EXPECT_NEAR(fitted.model.chain().as<MarkovChain>()->transition(1, 0), 0.1, 0.04);
  EXPECT_NEAR(fitted.model.chain().as<MarkovChain>()->transition(0, 1), 0.2, 0.06);
}

// Seeds are numbered by when their rows come, whatever their values.
TEST(FitHiddenMarkov, StatesThatOnlyGoOnAreFoundFromOneStart) {
  const std::vector<double> levels{5, -5, 10, 0};
  std::vector<double> x;
  std::vector<std::int64_t> begins{0};
  for (std::uint64_t s = 0; s < 12; ++s) {
    Stream stream(9, Purpose::test, 0, 0, s);
    for (const double level : levels) {
      for (int t = 0, stay = 5 + static_cast<int>(10 * stream.uniform()); t < stay; ++t) {
        x.push_back(level + stream.normal());
      }
    }
    begins.push_back(static_cast<std::int64_t>(x.size()));
  }
  const auto rows = begins.back();
  const Table data = Table(std::move(x), rows, 1, {"x"}).with_sequences(begins);
  Options options = from_data();
  options.restarts = 1;
  const auto fitted =
      fit_hidden_markov(data, parse_schema("x:normal"), 4, {.transitions = Transitions::left_to_right}, options);
  const auto parameters = fitted.model.emissions().parameters();
  for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(parameters[2 * k], levels[k], 0.5) << k;
}

TEST(FitHiddenMarkov, TheFormOfTheChainIsWhatWasAskedFor) {
  ChainForm form;
  form.transitions = Transitions::left_to_right;
  const auto onwards = fit_hidden_markov(regimes(), counts, 3, form, few_starts());
  EXPECT_EQ(onwards.model.chain().as<MarkovChain>()->transition(1, 0), 0);
  EXPECT_EQ(onwards.model.chain().as<MarkovChain>()->transition(2, 2), 1);
  EXPECT_EQ(onwards.report.free_parameters, 3 + 2);
  form = {.transitions = Transitions::banded, .width = 1};
  EXPECT_EQ(chain_of(form, 4).as<MarkovChain>()->transition(0, 2), 0);
  form.width = 2;
  EXPECT_GT(chain_of(form, 4).as<MarkovChain>()->transition(0, 2), 0);

  form = {.initial = InitialStates::uniform};
  const auto uniform = fit_hidden_markov(regimes(), counts, 2, form, few_starts());
  EXPECT_EQ(uniform.model.chain().as<MarkovChain>()->initial()[0], 0.5);
  EXPECT_EQ(uniform.report.free_parameters, 2 + 2);
  form.initial = InitialStates::stationary;
  const auto stationary = fit_hidden_markov(regimes(), counts, 2, form, few_starts());
  EXPECT_TRUE(stationary.report.monotone);
  EXPECT_TRUE(stationary.report.converged()) << stationary.report.message;
  const auto& chain = *stationary.model.chain().as<MarkovChain>();
  EXPECT_NEAR(chain.initial()[0], chain.transition(1, 0) / (chain.transition(0, 1) + chain.transition(1, 0)), 1e-14);
  EXPECT_LT(stationary.report.gradient, 1e-6);

  form = {.pseudo_count = 50};
  const auto held = fit_hidden_markov(regimes(), counts, 2, form, few_starts());
  EXPECT_GT(held.model.chain().as<MarkovChain>()->transition(0, 1), chain.transition(0, 1));
  EXPECT_LT(held.report.log_prior, 0);
}

// Sequences of two kinds, two of three of the first: what stays(kind) says goes on, and level(kind, state) is shown.
template <class Level, class Stays>
Table of_two_kinds(Level level, Stays stays) {
  std::vector<double> x;
  std::vector<std::int64_t> begins{0};
  Stream stream(3, Purpose::test);
  for (int s = 0; s < 30; ++s) {
    const int kind = s % 3 == 2 ? 1 : 0;
    int state = stream.uniform() < 0.5 ? 0 : 1;
    for (int t = 0; t < 30; ++t) {
      x.push_back(level(kind, state) + stream.normal());
      state = stream.uniform() < stays(kind) ? state : 1 - state;
    }
    begins.push_back(begins.back() + 30);
  }
  const auto rows = begins.back();
  return Table(std::move(x), rows, 1, {"x"}).with_sequences(begins);
}

Table differing_in_stays() {
  return of_two_kinds([](int, int state) { return 3.0 * state; }, [](int kind) { return kind == 0 ? 0.9 : 0.3; });
}
Table differing_in_levels() {
  return of_two_kinds([](int kind, int state) { return 3.0 * state + 2.0 * kind; }, [](int) { return 0.7; });
}

TEST(FitHiddenMarkov, ClustersAreFoundFromTheDefaultStarts) {
  const Schema schema = parse_schema("x:normal");
  const ChainForm form{.clusters = 2};
  for (const bool in_stays : {true, false}) {
    const Table data = in_stays ? differing_in_stays() : differing_in_levels();
    Options options = from_data();
    options.tolerance = 1e-6;
    const auto fitted = fit_hidden_markov(data, schema, 2, form, options);
    EXPECT_TRUE(fitted.report.converged()) << fitted.report.message;
    options.start = Start::random;
    options.restarts = 6;
    const auto searched = fit_hidden_markov(data, schema, 2, form, options);
    EXPECT_GT(fitted.report.objective(), searched.report.objective() - 1e-2) << in_stays;

    const auto& chain = *fitted.model.chain().as<ClusteredChain>();
    EXPECT_NEAR(chain.weight(0), 2.0 / 3, 0.1);  // the larger one first
    EXPECT_NEAR(chain.cluster(0).transition(0, 0), in_stays ? 0.9 : 0.7, 0.1);
    EXPECT_NEAR(chain.cluster(1).transition(0, 0), in_stays ? 0.3 : 0.7, 0.1);
    const auto parameters = fitted.model.emissions().parameters();  // mean, variance of each state, low ones first
    for (const std::size_t k : {0u, 1u, 2u, 3u}) {
      EXPECT_NEAR(parameters[2 * k], (k % 2 == 0 ? 0 : 3) + (in_stays || k < 2 ? 0 : 2), 0.5) << k;
    }
  }
}

TEST(FitHiddenMarkov, ClustersHaveTheTransitionsAskedFor) {
  const Schema schema = parse_schema("x:normal");
  Options options = few_starts();
  options.max_iterations = 20;
  const auto onwards = fit_hidden_markov(differing_in_levels(), schema, 3,
                                         {.transitions = Transitions::left_to_right, .clusters = 2}, options);
  EXPECT_EQ(onwards.model.states(), 6);
  EXPECT_EQ(onwards.model.clusters(), 2);
  EXPECT_EQ(onwards.report.free_parameters, 1 + 2 * 2 + 6 * 2);
  const auto& chain = *onwards.model.chain().as<ClusteredChain>();
  EXPECT_GE(chain.weight(0), chain.weight(1));
  for (const int first : {0, 3}) {
    EXPECT_EQ(chain.whole().initial()[static_cast<std::size_t>(first + 1)], 0);
    EXPECT_EQ(chain.whole().transition(first + 1, first), 0);
    EXPECT_EQ(chain.whole().transition(first + 2, first + 2), 1);
  }
  // One cluster is an ordinary chain.
  const auto plain = fit_hidden_markov(differing_in_levels(), schema, 2, {.clusters = 1}, options);
  EXPECT_NE(plain.model.chain().as<MarkovChain>(), nullptr);
}

TEST(FitHiddenMarkov, RefusesWhatClustersDoNotGoWith) {
  const auto said = [](ChainForm form) {
    form.clusters = 2;
    return refusal([&] { chain_of(form, 2, {"x"}); });
  };
  EXPECT_EQ(said({.inputs = {"x"}}), "chain_of: clusters: do not go with transitions that depend on inputs");
  EXPECT_EQ(said({.initial_inputs = {"x"}}), "chain_of: clusters: do not go with first states that depend on inputs");
  EXPECT_EQ(said({.time = "x"}), "chain_of: clusters: do not go with a chain in continuous time");
  EXPECT_EQ(said({.durations = DurationFamily::poisson, .max_duration = 5}),
            "chain_of: clusters: do not go with durations");
  EXPECT_EQ(said({.initial = InitialStates::stationary}),
            "chain_of: clusters: do not go with stationary initial states");
  EXPECT_EQ(said({.initial = InitialStates::uniform}), "chain_of: clusters: do not go with uniform initial states");
  EXPECT_EQ(refusal([] { chain_of({.clusters = 0}, 2); }), "chain_of: clusters: must be at least 1, got 0");
  EXPECT_EQ(refusal([] { fit_hidden_markov(regimes(), counts, 2, {.clusters = 26}); }),
            "fit_hidden_markov: clusters: must be at most 25, the number of sequences, got 26");
  StateSets sets;
  sets.states = 2;
  sets.allowed = {1, 0, 0, 1};
  const Table labelled =
      regimes().with_allowed(std::vector<std::int32_t>(static_cast<std::size_t>(regimes().rows()), 0), sets);
  EXPECT_EQ(refusal([&] { fit_hidden_markov(labelled, counts, 2, {.clusters = 2}); }),
            "fit_hidden_markov: clusters: do not go with labels");
}

TEST(FitHiddenMarkov, RefusesByName) {
  EXPECT_EQ(chain_form_named("banded:3").width, 3);
  EXPECT_EQ(chain_form_named("banded").width, 1);
  EXPECT_EQ(refusal([] { chain_form_named("banded:x"); }),
            "transitions: name: 'banded:x' is none of full, left-right, banded, banded:WIDTH");
  EXPECT_THROW(chain_form_named("banded2"), ArgumentError);
  EXPECT_THROW(chain_of({.transitions = Transitions::left_to_right, .initial = InitialStates::stationary}, 2),
               ArgumentError);
  const Table rows = Table({1, 2, 1, 2}, 4, 1, {"count"});
  EXPECT_NE(refusal([&] { fit_hidden_markov(rows, counts, 2); }).find("must say which rows form a sequence"),
            std::string::npos);
  const Table whole = rows.with_sequences({0, 4});
  EXPECT_NE(refusal([&] { fit_hidden_markov(whole, counts, 3); }).find("the number of distinct rows"),
            std::string::npos);
  Options random = few_starts();
  random.start = Start::random;
  random.max_iterations = 5;
  EXPECT_EQ(fit_hidden_markov(whole, counts, 3, {}, random).model.states(), 3);
}

TEST(SelectHiddenMarkov, FindsTheNumberOfStates) {
  MixtureSelectionOptions selection;
  selection.components = {1, 2, 3};
  int done = 0;
  selection.progress = [&](int, int count) {
    ++done;
    EXPECT_EQ(count, 3);
  };
  const auto result = select_hidden_markov(regimes(), {counts}, {}, selection, few_starts());
  EXPECT_EQ(done, 3);
  ASSERT_TRUE(result.best);
  EXPECT_EQ(result.candidates.front().components, 2);
  EXPECT_EQ(result.best->model.states(), 2);
  EXPECT_LT(result.candidates[0].bic, result.candidates[1].bic);
  selection.criterion = MixtureCriterion::cross_validation;
  EXPECT_EQ(refusal([&] { select_hidden_markov(regimes(), {counts}, {}, selection, few_starts()); }),
            "select_hidden_markov: criterion: cv would take sequences apart");
  selection.criterion = MixtureCriterion::icl;
  selection.components = {2, 2};
  EXPECT_THROW(select_hidden_markov(regimes(), {counts}, {}, selection, few_starts()), ArgumentError);
}

TEST(SelectHiddenMarkov, ThreadsTakeWholeCandidatesToTheSameBits) {
  MixtureSelectionOptions selection;
  selection.components = {1, 2, 3};
  Options options = few_starts();
  options.threads = 1;
  const auto alone = select_hidden_markov(regimes(), {counts}, {}, selection, options);
  options.threads = 3;
  const auto shared = select_hidden_markov(regimes(), {counts}, {}, selection, options);
  ASSERT_EQ(alone.candidates.size(), shared.candidates.size());
  for (std::size_t i = 0; i < alone.candidates.size(); ++i) {
    EXPECT_EQ(alone.candidates[i].components, shared.candidates[i].components);
    EXPECT_EQ(alone.candidates[i].bic, shared.candidates[i].bic);
  }
  EXPECT_EQ(alone.best->model.parameters(), shared.best->model.parameters());
}

ModelFile file_of(const ChainForm& form, int states) {
  AnyChain chain = chain_of(form, states);
  std::vector<double> counted(chain.statistics_size());
  for (std::size_t e = 0; e < counted.size(); ++e) counted[e] = std::sqrt(static_cast<double>(e + 1));
  chain.maximize({counted, {}});
  AnyHiddenMarkov model(chain, emissions_for(counts, chain.states()));
  ModelFile file{std::make_shared<Erased<AnyHiddenMarkov>>(std::move(model)), {"count"}, {}, {}, counts};
  file.sequence = "id";
  file.order = "time";
  return file;
}

TEST(HiddenMarkovFile, KeepsEveryBitAndTheFormOfTheChain) {
  for (const ChainForm& form :
       {ChainForm{}, ChainForm{.transitions = Transitions::left_to_right},
        ChainForm{.transitions = Transitions::banded}, ChainForm{.initial = InitialStates::uniform},
        ChainForm{.initial = InitialStates::stationary}, ChainForm{.pseudo_count = 1.0 / 3}}) {
    const ModelFile file = file_of(form, 3);
    const ModelFile read = parse_model(model_text(file), "test");
    EXPECT_EQ(model_kind(read), "hidden-markov");
    EXPECT_EQ(read.model->parameters(), file.model->parameters());
    EXPECT_EQ(read.model->free_parameters(), file.model->free_parameters());
    EXPECT_EQ(read.model->log_prior(), file.model->log_prior());
    EXPECT_EQ(read.sequence, "id");
    EXPECT_EQ(read.order, "time");
    EXPECT_EQ(model_text(read), model_text(file));
    const auto& chain = *read.get<AnyHiddenMarkov>()->chain().as<MarkovChain>();
    EXPECT_EQ(chain.initial_stationary(), form.initial == InitialStates::stationary);
    EXPECT_EQ(chain.initial_fixed(), form.initial == InitialStates::uniform);
  }
}

TEST(HiddenMarkovFile, KeepsDurations) {
  for (const auto family :
       {DurationFamily::free, DurationFamily::geometric, DurationFamily::poisson, DurationFamily::negative_binomial}) {
    for (const auto transitions : {Transitions::full, Transitions::left_to_right, Transitions::banded}) {
      const ModelFile file =
          file_of({.transitions = transitions, .pseudo_count = 0.5, .durations = family, .max_duration = 7}, 3);
      const ModelFile read = parse_model(model_text(file), "test");
      EXPECT_EQ(read.model->parameters(), file.model->parameters());
      EXPECT_EQ(read.model->free_parameters(), file.model->free_parameters());
      EXPECT_EQ(read.model->log_prior(), file.model->log_prior());
      EXPECT_EQ(model_text(read), model_text(file));
      const auto* chain = read.get<AnyHiddenMarkov>()->chain().as<SemiMarkovChain>();
      ASSERT_NE(chain, nullptr);
      EXPECT_EQ(chain->longest(), 7);
      EXPECT_EQ(chain->duration(0).family(), family);
      EXPECT_EQ(chain->absorbing(2), transitions == Transitions::left_to_right);
    }
  }
}

TEST(HiddenMarkovFile, KeepsInputs) {
  for (const ChainForm& form :
       {ChainForm{.inputs = {"dose"}}, ChainForm{.initial_inputs = {"sex", "dose"}},
        ChainForm{.transitions = Transitions::banded, .pseudo_count = 0, .inputs = {"dose"}, .initial_inputs = {"sex"}},
        ChainForm{.transitions = Transitions::left_to_right, .inputs = {"dose", "sex"}}}) {
    const auto columns = columns_of(counts, columns_of(form));
    AnyChain chain = chain_of(form, 3, columns);
    auto u = chain.unconstrained();
    for (std::size_t j = 0; j < u.size(); ++j) u[j] = std::sin(static_cast<double>(j + 1));
    chain.set_unconstrained(u);
    AnyHiddenMarkov model(chain, emissions_for(counts, 3, static_cast<int>(columns.size()) - 1));
    ModelFile file{std::make_shared<Erased<AnyHiddenMarkov>>(std::move(model)), columns, {}, {}, counts};
    file.gate = columns_of(form);
    const std::string text = model_text(file);
    const ModelFile read = parse_model(text, "test");
    EXPECT_EQ(read.model->parameters(), file.model->parameters());
    EXPECT_EQ(read.model->parameter_names(), file.model->parameter_names());
    EXPECT_EQ(read.model->free_parameters(), file.model->free_parameters());
    EXPECT_EQ(model_text(read), text);
    const auto* own = read.get<AnyHiddenMarkov>()->chain().as<InputChain>();
    ASSERT_NE(own, nullptr);
    EXPECT_EQ(own->inputs().size(), form.inputs.size());
    EXPECT_EQ(own->initial_inputs().size(), form.initial_inputs.size());
    EXPECT_EQ(read.gate, columns_of(form));
  }
  AnyHiddenMarkov model(chain_of({.initial_inputs = {"sex"}}, 2, {"count", "sex"}), emissions_for(counts, 2, 1));
  ModelFile file{std::make_shared<Erased<AnyHiddenMarkov>>(std::move(model)), {"count", "sex"}, {}, {}, counts};
  std::string text = model_text(file);
  text.replace(text.find("initial_inputs"), 14, "initial_onputs");
  EXPECT_NE(refusal([&] { parse_model(text, "m.json"); }).find("chain: must have 'inputs' or 'initial_inputs'"),
            std::string::npos);
}

TEST(FitHiddenMarkov, RefusesWhatInitialInputsDoNotGoWith) {
  const auto said = [](ChainForm form) {
    form.initial_inputs = {"x"};
    return refusal([&] { chain_of(form, 2, {"x"}); });
  };
  EXPECT_EQ(said({.transitions = Transitions::left_to_right}),
            "chain_of: initial_inputs: do not apply to left-to-right transitions: sequences begin in state 0");
  EXPECT_EQ(said({.initial = InitialStates::uniform}),
            "chain_of: initial_inputs: do not go with uniform initial states");
  EXPECT_EQ(said({.initial = InitialStates::stationary}),
            "chain_of: initial_inputs: do not go with stationary initial states");
  EXPECT_EQ(said({.time = "x"}), "chain_of: initial_inputs: do not go with a chain in continuous time");
  EXPECT_EQ(said({.durations = DurationFamily::poisson, .max_duration = 5}),
            "chain_of: durations: do not go with first states that depend on inputs");
  EXPECT_NE(said({.pseudo_count = 1}).find("pseudo-counts of first states"), std::string::npos);
  EXPECT_EQ(refusal([] { chain_of({.initial_inputs = {"y"}}, 2, {"x"}); }),
            "chain_of: initial_inputs: there is no column 'y'");
}

TEST(HiddenMarkovFile, KeepsClusters) {
  for (const auto transitions : {Transitions::full, Transitions::left_to_right, Transitions::banded}) {
    const ModelFile file = file_of({.transitions = transitions, .pseudo_count = 0.5, .clusters = 2}, 3);
    const std::string text = model_text(file);
    const ModelFile read = parse_model(text, "test");
    EXPECT_EQ(read.model->states(), 6);
    EXPECT_EQ(read.get<AnyHiddenMarkov>()->clusters(), 2);
    EXPECT_EQ(read.model->parameters(), file.model->parameters());
    EXPECT_EQ(read.model->free_parameters(), file.model->free_parameters());
    EXPECT_EQ(read.model->log_prior(), file.model->log_prior());
    EXPECT_EQ(model_text(read), text);
    EXPECT_EQ(text.find("transition[0,3]"), std::string::npos) << "from one cluster into another";
    ASSERT_NE(read.get<AnyHiddenMarkov>()->chain().as<ClusteredChain>(), nullptr);
  }
  std::string text = model_text(file_of({.clusters = 2}, 2));
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string other = text;
    other.replace(other.find(from), from.size(), to);
    return refusal([&] { parse_model(other, "m.json"); });
  };
  EXPECT_NE(changed("\"clusters\": 2", "\"clusters\": 3").find("chain.clusters: must divide the 4 states"),
            std::string::npos);
  EXPECT_NE(changed("\"kind\": \"clusters\"", "\"kind\": \"rings\"").find("chain.kind: must be 'inputs'"),
            std::string::npos);
}

TEST(FitHiddenMarkov, DurationsAreCutOffWhereTheDataSay) {
  ChainForm form{.durations = DurationFamily::poisson};
  const auto longest = [&](const Table& data) {
    Options options = few_starts();
    options.max_iterations = 1;
    return fit_hidden_markov(data, counts, 2, form, options).model.chain().as<SemiMarkovChain>()->longest();
  };
  EXPECT_EQ(longest(regimes()), 80);
  form.max_duration = 12;
  EXPECT_EQ(longest(regimes()), 12);
  const auto said = [&](const ChainForm& other) {
    return refusal([&] { fit_hidden_markov(regimes(), counts, 2, other, few_starts()); });
  };
  EXPECT_EQ(said({.durations = DurationFamily::free}),
            "fit_hidden_markov: max_duration: must be said where durations are free: each has a parameter");
  EXPECT_EQ(said({.max_duration = 3}), "chain_of: max_duration: does not apply without durations");
  EXPECT_EQ(said({.initial = InitialStates::stationary, .durations = DurationFamily::poisson}),
            "chain_of: durations: do not go with stationary initial states");
}

TEST(HiddenMarkovFile, NamesWhatIsWrong) {
  const std::string sound = model_text(file_of({.transitions = Transitions::left_to_right}, 2));
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = sound;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from << "\n" << sound;
    text.replace(at, from.size(), to);
    return refusal([&] { parse_model(text, "m.json"); });
  };
  EXPECT_NE(changed("\"initial\": \"free\"", "\"initial\": \"loose\"")
                .find("m.json: chain.initial: must be 'free' or 'fixed'"),
            std::string::npos);
  EXPECT_NE(changed("\"transition[1,0]\"]", "\"transition[1,7]\"]").find("is no parameter of the chain"),
            std::string::npos);
  EXPECT_NE(changed("\"initial[1]\": 0.0", "\"initial[1]\": 0.5").find("m.json: parameters"), std::string::npos);
  EXPECT_NE(changed("\"states\": 2", "\"states\": 0").find("m.json: states: must be ≥ 1"), std::string::npos);
}

}  // namespace
}  // namespace jensen
