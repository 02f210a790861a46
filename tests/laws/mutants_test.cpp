// The laws must be able to fail: each mutant breaks one thing about a sound model, and the laws said to notice do.
#include <gtest/gtest.h>
#include <jensen/em/starts.h>
#include <jensen/error.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/testing/laws.h>

#include <algorithm>
#include <map>
#include <set>

#include "support/data.h"
#include "support/gaussian_reference.h"

namespace jensen {
namespace {

struct Sound : GaussianMixture {
  explicit Sound(GaussianMixture m) : GaussianMixture(std::move(m)) {}
};

struct MStepThatStays : Sound {
  using Sound::Sound;
  void maximize(const Statistics&) {}
};
struct MStepWithWrongDivisor : Sound {
  using Sound::Sound;
  void maximize(const Statistics& s) {
    GaussianMixture::maximize(s);
    std::vector<double> covariances(emissions().covariances().begin(), emissions().covariances().end());
    for (double& v : covariances) v *= 1.05;
    emissions().set({emissions().means().begin(), emissions().means().end()}, covariances);
  }
};
struct MStepThatDescends : Sound {
  using Sound::Sound;
  void maximize(const Statistics& s) {
    GaussianMixture::maximize(s);
    std::vector<double> means(emissions().means().begin(), emissions().means().end());
    for (double& v : means) v = -v;
    emissions().set(means, {emissions().covariances().begin(), emissions().covariances().end()});
  }
};
struct MStepWithPseudoRows : Sound {  // a prior that log_prior() keeps quiet about
  using Sound::Sound;
  void maximize(Statistics s) {
    s.sum[0] += 5;
    GaussianMixture::maximize(s);
  }
};
struct LostAfterARandomStart : Sound {
  using Sound::Sound;
  mutable bool lost = false;
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const {
    lost = lost || std::holds_alternative<Given>(q);
    Evidence evidence = GaussianMixture::expect(x, q, s, w);
    if (lost) evidence.log_likelihood = -std::numeric_limits<double>::infinity();
    return evidence;
  }
};
struct EntropyTooSmall : Sound {
  using Sound::Sound;
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const {
    Evidence evidence = GaussianMixture::expect(x, q, s, w);
    evidence.entropy *= 0.99;
    evidence.state_entropy *= 0.99;
    return evidence;
  }
};
struct EntropyTooLarge : Sound {
  using Sound::Sound;
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const {
    Evidence evidence = GaussianMixture::expect(x, q, s, w);
    evidence.entropy += 0.5 * evidence.weight;
    return evidence;
  }
};
struct QWithoutWeights : Sound {
  using Sound::Sound;
  double expected_log_joint(const Statistics& s) const {
    double left_out = 0;
    for (int k = 0; k < states(); ++k) {
      left_out += s.sum[static_cast<std::size_t>(k)] * std::log(weights()[static_cast<std::size_t>(k)]);
    }
    return GaussianMixture::expected_log_joint(s) - left_out;
  }
};
struct QWithoutConstant : Sound {
  using Sound::Sound;
  double expected_log_joint(const Statistics& s) const { return GaussianMixture::expected_log_joint(s) - 1e-4; }
};
struct WeightsIgnored : Sound {
  using Sound::Sound;
  Evidence expect(Block x, const Rule& q, Statistics& s, Scratch& w) const {
    x.weights = {};
    return GaussianMixture::expect(x, q, s, w);
  }
};
struct WeightsMissingInLikelihood : Sound {
  using Sound::Sound;
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const {
    Evidence evidence = GaussianMixture::expect(x, q, s, w);
    Statistics ignored = no_statistics();
    Block unweighted = x;
    unweighted.weights = {};
    evidence.log_likelihood = GaussianMixture::expect(unweighted, q, ignored, w).log_likelihood;
    return evidence;
  }
};
struct FirstRowCountsTwice : Sound {
  using Sound::Sound;
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const {
    Evidence evidence = GaussianMixture::expect(x, q, s, w);
    if (x.first_row != 0) return evidence;
    Block first = x;
    first.x.rows = 1;
    if (!first.weights.empty()) first.weights = first.weights.first(1);
    if (!first.allowed.empty()) first.allowed = first.allowed.first(1);
    evidence += GaussianMixture::expect(first, q, s, w);
    return evidence;
  }
};
struct OverwritesStatistics : Sound {
  using Sound::Sound;
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const {
    s = no_statistics();
    return GaussianMixture::expect(x, q, s, w);
  }
};
struct RemembersInScratch : Sound {
  using Sound::Sound;
  struct Scratch : GaussianMixture::Scratch {
    double left = 0;
  };
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const {
    Evidence evidence = GaussianMixture::expect(x, q, s, w);
    evidence.log_likelihood += w.left;
    w.left = 1e-3;
    return evidence;
  }
};
struct DependsOnTheThread : Sound {
  using Sound::Sound;
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const {
    thread_local double calls = 0;
    Evidence evidence = GaussianMixture::expect(x, q, s, w);
    evidence.log_likelihood += 1e-9 * ++calls;
    return evidence;
  }
};
struct ParametersInSinglePrecision : Sound {
  using Sound::Sound;
  std::vector<double> parameters() const {
    auto v = GaussianMixture::parameters();
    for (std::size_t i = weights().size(); i < v.size(); ++i) v[i] = static_cast<float>(v[i]);
    return v;
  }
};
struct NamesTwice : Sound {
  using Sound::Sound;
  std::vector<std::string> parameter_names() const {
    auto names = GaussianMixture::parameter_names();
    names.back() = names.front();
    return names;
  }
};
struct CountsTheLastWeight : Sound {
  using Sound::Sound;
  int free_parameters() const { return GaussianMixture::free_parameters() + 1; }
};
struct ScoreWithoutConstant : Sound {
  using Sound::Sound;
  void score(const Block& x, std::span<double> out) const {
    GaussianMixture::score(x, out);
    for (double& v : out) v += 0.9;
  }
};
struct WrongDensity : Sound {
  using Sound::Sound;
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const {
    Evidence evidence = GaussianMixture::expect(x, q, s, w);
    evidence.log_likelihood += 1e-6 * evidence.weight;
    return evidence;
  }
};
struct WrongResponsibilities : Sound {
  using Sound::Sound;
  void responsibilities(const Block& x, Panel p) const {
    GaussianMixture::responsibilities(x, p);
    for (std::int64_t i = 0; i < p.rows; ++i) std::swap(p(i, 0), p(i, 1));
  }
};
struct LabelsIgnored : Sound {
  using Sound::Sound;
  Evidence expect(Block x, const Rule& q, Statistics& s, Scratch& w) const {
    x.allowed = {};
    return GaussianMixture::expect(x, q, s, w);
  }
};
struct UnknownLabelsDropped : Sound {
  using Sound::Sound;
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const {
    std::vector<double> some;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const bool unknown = !x.allowed.empty() && x.allowed[static_cast<std::size_t>(i)] < 0;
      some.push_back(unknown ? 0 : x.weight(i));
    }
    Block known = x;
    known.weights = some;
    return GaussianMixture::expect(known, q, s, w);
  }
};
struct SampleDependsOnTheCut : Sound {
  using Sound::Sound;
  void sample(std::uint64_t seed, std::int64_t, Panel x, std::span<std::int32_t> z) const {
    GaussianMixture::sample(seed, 0, x, z);
  }
};
struct SeedIgnored : Sound {
  using Sound::Sound;
  void sample(std::uint64_t, std::int64_t first, Panel x, std::span<std::int32_t> z) const {
    GaussianMixture::sample(7, first, x, z);
  }
};
struct SampleTooWide : Sound {
  using Sound::Sound;
  void sample(std::uint64_t seed, std::int64_t first, Panel x, std::span<std::int32_t> z) const {
    GaussianMixture::sample(seed, first, x, z);
    for (std::int64_t i = 0; i < x.rows; ++i) {
      const double center = emissions().mean(z[static_cast<std::size_t>(i)])[0];
      x(i, 0) = center + 1.2 * (x(i, 0) - center);
    }
  }
};
struct CopyIsShared : Sound {
  using Sound::Sound;
  std::shared_ptr<GaussianMixture> shared =
      std::make_shared<GaussianMixture>(static_cast<const GaussianMixture&>(*this));
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const { return shared->expect(x, q, s, w); }
  void maximize(const Statistics& s) { shared->maximize(s); }
};
struct MissingCellsCost : Sound {
  using Sound::Sound;
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const {
    Evidence evidence = GaussianMixture::expect(x, q, s, w);
    for (std::int64_t i = 0; i < x.rows(); ++i)
      evidence.log_likelihood -= std::isnan(x.x(i, 0)) ? 1e-3 * x.weight(i) : 0;
    return evidence;
  }
};
struct MoveForgetsSquares : Sound {
  using Sound::Sound;
  Statistics move(const Statistics& s) const {
    Statistics moved = GaussianMixture::move(s);
    std::copy(s.sum.begin() + 2 * states() + states() * columns(), s.sum.end(),
              moved.sum.begin() + 2 * states() + states() * columns());
    return moved;
  }
};
struct AbsoluteFloor : Sound {
  using Sound::Sound;
  void maximize(const Statistics& s) {
    GaussianMixture::maximize(s);
    std::vector<double> covariances(emissions().covariances().begin(), emissions().covariances().end());
    for (int k = 0; k < states(); ++k) {
      for (int j = 0; j < columns(); ++j) {
        covariances[static_cast<std::size_t>(k) * packed_size(columns()) + packed_index(j, j)] += 1e-3;
      }
    }
    emissions().set({emissions().means().begin(), emissions().means().end()}, covariances);
  }
};
struct ModeIsSoft : Sound {
  using Sound::Sound;
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const {
    return GaussianMixture::expect(x, std::holds_alternative<Mode>(q) ? Rule{Posterior{}} : q, s, w);
  }
};
struct TemperatureIgnored : Sound {
  using Sound::Sound;
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const {
    return GaussianMixture::expect(x, std::holds_alternative<Posterior>(q) ? Rule{Posterior{}} : q, s, w);
  }
};
struct LikelihoodOfTheTempered : Sound {
  using Sound::Sound;
  Evidence expect(const Block& x, const Rule& q, Statistics& s, Scratch& w) const {
    Evidence evidence = GaussianMixture::expect(x, q, s, w);
    const auto* posterior = std::get_if<Posterior>(&q);
    if (posterior != nullptr && posterior->temperature != 1) evidence.log_likelihood /= posterior->temperature;
    return evidence;
  }
};
struct Throws : Sound {
  using Sound::Sound;
  double expected_log_joint(const Statistics&) const { throw std::runtime_error("no such luck"); }
};

constexpr int columns = 2;
const Table& data() {
  static const Table table =
      support::clustered_with_holes(120, columns, 2, 4, 2.5).with_weights(support::uneven_weights(120));
  return table;
}

GaussianMixture base(const Data& on) {
  const GaussianMixtureOptions options{2, Covariance::full, Prior::none};
  Workers workers(1);
  const auto start = started(Erased(gaussian_mixture_for(on, options, 1)), Start::k_means_plus_plus, on, 3, workers);
  return static_cast<const Erased<GaussianMixture>&>(*start).get();
}

template <class M>
LawSubject subject_of() {
  static const GaussianMixture sound = base(data());
  LawSubject subject(M(sound), data());
  subject.log_joint = [](const Block& x, std::int64_t i, int k) { return support::log_joint(sound, x, i, k); };
  subject.make = [](const Data& other) -> std::unique_ptr<Model> {
    return std::make_unique<Erased<M>>(M(gaussian_mixture_for(other, {2, Covariance::full, Prior::none}, 1)));
  };
  subject.accepts_missing = true;
  return subject;
}

struct Mutant {
  const char* name;
  LawSubject (*subject)();
  std::vector<std::string> noticed_by;
};

const std::vector<Mutant>& mutants() {
  static const std::vector<Mutant> all{
      {"MStepThatStays", subject_of<MStepThatStays>, {"m_step_maximizes", "stationary"}},
      {"MStepWithWrongDivisor", subject_of<MStepWithWrongDivisor>, {"m_step_maximizes", "stationary"}},
      {"MStepThatDescends", subject_of<MStepThatDescends>, {"ascent", "certificate", "m_step_maximizes"}},
      {"MStepWithPseudoRows", subject_of<MStepWithPseudoRows>, {"scale", "m_step_maximizes"}},
      {"LostAfterARandomStart", subject_of<LostAfterARandomStart>, {"random_start"}},
      {"EntropyTooSmall", subject_of<EntropyTooSmall>, {"tight_bound", "entropy_of_rules"}},
      {"EntropyTooLarge", subject_of<EntropyTooLarge>, {"tight_bound", "bound_below", "rules", "certificate"}},
      {"QWithoutWeights", subject_of<QWithoutWeights>, {"gradient", "tight_bound"}},
      {"QWithoutConstant", subject_of<QWithoutConstant>, {"tight_bound"}},
      {"WeightsIgnored", subject_of<WeightsIgnored>, {"evidence", "weights", "zero_weight"}},
      {"WeightsMissingInLikelihood", subject_of<WeightsMissingInLikelihood>, {"weights", "zero_weight", "tight_bound"}},
      {"FirstRowCountsTwice", subject_of<FirstRowCountsTwice>, {"evidence", "order"}},
      {"OverwritesStatistics", subject_of<OverwritesStatistics>, {"blocks"}},
      {"RemembersInScratch", subject_of<RemembersInScratch>, {"blocks"}},
      {"DependsOnTheThread", subject_of<DependsOnTheThread>, {"threads"}},
      {"ParametersInSinglePrecision", subject_of<ParametersInSinglePrecision>, {"parameters"}},
      {"NamesTwice", subject_of<NamesTwice>, {"parameters"}},
      {"CountsTheLastWeight", subject_of<CountsTheLastWeight>, {"unconstrained"}},
      {"ScoreWithoutConstant", subject_of<ScoreWithoutConstant>, {"score"}},
      {"WrongDensity", subject_of<WrongDensity>, {"brute_force", "score", "tight_bound"}},
      {"WrongResponsibilities", subject_of<WrongResponsibilities>, {"responsibilities"}},
      {"LabelsIgnored", subject_of<LabelsIgnored>, {"fixed_labels"}},
      {"UnknownLabelsDropped", subject_of<UnknownLabelsDropped>, {"free_labels"}},
      {"SampleDependsOnTheCut", subject_of<SampleDependsOnTheCut>, {"sample"}},
      {"SeedIgnored", subject_of<SeedIgnored>, {"sample"}},
      {"SampleTooWide", subject_of<SampleTooWide>, {"sample_distribution"}},
      {"CopyIsShared", subject_of<CopyIsShared>, {"clone"}},
      {"MissingCellsCost", subject_of<MissingCellsCost>, {"missing_row", "brute_force"}},
      {"MoveForgetsSquares", subject_of<MoveForgetsSquares>, {"move"}},
      {"AbsoluteFloor", subject_of<AbsoluteFloor>, {"equivariance", "m_step_maximizes"}},
      {"ModeIsSoft", subject_of<ModeIsSoft>, {"entropy_of_rules"}},
      {"TemperatureIgnored", subject_of<TemperatureIgnored>, {"entropy_of_rules"}},
      {"LikelihoodOfTheTempered", subject_of<LikelihoodOfTheTempered>, {"rules"}},
      {"Throws", subject_of<Throws>, {"tight_bound", "certificate", "gradient"}},
  };
  return all;
}

class LawMutants : public ::testing::TestWithParam<Mutant> {};

TEST_P(LawMutants, AreNoticed) {
  const LawReport report = check_laws(GetParam().subject(), GetParam().noticed_by);
  EXPECT_FALSE(report.holds());
  EXPECT_EQ(report.laws.size(), GetParam().noticed_by.size());
  for (const auto& law : GetParam().noticed_by) {
    EXPECT_EQ(report[law].outcome, LawOutcome::broken) << law << "\n" << report;
    EXPECT_FALSE(report[law].detail.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Every, LawMutants, ::testing::ValuesIn(mutants()),
                         [](const auto& mutant) { return std::string(mutant.param.name); });

// The one they were made from is sound, so that what the mutants break is what was put into them.
TEST(LawKit, HoldsForTheModelBehindTheMutants) {
  const LawReport report = check_laws(subject_of<Sound>());
  EXPECT_TRUE(report.holds()) << report;
  for (const auto& result : report.laws) EXPECT_EQ(result.outcome, LawOutcome::held) << result.law << result.detail;
}

TEST(LawKit, EveryLawNoticesSomeMutant) {
  std::set<std::string> noticing;
  for (const auto& mutant : mutants()) noticing.insert(mutant.noticed_by.begin(), mutant.noticed_by.end());
  for (const auto& law : law_names()) EXPECT_TRUE(noticing.count(law) == 1) << law;
}

// The least model: an E-step that returns a number, an M-step, nothing else.
struct Barest {
  double mean = 0;
  Statistics no_statistics() const { return {{0, 0}, {}}; }
  double expect(const Block& x, Statistics& s) const {
    double log_likelihood = 0;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      s.sum[0] += x.weight(i);
      s.sum[1] += x.weight(i) * x.x(i, 0);
      log_likelihood -= 0.5 * x.weight(i) * (x.x(i, 0) - mean) * (x.x(i, 0) - mean);
    }
    return log_likelihood;
  }
  void maximize(const Statistics& s) { mean = s.sum[1] / s.sum[0]; }
};

TEST(LawKit, SaysWhatTheBarestModelLacks) {
  const Table rows = support::clustered(40, 1, 2);
  const LawReport report = check_laws(LawSubject(Barest{}, rows));
  EXPECT_TRUE(report.holds()) << report;
  const std::map<std::string, std::string> lacking{
      {"tight_bound", "this model cannot take any rule for q (its E-step takes no Rule)"},
      {"gradient", "this model cannot evaluate its expected log-joint"},
      {"stationary", "this model cannot map its parameters to unconstrained coordinates"},
      {"parameters", "this model cannot list its parameters"},
      {"move", "this model cannot move its statistics to other reference points"},
      {"score", "this model cannot give the log-density of a row"},
      {"responsibilities", "this model cannot give responsibilities by row (it has no discrete states)"},
      {"sample", "this model cannot draw samples"},
      {"brute_force", "the subject gives no log_density, no log_joint"},
      {"equivariance", "the subject gives no make() for other data"},
      {"missing_row", "the model is not said to take missing cells (accepts_missing)"}};
  for (const auto& [law, detail] : lacking) {
    EXPECT_EQ(report[law].outcome, LawOutcome::not_applicable) << law;
    EXPECT_EQ(report[law].detail, detail);
  }
  for (const char* law :
       {"evidence", "ascent", "weights", "zero_weight", "order", "blocks", "scale", "threads", "clone"}) {
    EXPECT_EQ(report[law].outcome, LawOutcome::held) << law;
  }
}

TEST(LawKit, RefusesUnknownLawsAndEmptyData) {
  const std::vector<std::string> unknown{"gravity"};
  const Table rows = support::clustered(5, 1, 1);
  EXPECT_THROW(check_laws(LawSubject(Barest{}, rows), unknown), ArgumentError);
  const Table none(std::vector<double>{}, 0, 1);
  EXPECT_THROW(check_laws(LawSubject(Barest{}, none)), ArgumentError);
}

TEST(LawKit, PrintsALinePerLaw) {
  const Table rows = support::clustered(40, 1, 2);
  const std::string text = to_string(check_laws(LawSubject(Barest{}, rows)));
  EXPECT_EQ(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')), law_names().size() + 1);
  EXPECT_NE(text.find("move                 n/a      this model cannot move"), std::string::npos) << text;
  EXPECT_NE(text.find("30 laws, 0 broken"), std::string::npos) << text;
}

}  // namespace
}  // namespace jensen
