// Laws about F(q, θ) = E_q[log p(x, z; θ)] + H(q).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "testing/law_list.h"

namespace jensen::law {

namespace {

struct NamedRule {
  std::string name;
  Rule rule;
};

std::vector<NamedRule> rules_to_try(const Laboratory& lab) {
  std::vector<NamedRule> tried{{"temperature 0.5", Posterior{0.5}},
                               {"temperature 2", Posterior{2}},
                               {"mode", Mode{}},
                               {"one draw", Draws{1, lab.subject.seed, 0, 0}},
                               {"five draws", Draws{5, lab.subject.seed, 0, 1}}};
  if (lab.model.can(Capability::states)) tried.push_back({"random responsibilities", lab.random_responsibilities()});
  return tried;
}

std::vector<std::unique_ptr<Model>> other_parameters(const Laboratory& lab, const Expected& expected) {
  std::vector<std::unique_ptr<Model>> others;
  others.push_back(lab.model.clone());
  lab.maximize(*others.back(), expected.statistics);
  if (!lab.model.can(Capability::unconstrained)) return others;
  const Coordinates coordinates(lab.model, lab.weight,
                                [&](const Model& theta) { return theta.expected_log_joint(expected.statistics); });
  for (std::uint64_t k = 0; k < 12; ++k) {
    const double size = std::pow(10, -static_cast<double>(k % 4)) / 2;
    if (auto moved = coordinates.perturbed(lab.subject.seed + k, size)) others.push_back(std::move(moved));
  }
  return others;
}

}  // namespace

LawResult tight_bound(const Laboratory& lab) {
  lab.need_bound();
  Finding finding(1e-11);
  const auto compare = [&](const Model& theta, const std::string& where) {
    const Bound bound = bound_of(theta, lab.expect(theta, lab.data));
    lab.compare_objectives(finding, bound.log_likelihood, bound.value(), "ℓ against F " + where);
  };
  compare(lab.model, "at the model's parameters");
  compare(*lab.stepped(lab.model, lab.data, 1), "one EM step on");
  return finding.result();
}

LawResult bound_below(const Laboratory& lab) {
  lab.need_bound();
  lab.need(Capability::global_bound);
  Finding finding(1e-11);
  const Expected expected = lab.expect(lab.model, lab.data);
  for (const auto& theta : other_parameters(lab, expected)) {
    const double bound = bound_of(*theta, expected).value();
    const double reached = lab.log_likelihood(*theta, lab.data);
    if (!std::isfinite(reached)) continue;
    finding.note((bound - reached) / (std::abs(reached) + lab.weight),
                 fmt::format("F(q_θ, θ') = {:.17g}, ℓ(θ') = {:.17g}", bound, reached));
  }
  return finding.result();
}

LawResult rules(const Laboratory& lab) {
  lab.need_bound();
  Finding finding(1e-11);
  const double reached = lab.log_likelihood(lab.model, lab.data);
  for (const auto& [name, rule] : rules_to_try(lab)) {
    const Expected expected = lab.expect(lab.model, lab.data, rule);
    lab.compare_objectives(finding, reached, expected.evidence.log_likelihood, name + ": log-likelihood");
    const double bound = bound_of(lab.model, expected).value();
    finding.require(std::isfinite(bound) || bound < 0, name + ": F is not a number");  // −∞: q where p is 0
    finding.note((bound - reached) / (std::abs(reached) + lab.weight), name + ": F(q, θ) exceeds ℓ(θ)");
  }
  return finding.result();
}

LawResult entropy_of_rules(const Laboratory& lab) {
  lab.need_single_rows("the entropy of a path is not that of its rows");
  lab.need(Capability::states);
  lab.need(Capability::rules);
  Finding finding(1e-10);
  const auto r = lab.responsibilities(lab.model, lab.data);
  const auto rows = lab.data.rows();
  const int states = lab.model.states();
  // Σ w_i H of what `share` makes of the responsibilities of row i
  const auto entropy_of = [&](const std::function<void(std::vector<double>&)>& change) {
    double total = 0;
    std::vector<double> q(static_cast<std::size_t>(states));
    for (std::int64_t i = 0; i < rows; ++i) {
      for (int k = 0; k < states; ++k) q[static_cast<std::size_t>(k)] = r[static_cast<std::size_t>(i + k * rows)];
      change(q);
      double mass = 0;
      for (double share : q) mass += share;
      for (double share : q) total -= share > 0 ? lab.data.weight(i) * share / mass * std::log(share / mass) : 0;
    }
    return total;
  };
  const auto measured = [&](const Rule& rule) { return lab.expect(lab.model, lab.data, rule).evidence.state_entropy; };
  const auto tempered = [](double temperature) {
    return [temperature](std::vector<double>& q) {
      for (double& share : q) share = share > 0 ? std::pow(share, 1 / temperature) : 0;
    };
  };
  const auto compare = [&](double a, double b, const std::string& name) { finding.compare(a, b, lab.weight, name); };
  compare(measured(Posterior{}), entropy_of([](std::vector<double>&) {}), "posterior");
  compare(measured(Posterior{0.5}), entropy_of(tempered(0.5)), "temperature 0.5");
  compare(measured(Posterior{2}), entropy_of(tempered(2)), "temperature 2");
  compare(measured(Mode{}), 0, "mode");
  compare(measured(Draws{1, lab.subject.seed, 0, 0}), 0, "one draw");
  const double drawn = measured(Draws{5, lab.subject.seed, 0, 1});
  finding.require(drawn >= 0 && drawn <= lab.weight * std::log(5.0) * (1 + 1e-12),
                  fmt::format("the entropy of five draws is {}", drawn));
  finding.require(drawn == measured(Draws{5, lab.subject.seed, 0, 1}), "the same draws give another entropy");
  compare(
      measured(lab.random_responsibilities()),
      [&] {
        std::vector<double> q(r.size());
        const Block x = lab.data.all();
        lab.random_responsibilities().responsibilities(x, {q.data(), rows, states, rows});
        double total = 0;
        for (std::int64_t i = 0; i < rows; ++i) {
          double mass = 0;
          for (int k = 0; k < states; ++k) mass += x.allows(i, k) ? q[static_cast<std::size_t>(i + k * rows)] : 0;
          for (int k = 0; k < states; ++k) {
            const double share = q[static_cast<std::size_t>(i + k * rows)] / mass;
            if (x.allows(i, k)) total -= lab.data.weight(i) * share * std::log(share);
          }
        }
        return total;
      }(),
      "random responsibilities");
  return finding.result();
}

LawResult gradient(const Laboratory& lab) {
  lab.need(Capability::expected_log_joint);
  lab.need(Capability::unconstrained);
  Finding finding(1e-7);
  const Expected expected = lab.expect(lab.model, lab.data);
  const Surface q = [&](const Model& theta) { return theta.expected_log_joint(expected.statistics); };
  const Surface l = [&](const Model& theta) { return lab.log_likelihood(theta, lab.data); };
  const Coordinates coordinates(lab.model, lab.weight, q);
  const double scale = lab.weight + std::abs(expected.evidence.log_likelihood);
  for (std::size_t probe = 0; probe < coordinates.probed().size(); ++probe) {
    finding.compare(coordinates.slope(probe, q), coordinates.slope(probe, l), scale,
                    fmt::format("slope of Q against that of ℓ along coordinate {}", coordinates.probed()[probe]));
  }
  return finding.result();
}

}  // namespace jensen::law
