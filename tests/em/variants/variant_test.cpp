// Every variant is a way to climb the same F(q, θ): what each promises, and that all end where exact EM ends.
#include <gtest/gtest.h>
#include <jensen/data/table.h>
#include <jensen/em/bound.h>
#include <jensen/em/climb.h>
#include <jensen/em/fit.h>
#include <jensen/em/starts.h>
#include <jensen/error.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/models/mixture.h>

#include <cmath>
#include <memory>
#include <numeric>

#include "../examples/genetic_linkage.h"
#include "../examples/poisson_mixture.h"
#include "support/data.h"
#include "support/models.h"
#include "support/refusal.h"

namespace jensen {
namespace {

const Table& rows() {
  static const Table table = support::clustered(600, 2, 3, 4, 3);
  return table;
}

// In the right basin, a few steps short of its top, so that a variant that wanders does not end on another.
const GaussianMixture& start() {
  static const GaussianMixture model = [] {
    Options options = from_data();
    options.max_iterations = 6;
    options.seed = 5;
    options.acceleration = Acceleration::none;
    return fit_gaussian_mixture(rows(), {3, Covariance::full, Prior::data_scaled}, options).model;
  }();
  return model;
}

Options with(Algorithm algorithm) {
  Options options;
  options.algorithm = algorithm;
  options.threads = 1;
  options.tolerance = 1e-10;
  options.acceleration = Acceleration::none;  // variants are compared with the plain climb
  return options;
}

Fitted<GaussianMixture> run(const Options& options) { return fit(start(), rows(), options); }

const Fitted<GaussianMixture>& exact() {
  static const auto fitted = run(with(Algorithm::exact));
  return fitted;
}

void expect_ascent(const Report& report) {
  EXPECT_TRUE(report.monotone);
  for (std::size_t t = 1; t < report.trace.size(); ++t) {
    if (report.trace[t].reading.epoch != report.trace[t - 1].reading.epoch) continue;
    EXPECT_GE(report.trace[t].reading.objective(), report.trace[t - 1].reading.objective() - 1e-8) << t;
  }
}

class EndsLikeExactEm : public testing::TestWithParam<Algorithm> {};

TEST_P(EndsLikeExactEm, AndClimbsAllTheWay) {
  const auto fitted = run(with(GetParam()));
  EXPECT_EQ(fitted.report.outcome, Outcome::converged) << fitted.report.message;
  EXPECT_NEAR(fitted.report.log_likelihood, exact().report.log_likelihood, 1e-6);
  EXPECT_NEAR(fitted.report.bound.gap(), 0, 1e-8) << "the last E-step is exact";
  EXPECT_NEAR(fitted.report.state_entropy, exact().report.state_entropy, 1e-2);
  expect_ascent(fitted.report);
}
INSTANTIATE_TEST_SUITE_P(All, EndsLikeExactEm,
                         testing::Values(Algorithm::annealed, Algorithm::incremental, Algorithm::online,
                                         Algorithm::sparse, Algorithm::ecm));

class EveryVariant : public testing::TestWithParam<Algorithm> {};

TEST_P(EveryVariant, GivesTheSameBitsForAnyNumberOfThreadsAndTheLikelihoodOfItsParameters) {
  Options options = with(GetParam());
  options.variant.burn_in = 5;
  options.variant.averaged = 5;
  options.variant.most_draws = 4;
  options.max_iterations = 12;
  const auto one = run(options);
  options.threads = 3;
  const auto three = run(options);
  EXPECT_EQ(one.model.parameters(), three.model.parameters());
  EXPECT_EQ(one.report.log_likelihood, three.report.log_likelihood);
  EXPECT_EQ(one.report.trace.size(), three.report.trace.size());
  EXPECT_NEAR(one.report.log_likelihood, lower_bound(one.model, Posterior{}, rows()).log_likelihood, 1e-8);
  if (GetParam() != Algorithm::exact) {
    options.algorithm = Algorithm::exact;
    EXPECT_NE(one.report.log_likelihood, run(options).report.log_likelihood) << "the choice of algorithm must show";
  }
}
INSTANTIATE_TEST_SUITE_P(All, EveryVariant,
                         testing::Values(Algorithm::exact, Algorithm::classification, Algorithm::stochastic,
                                         Algorithm::monte_carlo, Algorithm::annealed, Algorithm::incremental,
                                         Algorithm::online));

// F(q, θ) with q on ẑ: the sum over rows of max_k log p(x_i, k; θ), here from responsibilities and score.
TEST(ClassificationEm, ClimbsTheClassificationLikelihood) {
  const auto fitted = fit(exact().model, rows(), with(Algorithm::classification));
  ASSERT_EQ(fitted.report.outcome, Outcome::converged) << fitted.report.message;
  expect_ascent(fitted.report);
  BlockBuffer buffer;
  double expected = 0;
  for (std::int64_t i = 0; i < rows().rows(); ++i) {
    const Block row = rows().block(i, 1, buffer);
    double p[3];
    double score = 0;
    fitted.model.responsibilities(row, {p, 1, 3, 1});
    fitted.model.score(row, {&score, 1});
    expected += score + std::log(std::max({p[0], p[1], p[2]}));
  }
  EXPECT_NEAR(fitted.report.trace.back().reading.surrogate, expected, 1e-8);
  EXPECT_NEAR(fitted.report.bound.gap(), fitted.report.log_likelihood - expected, 1e-8);
  EXPECT_EQ(fitted.report.bound.entropy, 0);
  EXPECT_GT(fitted.report.bound.gap(), 1) << "the bound does not touch";
  // A better classification likelihood than exact EM's optimum has, and a worse likelihood.
  EXPECT_GT(expected, lower_bound(exact().model, Mode{}, rows()).value());
  EXPECT_LT(fitted.report.log_likelihood, exact().report.log_likelihood);
}

TEST(StochasticEm, TheAverageComesNearTheOptimumAndTheReadingsDoNotCompare) {
  Options options = with(Algorithm::stochastic);
  const auto fitted = run(options);
  EXPECT_EQ(fitted.report.outcome, Outcome::completed);
  EXPECT_EQ(fitted.report.message, "done: 300 stochastic iterations, the last 200 averaged");
  EXPECT_EQ(fitted.report.iterations, 300);
  const double short_of = exact().report.log_likelihood - fitted.report.log_likelihood;
  EXPECT_LT(short_of, 0.6);
  EXPECT_GT(short_of, 0);
  int falls = 0;
  for (std::size_t t = 1; t <= 100; ++t) {
    EXPECT_TRUE(std::isnan(fitted.report.trace[t].gain)) << "an epoch each";
    falls += fitted.report.trace[t].reading.objective() < fitted.report.trace[t - 1].reading.objective() ? 1 : 0;
  }
  EXPECT_GT(falls, 10) << "the chain wanders";
  options.variant.averaged = 1;
  EXPECT_GT(exact().report.log_likelihood - run(options).report.log_likelihood, short_of) << "averaging pays";
  options.seed = 1;
  EXPECT_NE(run(options).report.log_likelihood, fitted.report.log_likelihood);
}

// A model whose statistics do not move averages coordinates instead.
TEST(StochasticEm, AveragesCoordinatesWhereStatisticsDoNotMove) {
  const Table animals = Table({0, 1, 2, 3}, 4, 1).with_weights({125, 18, 20, 34});
  std::vector<double> cells;
  for (int cell = 0; cell < 4; ++cell) cells.insert(cells.end(), std::vector{125U, 18U, 20U, 34U}[cell], cell);
  const auto count = static_cast<std::int64_t>(cells.size());
  const auto fitted = fit(GeneticLinkage{0.3}, Table(std::move(cells), count, 1), with(Algorithm::stochastic));
  EXPECT_NEAR(fitted.model.pi, 0.6268214978709824, 0.01);
}

TEST(MonteCarloEm, DrawsMoreUntilStepsAreSignificantAndSaysWhenNoneIs) {
  Options options = with(Algorithm::monte_carlo);
  options.variant.most_draws = 16;
  const auto fitted = run(options);
  EXPECT_EQ(fitted.report.outcome, Outcome::completed) << fitted.report.message;
  EXPECT_NE(fitted.report.message.find("with 128 draws no further step is significant"), std::string::npos)
      << fitted.report.message;
  EXPECT_LT(exact().report.log_likelihood - fitted.report.log_likelihood, 0.5);
  EXPECT_GT(fitted.report.evaluations, 8 * fitted.report.iterations + 8) << "some steps asked for more draws";
}

TEST(AnnealedEm, TemperaturesAreEpochsThatEndAtOne) {
  Options options = with(Algorithm::annealed);
  options.variant.first_temperature = 3;
  options.variant.cooling = 0.5;
  options.variant.steps_per_temperature = 4;
  const auto fitted = run(options);
  ASSERT_TRUE(fitted.report.converged());
  const auto& trace = fitted.report.trace;
  EXPECT_EQ(trace[3].reading.epoch, 0);
  EXPECT_EQ(trace[4].reading.epoch, 1);
  EXPECT_EQ(trace.back().reading.epoch, 2) << "3, 1.5, 1";
  EXPECT_TRUE(std::isnan(trace.back().reading.surrogate));
  // Σ log Σ_k p(x, k)^(1/T) · T is what the first reading must be.
  BlockBuffer buffer;
  double expected = 0;
  for (std::int64_t i = 0; i < rows().rows(); ++i) {
    const Block row = rows().block(i, 1, buffer);
    double p[3];
    double score = 0;
    start().responsibilities(row, {p, 1, 3, 1});
    start().score(row, {&score, 1});
    double sum = 0;
    for (double r : p) sum += std::exp((std::log(r) + score) / 3);
    expected += 3 * std::log(sum);
  }
  EXPECT_NEAR(trace.front().reading.surrogate, expected, 1e-6);
}

TEST(IncrementalEm, NeedsFewerPassesThanExactEmWhereThatIsSlow) {
  const Table slow = support::clustered(600, 2, 3, 1, 2);
  Workers workers(1);
  const auto from = started(Erased(gaussian_mixture_for(slow, {3, Covariance::full, Prior::data_scaled}, 1)),
                            Start::k_means_plus_plus, slow, 1, workers);
  const auto passes = [&](Algorithm algorithm) {
    Options options = with(algorithm);
    options.tolerance = 1e-8;
    const auto fitted = fit(*from, slow, options);
    EXPECT_TRUE(fitted.report.converged());
    return fitted.report.evaluations;
  };
  EXPECT_LT(passes(Algorithm::incremental), passes(Algorithm::exact));
}

TEST(IncrementalEm, PartsChangeTheWay) {
  Options options = with(Algorithm::incremental);
  const auto usual = run(options);
  options.variant.parts = 2;
  EXPECT_NE(run(options).report.evaluations, usual.report.evaluations);
}

TEST(IncrementalEm, RefusesModelsWhoseStatisticsDoNotMove) {
  const Table animals = Table({0, 1, 2, 3}, 4, 1).with_weights({125, 18, 20, 34});
  EXPECT_EQ(support::refusal([&] { fit(GeneticLinkage{}, animals, with(Algorithm::incremental)); }),
            "this model cannot move its statistics to other reference points, which incremental EM needs");
  EXPECT_EQ(support::refusal([&] { fit(GeneticLinkage{}, animals, with(Algorithm::online)); }),
            "this model cannot move its statistics to other reference points, which online EM needs");
  EXPECT_EQ(support::refusal([&] { fit(GeneticLinkage{}, animals, with(Algorithm::ecm)); }),
            "this model cannot maximise over one part of its parameters at a time, which ECM needs");
  EXPECT_EQ(support::refusal([&] { fit(support::UnitNormal{}, animals, with(Algorithm::classification)); }),
            "this model cannot take any rule for q (its E-step takes no Rule), which classification EM needs");
}

TEST(OnlineEm, EverySettingChangesTheWay) {
  Options options = with(Algorithm::online);
  options.max_iterations = 3;  // passes
  const double usual = run(options).report.log_likelihood;
  const auto changed = [&](auto change) {
    Options other = options;
    change(other);
    return run(other).report.log_likelihood != usual;
  };
  EXPECT_TRUE(changed([](Options& o) { o.variant.exponent = 0.9; }));
  EXPECT_TRUE(changed([](Options& o) { o.variant.offset = 10; }));
  EXPECT_TRUE(changed([](Options& o) { o.variant.batch_rows = 200; }));
  EXPECT_TRUE(changed([](Options& o) { o.seed = 9; })) << "the order of batches";
  EXPECT_TRUE(changed([](Options& o) { o.variant.passes = 1; }));
}

TEST(SparseEm, LeavesTheResultAloneAtTheDefaultThresholdAndBoundsFromBelowAtAHighOne) {
  Options options = with(Algorithm::sparse);
  options.max_iterations = 20;
  const auto sparse = run(options);
  const auto dense = run([&] {
    Options o = options;
    o.algorithm = Algorithm::exact;
    return o;
  }());
  EXPECT_NEAR(sparse.report.log_likelihood, dense.report.log_likelihood, 1e-4);
  options.variant.threshold = 0.2;
  const auto coarse = run(options);
  const auto& first = coarse.report.trace.front();
  EXPECT_LT(first.reading.surrogate, lower_bound(start(), Posterior{}, rows()).log_likelihood - 1);
  expect_ascent(coarse.report);
  options.variant.sparse_steps = 4;
  EXPECT_NE(run(options).report.log_likelihood, coarse.report.log_likelihood);
}

// Rows whose every state falls below the threshold keep the most probable one.
TEST(SparseEm, AThresholdAboveEveryProbabilityLeavesRowsTheirMostProbableState) {
  Options options = with(Algorithm::sparse);
  options.max_iterations = 20;
  options.variant.threshold = 0.999;
  const auto sharp = run(options);
  EXPECT_TRUE(std::isfinite(sharp.report.log_likelihood));
  ASSERT_FALSE(sharp.report.trace.empty());
  for (const Step& step : sharp.report.trace) EXPECT_TRUE(std::isfinite(step.reading.objective()));
  expect_ascent(sharp.report);
  // At the start the bound is that of each row's best state alone.
  const auto model = start();
  BlockBuffer buffer;
  const Block block = rows().block(0, rows().rows(), buffer);
  std::vector<double> density(static_cast<std::size_t>(block.rows()));
  std::vector<double> values(density.size() * static_cast<std::size_t>(model.states()));
  const Panel p{values.data(), block.rows(), model.states(), block.rows()};
  model.score(block, density);
  model.responsibilities(block, p);
  double best = 0;
  double all = 0;
  for (std::int64_t i = 0; i < block.rows(); ++i) {
    double most = 0;
    double active = 0;
    for (int k = 0; k < p.columns; ++k) {
      most = std::max(most, p(i, k));
      active += p(i, k) >= 0.999 ? p(i, k) : 0;
    }
    best += block.weight(i) * (density[static_cast<std::size_t>(i)] + std::log(std::max(most, active)));
    all += block.weight(i) * density[static_cast<std::size_t>(i)];
  }
  EXPECT_LT(best, all - 1e-3);
  EXPECT_NEAR(sharp.report.trace.front().reading.surrogate, best, 1e-6 * std::abs(best));
}

// In the passes between, densities are asked for where a row may be and nowhere else.
TEST(SparseEm, LooksAtTheActiveStatesAlone) {
  struct Counting {  // emissions: normals of unit variance about 0, 10, 20 …
    struct Scratch {};
    std::vector<double> means;
    mutable std::shared_ptr<std::int64_t> evaluated = std::make_shared<std::int64_t>(0);
    int states() const { return static_cast<int>(means.size()); }
    int columns() const { return 1; }
    Layout layout() const { return {2 * means.size(), 0}; }
    void reference(std::span<double>) const {}
    void add_log_density(const Block& x, Panel p, Scratch&) const {
      for (int k = 0; k < states(); ++k) {
        for (std::int64_t i = 0; i < x.rows(); ++i) {
          if (!(p(i, k) > -INFINITY)) continue;
          const double d = x.x(i, 0) - means[static_cast<std::size_t>(k)];
          p(i, k) -= 0.5 * d * d;
          ++*evaluated;
        }
      }
    }
    double accumulate(const Block& x, ConstPanel r, Slice s, Scratch&) const {
      for (int k = 0; k < states(); ++k) {
        for (std::int64_t i = 0; i < x.rows(); ++i) {
          s.sum[static_cast<std::size_t>(2 * k)] += r(i, k);
          s.sum[static_cast<std::size_t>(2 * k + 1)] += r(i, k) * x.x(i, 0);
        }
      }
      return 0;
    }
    void maximize(ConstSlice s) {
      for (std::size_t k = 0; k < means.size(); ++k) {
        if (s.sum[2 * k] > 0) means[k] = s.sum[2 * k + 1] / s.sum[2 * k];
      }
    }
  };
  std::vector<double> values;
  for (int i = 0; i < 200; ++i) values.push_back(10 * (i % 5) + 0.1 * (i % 7));
  const Table data(values, 200, 1);
  const auto evaluations = [&](Algorithm algorithm) {
    Options options = with(algorithm);
    options.tolerance = 0;
    options.max_iterations = 8;
    options.variant.sparse_steps = 20;
    const Mixture<Counting> from(Counting{{1, 9, 21, 32, 39}});
    const auto fitted = fit(from, data, options);
    return std::pair(*from.emissions().evaluated, fitted.report.log_likelihood);
  };
  const auto [dense, reached] = evaluations(Algorithm::exact);
  const auto [sparse, same] = evaluations(Algorithm::sparse);
  EXPECT_NEAR(same, reached, 1e-9 * std::abs(reached));
  EXPECT_EQ(dense, 200 * 5 * 9);
  EXPECT_LT(sparse, 0.6 * static_cast<double>(dense));
}

TEST(Ecm, EachPartHasItsOwnEStepInManyCycles) {
  const Table deaths =
      Table({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 10, 1).with_weights({162, 267, 271, 185, 111, 61, 27, 8, 3, 1});
  const PoissonMixture from({0.5, 0.5}, {1, 3});
  Options options = with(Algorithm::ecm);
  options.max_iterations = 30;
  options.tolerance = 0;
  const auto one = fit(from, deaths, options).report;
  options.variant.multicycle = true;
  const auto many = fit(from, deaths, options).report;
  EXPECT_EQ(one.evaluations, 31);
  EXPECT_EQ(many.iterations, 30);
  EXPECT_EQ(many.evaluations, 61) << "two E-steps a cycle";
  EXPECT_GT(many.log_likelihood, one.log_likelihood);
  expect_ascent(many);
}

// Two hidden coins (a, b), each fair, emit x ~ N(a + b + ab, ¼): the posterior of (a, b) does not factorise, and the
// best product q(a) q(b), found by coordinate ascent, leaves a gap.
void mean_field(const Model& theta, const Block& x, Panel q) {
  theta.responsibilities(x, q);
  for (std::int64_t i = 0; i < q.rows; ++i) {
    double a = 0.5;
    double b = 0.5;
    const auto log_odds = [](double one, double zero) { return 1 / (1 + std::exp(zero - one)); };
    const double l00 = std::log(q(i, 0)), l01 = std::log(q(i, 1)), l10 = std::log(q(i, 2)), l11 = std::log(q(i, 3));
    for (int sweep = 0; sweep < 100; ++sweep) {
      a = log_odds(b * l11 + (1 - b) * l10, b * l01 + (1 - b) * l00);
      b = log_odds(a * l11 + (1 - a) * l01, a * l10 + (1 - a) * l00);
    }
    q(i, 0) = (1 - a) * (1 - b);
    q(i, 1) = (1 - a) * b;
    q(i, 2) = a * (1 - b);
    q(i, 3) = a * b;
  }
}

TEST(RestrictedEm, MeanFieldClimbsABoundThatDoesNotTouch) {
  const Table line = support::clustered(300, 1, 4, 2, 1.5);
  Workers workers(1);
  const auto from = started(Erased(gaussian_mixture_for(line, {4, Covariance::spherical, Prior::data_scaled}, 1)),
                            Start::k_means_plus_plus, line, 2, workers);
  Options options = with(Algorithm::restricted);
  options.variant.restricted_q = mean_field;
  options.max_iterations = 25;
  options.tolerance = 0;
  const auto fitted = fit(*from, line, options);
  EXPECT_EQ(fitted.report.outcome, Outcome::iteration_limit) << fitted.report.message;
  expect_ascent(fitted.report);
  EXPECT_GT(fitted.report.bound.gap(), 0.01);
  EXPECT_NEAR(fitted.report.trace.back().reading.surrogate, fitted.report.bound.value(), 1e-8);
  EXPECT_LT(fitted.report.trace.front().reading.objective(), fitted.report.trace.back().reading.objective());
  // With the posterior itself for q it is exact EM.
  options.variant.restricted_q = [](const Model& theta, const Block& x, Panel q) { theta.responsibilities(x, q); };
  const auto free = fit(*from, line, options);
  EXPECT_NEAR(free.report.bound.gap(), 0, 1e-8);
  EXPECT_GT(free.report.log_likelihood, fitted.report.bound.value());
}

TEST(VariantOptions, EachOutOfItsDomainIsRefusedByName) {
  const auto refused = [](auto change) {
    Options options;
    change(options.variant);
    return support::refusal([&] { options.validate(); });
  };
  EXPECT_EQ(refused([](VariantOptions& o) { o.burn_in = -1; }), "fit: burn_in: must be ≥ 0, got -1");
  EXPECT_EQ(refused([](VariantOptions& o) { o.averaged = 0; }), "fit: averaged: must be ≥ 1, got 0");
  EXPECT_EQ(refused([](VariantOptions& o) { o.draws = 0; }), "fit: draws: must be ≥ 1, got 0");
  EXPECT_EQ(refused([](VariantOptions& o) { o.most_draws = 0; }), "fit: most_draws: must be at least draws, got 0");
  EXPECT_EQ(refused([](VariantOptions& o) { o.first_temperature = 0.5; }),
            "fit: first_temperature: must be finite and ≥ 1, got 0.5");
  EXPECT_EQ(refused([](VariantOptions& o) { o.cooling = 1; }), "fit: cooling: must be between 0 and 1, got 1");
  EXPECT_EQ(refused([](VariantOptions& o) { o.steps_per_temperature = 0; }),
            "fit: steps_per_temperature: must be ≥ 1, got 0");
  EXPECT_EQ(refused([](VariantOptions& o) { o.parts = 0; }), "fit: parts: must be ≥ 1, got 0");
  EXPECT_EQ(refused([](VariantOptions& o) { o.exponent = 0.5; }), "fit: exponent: must be > ½ and ≤ 1, got 0.5");
  EXPECT_EQ(refused([](VariantOptions& o) { o.offset = 0; }), "fit: offset: must be finite and ≥ 1, got 0");
  EXPECT_EQ(refused([](VariantOptions& o) { o.batch_rows = -1; }), "fit: batch_rows: must be ≥ 0, got -1");
  EXPECT_EQ(refused([](VariantOptions& o) { o.passes = 0; }), "fit: passes: must be ≥ 1, got 0");
  EXPECT_EQ(refused([](VariantOptions& o) { o.threshold = 1; }), "fit: threshold: must be ≥ 0 and < 1, got 1");
  EXPECT_EQ(refused([](VariantOptions& o) { o.restricted_q = mean_field; }),
            "fit: restricted_q: is given, but the algorithm is em");
  Options restricted;
  restricted.algorithm = Algorithm::restricted;
  EXPECT_EQ(support::refusal([&] { restricted.validate(); }), "fit: restricted_q: must be given for a restricted q");
}

}  // namespace
}  // namespace jensen
