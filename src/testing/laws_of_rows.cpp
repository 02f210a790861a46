// Laws about single rows: densities, responsibilities, known states, missing cells, units.
#include <fmt/format.h>
#include <jensen/math/special.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "testing/law_list.h"

namespace jensen::law {

namespace {

constexpr double of_densities = 1e-10;

void compare_densities(Finding& finding, double a, double b, std::int64_t unit) {
  finding.compare(a, b, 1 + std::abs(b), fmt::format("log p of row (or sequence) {}", unit + 1));
}

StateSets single_states(int states) {
  const auto side = static_cast<std::size_t>(states);
  StateSets sets{states, std::vector<std::uint8_t>(side * side, 0)};
  for (std::size_t k = 0; k < side; ++k) sets.allowed[k * side + k] = 1;
  return sets;
}

// log p(x_i, k) over the states that the row may be in.
std::vector<double> allowed_joint(const Laboratory& lab, const Block& x, std::int64_t i) {
  std::vector<double> joint;
  for (int k = 0; k < lab.model.states(); ++k) {
    joint.push_back(x.allows(i, k) ? lab.subject.log_joint(x, i, k) : -std::numeric_limits<double>::infinity());
  }
  return joint;
}

}  // namespace

LawResult brute_force(const Laboratory& lab) {
  if (!lab.subject.log_density && !lab.subject.log_joint)
    throw NotApplicable{"the subject gives no log_density, no log_joint"};
  Finding finding(of_densities);
  if (lab.subject.log_density) {  // which knows nothing of labels
    const Rows unlabelled = lab.data.without_labels();
    const auto by_unit = lab.by_unit(lab.model, unlabelled);
    const Block x = unlabelled.all();
    for (std::int64_t u = 0; u < unlabelled.units(); ++u) {
      const double exact = lab.subject.log_density(x, unlabelled.first_row(u));
      compare_densities(finding, by_unit[static_cast<std::size_t>(u)], exact, u);
    }
  }
  if (lab.subject.log_joint) {
    lab.need_single_rows("log_joint speaks of one state a unit; give a log_density");
    lab.need(Capability::states);
    const auto by_unit = lab.by_unit(lab.model, lab.data);
    const Block x = lab.data.all();
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      compare_densities(finding, by_unit[static_cast<std::size_t>(i)], log_sum_exp(allowed_joint(lab, x, i)), i);
    }
  }
  return finding.result();
}

LawResult score(const Laboratory& lab) {
  lab.need(Capability::score);
  Finding finding(of_densities);
  const Rows unlabelled = lab.data.without_labels();  // score is log p(x), whatever is known of z
  const auto by_unit = lab.by_unit(lab.model, unlabelled);
  std::vector<double> scores(static_cast<std::size_t>(unlabelled.rows()));
  lab.model.score(unlabelled.all(), scores);
  for (std::int64_t u = 0; u < unlabelled.units(); ++u) {  // rows of a sequence are scored given those before them
    const auto first = scores.begin() + unlabelled.first_row(u);
    compare_densities(finding, std::accumulate(first, first + unlabelled.size(u), 0.0),
                      by_unit[static_cast<std::size_t>(u)], u);
  }
  return finding.result();
}

LawResult responsibilities(const Laboratory& lab) {
  lab.need(Capability::states);
  Finding finding(of_densities);
  const auto r = lab.responsibilities(lab.model, lab.data);
  const Block x = lab.data.all();
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    double total = 0;
    const auto joint = lab.subject.log_joint ? allowed_joint(lab, x, i) : std::vector<double>{};
    for (int k = 0; k < lab.model.states(); ++k) {
      const double p = r[static_cast<std::size_t>(i + k * x.rows())];
      finding.require(p >= 0 && (x.allows(i, k) || p == 0), fmt::format("p of row {}, state {} is {}", i + 1, k, p));
      total += p;
      if (joint.empty()) continue;
      const double expected = std::exp(joint[static_cast<std::size_t>(k)] - log_sum_exp(joint));
      finding.compare(p, expected, 1, fmt::format("p of row {}, state {}", i + 1, k));
    }
    finding.compare(total, 1, 1, fmt::format("sum of row {}", i + 1));
  }
  return finding.result();
}

LawResult missing_row(const Laboratory& lab) {
  if (!lab.subject.accepts_missing)
    throw NotApplicable{"the model is not said to take missing cells (accepts_missing)"};
  Finding finding(1e-12);
  std::vector<std::int64_t> extended;
  for (std::int64_t u = 0; u < lab.data.units(); ++u) extended.push_back(u);
  extended.push_back(0);
  Rows more = lab.data.without_labels().picked(extended);
  for (int j = 0; j < more.columns(); ++j) {
    for (std::int64_t i = lab.data.rows(); i < more.rows(); ++i)
      more.cell(i, j) = std::numeric_limits<double>::quiet_NaN();
  }
  const double without = lab.log_likelihood(lab.model, lab.data.without_labels());
  const Expected with = lab.expect(lab.model, more);
  lab.compare_objectives(finding, without, with.evidence.log_likelihood,
                         "log-likelihood without the row against with it");
  finding.compare(with.evidence.weight, more.total_weight(), lab.weight, "weight");
  if (lab.model.can(Capability::rules) && lab.model.can(Capability::expected_log_joint)) {
    const Bound bound = bound_of(lab.model, with);
    if (!std::isnan(bound.entropy)) lab.compare_objectives(finding, bound.log_likelihood, bound.value(), "ℓ against F");
  }
  return finding.result();
}

LawResult free_labels(const Laboratory& lab) {
  lab.need(Capability::states);
  const int states = lab.model.states();
  const Rows plain = lab.data.without_labels();
  const Rows allowed = plain.with_labels(std::vector<std::int32_t>(static_cast<std::size_t>(plain.rows()), 0),
                                         {states, std::vector<std::uint8_t>(static_cast<std::size_t>(states), 1)});
  const Rows unknown =
      plain.with_labels(std::vector<std::int32_t>(static_cast<std::size_t>(plain.rows()), -1), single_states(states));
  Finding finding(1e-12);
  const Expected reference = lab.expect(lab.model, plain);
  lab.compare_statistics(finding, reference, lab.expect(lab.model, allowed), plain, "every state allowed");
  lab.compare_statistics(finding, reference, lab.expect(lab.model, unknown), plain, "label −1");
  return finding.result();
}

LawResult fixed_labels(const Laboratory& lab) {
  lab.need(Capability::states);
  Finding finding(of_densities);
  const int states = lab.model.states();
  const Rows plain = lab.data.without_labels();
  const auto rows = static_cast<std::size_t>(plain.rows());
  const auto r = lab.responsibilities(lab.model, plain);
  std::vector<std::int32_t> best(rows, 0);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto of = [&](int state) { return r[i + static_cast<std::size_t>(state) * rows]; };
    for (int k = 0; k < states; ++k) best[i] = of(k) > of(best[i]) ? k : best[i];
  }
  if (!lab.model.sequential()) {  // a sequence has K^T sets of labels
    std::vector<std::vector<double>> joint(rows);
    for (int k = 0; k < states; ++k) {
      const auto labelled = plain.with_labels(std::vector<std::int32_t>(rows, k), single_states(states));
      const auto by_unit = lab.by_unit(lab.model, labelled);
      for (std::size_t i = 0; i < rows; ++i) joint[i].push_back(by_unit[i]);
    }
    const auto density = lab.by_unit(lab.model, plain);
    for (std::size_t i = 0; i < rows; ++i) {
      compare_densities(finding, log_sum_exp(joint[i]), density[i], static_cast<std::int64_t>(i));
    }
  }
  const Rows fixed = plain.with_labels(best, single_states(states));
  const Expected known = lab.expect(lab.model, fixed);
  if (lab.model.sequential() && std::isinf(known.evidence.log_likelihood)) {
    throw NotApplicable{"the most probable states of the rows are no possible path"};
  }
  finding.compare(known.evidence.state_entropy, 0, lab.weight, "state entropy of known states");
  const auto certain = lab.responsibilities(lab.model, fixed);
  for (std::size_t i = 0; i < rows; ++i) {
    for (int k = 0; k < states; ++k) {
      finding.compare(certain[i + static_cast<std::size_t>(k) * rows], k == best[i] ? 1 : 0, 1,
                      fmt::format("responsibility of row {} whose state is known", i + 1));
    }
  }
  return finding.result();
}

LawResult equivariance(const Laboratory& lab) {
  if (!lab.subject.make) throw NotApplicable{"the subject gives no make() for other data"};
  lab.need(Capability::states);
  lab.need(Capability::rules);
  Finding finding(1e-8);
  Rows changed = lab.data;
  double jacobian = 0;
  for (int j = 0; j < changed.columns(); ++j) {
    const int unit = lab.subject.scaling == Scaling::common ? 0 : j;
    const double scale = 3.5 / (1 + 2.25 * unit);
    const double shift = -40 + 17.0 * j;
    for (std::int64_t i = 0; i < changed.rows(); ++i) {
      jacobian += std::isnan(changed.cell(i, j)) ? 0 : lab.data.weight(i) * std::log(scale);
      changed.cell(i, j) = shift + scale * changed.cell(i, j);
    }
  }
  const auto run = [&](const Rows& rows) {
    const auto started = lab.stepped(*lab.subject.make(rows), rows, 2, lab.random_responsibilities());
    return lab.stepped(*started, rows, 5);
  };
  const auto left = run(lab.data);
  const auto right = run(changed);
  lab.compare_objectives(finding, lab.log_likelihood(*left, lab.data), lab.log_likelihood(*right, changed) + jacobian,
                         "log-likelihood in other units, with the Jacobian");
  finding.compare(left->log_prior(), right->log_prior(), 1 + std::abs(left->log_prior()), "log prior");
  const auto before = lab.responsibilities(*left, lab.data);
  const auto after = lab.responsibilities(*right, changed);
  for (std::size_t i = 0; i < before.size(); ++i) finding.compare(before[i], after[i], 1, "a responsibility");
  return finding.result();
}

}  // namespace jensen::law
