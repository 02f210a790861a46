// The laws on Gaussian mixtures: every covariance structure, with and without holes, weights, labels and prior.
#include <gtest/gtest.h>
#include <jensen/em/starts.h>
#include <jensen/fit_gaussian_mixture.h>
#include <jensen/testing/laws.h>

#include <algorithm>
#include <tuple>

#include "support/data.h"
#include "support/gaussian_reference.h"

namespace jensen {
namespace {

using Case = std::tuple<Covariance, bool, bool, bool, bool>;  // structure, holes, weights, labels, prior

class GaussianMixtureLaws : public ::testing::TestWithParam<Case> {};

std::string name_of(const ::testing::TestParamInfo<Case>& info) {
  const auto [covariance, holes, weights, labels, prior] = info.param;
  return to_string(covariance) + (holes ? "_holes" : "") + (weights ? "_weights" : "") + (labels ? "_labels" : "") +
         (prior ? "_prior" : "");
}

constexpr int rows = 210;
constexpr int columns = 3;
constexpr int components = 3;

Table data_of(bool holes, bool weights, bool labels) {
  Table data =
      holes ? support::clustered_with_holes(rows, columns, components) : support::clustered(rows, columns, components);
  if (weights) data = data.with_weights(support::uneven_weights(rows));
  if (labels) data = data.with_labels(support::some_labels(rows, components), components);
  return data;
}

// Equal axes or equal eigenvalues do not survive a change of the units of some columns; equal determinants, common
// matrices up to a factor and diagonals do.
bool keeps_its_form_by_column(Covariance covariance) {
  switch (covariance) {
    case Covariance::eii:
    case Covariance::spherical:
    case Covariance::eve:
    case Covariance::vve:
    case Covariance::eev:
    case Covariance::vev: return false;
    default: return true;
  }
}

TEST_P(GaussianMixtureLaws, Hold) {
  const auto [covariance, holes, weights, labels, prior] = GetParam();
  const Table data = data_of(holes, weights, labels);
  const GaussianMixtureOptions options{components, covariance, prior ? Prior::data_scaled : Prior::none};
  Workers workers(1);
  const auto start =
      started(Erased(gaussian_mixture_for(data, options, 1)), Start::k_means_plus_plus, data, 5, workers);
  const GaussianMixture model = static_cast<const Erased<GaussianMixture>&>(*start).get();

  LawSubject subject(*start, data);
  subject.log_joint = [&](const Block& x, std::int64_t i, int k) { return support::log_joint(model, x, i, k); };
  subject.make = [&](const Data& other) -> std::unique_ptr<Model> {
    return std::make_unique<Erased<GaussianMixture>>(gaussian_mixture_for(other, options, 1));
  };
  subject.scaling = keeps_its_form_by_column(covariance) ? Scaling::by_column : Scaling::common;
  subject.accepts_missing = true;
  const LawReport report = check_laws(subject);
  EXPECT_TRUE(report.holds()) << report;
  for (const auto& result : report.laws) {
    const bool expected_to_apply = result.law != "scale" || !prior;
    EXPECT_EQ(result.outcome == LawOutcome::not_applicable, !expected_to_apply) << result.law << ": " << result.detail;
  }
}

INSTANTIATE_TEST_SUITE_P(Every, GaussianMixtureLaws,
                         ::testing::Combine(::testing::Values(Covariance::full, Covariance::tied, Covariance::diagonal,
                                                              Covariance::spherical),
                                            ::testing::Bool(), ::testing::Bool(), ::testing::Bool(), ::testing::Bool()),
                         name_of);

std::vector<Case> further() {
  std::vector<Case> cases;
  for (const auto covariance : all_covariances(columns)) {
    const auto classic = classic_covariances();
    if (std::find(classic.begin(), classic.end(), covariance) != classic.end()) continue;
    for (const bool holes : {false, true}) {
      for (const bool prior : {false, true}) cases.emplace_back(covariance, holes, holes, holes, prior);
    }
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Further, GaussianMixtureLaws, ::testing::ValuesIn(further()), name_of);

}  // namespace
}  // namespace jensen
