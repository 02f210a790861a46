#include "testing/laboratory.h"

#include <jensen/error.h>
#include <jensen/math/random.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace jensen {

void Finding::note(double discrepancy, const std::string& where) {
  if (std::isnan(discrepancy)) discrepancy = std::numeric_limits<double>::infinity();
  if (where_.empty() || discrepancy > worst_) {
    worst_ = std::max(discrepancy, 0.0);
    where_ = where;
  }
}

void Finding::compare(double a, double b, double scale, const std::string& where) {
  const bool same = a == b;  // equal infinities are no discrepancy, and 0 / 0 is none
  note(same ? 0 : std::abs(a - b) / scale, fmt::format("{}: {:.17g} against {:.17g}", where, a, b));
}

void Finding::require(bool condition, const std::string& otherwise) {
  if (!condition) note(std::numeric_limits<double>::infinity(), otherwise);
}

LawResult Finding::result() const {
  LawResult result;
  result.outcome = worst_ <= tolerance_ ? LawOutcome::held : LawOutcome::broken;
  result.discrepancy = worst_;
  result.tolerance = tolerance_;
  result.detail = where_;
  return result;
}

Laboratory::Laboratory(const LawSubject& tried)
    : subject(tried), model(*tried.model), data(*tried.data), weight(data.total_weight()) {}

void Laboratory::need(Capability capability) const {
  if (!model.can(capability)) throw NotApplicable{fmt::format("{} cannot {}", model.name(), describe(capability))};
}

void Laboratory::need_single_rows(const std::string& why) const {
  if (model.sequential()) throw NotApplicable{"units are sequences: " + why};
}

void Laboratory::need_bound() const {
  need(Capability::rules);
  need(Capability::expected_log_joint);
  if (std::isnan(expect(model, data).evidence.entropy)) {
    throw NotApplicable{fmt::format("{} does not measure the entropy of q (it is NaN)", model.name())};
  }
}

Expected Laboratory::expect(const Model& at, const Data& rows, const Rule& rule) const {
  return EStep(rows, workers_)(at, rule);
}

double Laboratory::log_likelihood(const Model& at, const Data& rows) const {
  return expect(at, rows).evidence.log_likelihood;
}

double Laboratory::objective(const Model& at, const Data& rows) const {
  return log_likelihood(at, rows) + at.log_prior();
}

std::unique_ptr<Model> Laboratory::stepped(const Model& from, const Data& rows, int steps, const Rule& rule) const {
  auto at = from.clone();
  for (int step = 0; step < steps; ++step) maximize(*at, expect(*at, rows, rule).statistics);
  return at;
}

void Laboratory::maximize(Model& at, const Statistics& statistics) const {
  at.maximize(statistics);
  for (const auto& degeneracy : at.degeneracies()) {
    if (!degeneracy.fatal) continue;
    throw NotApplicable{fmt::format("an M-step from these parameters has no maximum: component {}: {}",
                                    degeneracy.component, degeneracy.reason)};
  }
}

std::vector<double> Laboratory::by_unit(const Model& at, const Rows& rows) const {
  std::vector<double> values;
  const Rows unweighted = rows.with_weights({});
  const auto scratch = at.scratch();
  for (std::int64_t u = 0; u < rows.units(); ++u) {
    Statistics ignored = at.no_statistics();
    values.push_back(at.expect(unweighted.unit(u), Posterior{}, ignored, *scratch).log_likelihood);
  }
  return values;
}

std::vector<double> Laboratory::magnitudes(const Model& at, const Rows& rows) const {
  std::vector<double> total(at.no_statistics().sum.size());
  const auto scratch = at.scratch();
  for (std::int64_t u = 0; u < rows.units(); ++u) {
    Statistics one = at.no_statistics();
    at.expect(rows.unit(u), Posterior{}, one, *scratch);
    for (std::size_t j = 0; j < total.size(); ++j) total[j] += std::abs(one.sum[j]);
  }
  return total;
}

Given Laboratory::random_responsibilities(std::uint64_t salt) const {
  return {[seed = subject.seed, salt](const Block& x, Panel q) {
    for (std::int64_t i = 0; i < q.rows; ++i) {
      Stream stream(seed, Purpose::test, salt, 0, static_cast<std::uint64_t>(x.first_row + i));
      double total = 0;
      for (int k = 0; k < q.columns; ++k) total += q(i, k) = stream.exponential();
      for (int k = 0; k < q.columns; ++k) q(i, k) /= total;
    }
  }};
}

std::vector<double> Laboratory::responsibilities(const Model& at, const Rows& rows) const {
  std::vector<double> values(static_cast<std::size_t>(rows.rows()) * static_cast<std::size_t>(at.states()));
  at.responsibilities(rows.all(), {values.data(), rows.rows(), at.states(), rows.rows()});
  return values;
}

void Laboratory::compare_statistics(Finding& finding, const Expected& a, const Expected& b, const Rows& rows,
                                    const std::string& where) const {
  const auto scale = magnitudes(model, rows);
  finding.require(a.statistics.sum.size() == b.statistics.sum.size(), where + ": another number of statistics");
  finding.require(a.statistics.about == b.statistics.about, where + ": other reference points");
  for (std::size_t j = 0; j < std::min(a.statistics.sum.size(), b.statistics.sum.size()); ++j) {
    finding.compare(a.statistics.sum[j], b.statistics.sum[j], scale[j], fmt::format("{}: statistic {}", where, j));
  }
  compare_objectives(finding, a.evidence.log_likelihood, b.evidence.log_likelihood, where + ": log-likelihood");
  finding.compare(a.evidence.weight, b.evidence.weight, weight, where + ": weight");
  const bool measured = !std::isnan(a.evidence.entropy) || !std::isnan(b.evidence.entropy);
  if (measured) compare_objectives(finding, a.evidence.entropy, b.evidence.entropy, where + ": entropy");
}

void Laboratory::compare_models(Finding& finding, const Model& a, const Model& b, const std::string& where) const {
  compare_objectives(finding, objective(a, data), objective(b, data), where + ": objective");
  if (!a.can(Capability::parameters)) return;
  const auto left = a.parameters();
  const auto right = b.parameters();
  finding.require(left.size() == right.size(), where + ": another number of parameters");
  double scale = 0;
  for (double v : left) scale = std::max(scale, std::abs(v));
  for (std::size_t j = 0; j < std::min(left.size(), right.size()); ++j) {
    finding.compare(left[j], right[j], scale, fmt::format("{}: parameter {}", where, j));
  }
}

void Laboratory::compare_objectives(Finding& finding, double a, double b, const std::string& where) const {
  finding.compare(a, b, std::abs(a) + weight, where);
}

Coordinates::Coordinates(const Model& at, double weight, const Surface& curved)
    : model_(at.clone()), u_(at.unconstrained()) {
  constexpr std::size_t most = 40;
  const std::size_t stride = std::max<std::size_t>(1, (u_.size() + most - 1) / most);
  for (std::size_t j = 0; j < u_.size(); j += stride) probed_.push_back(j);
  const double here = curved(at);
  for (std::size_t probe = 0; probe < probed_.size(); ++probe) {
    const double natural = std::max(std::abs(u_[probed_[probe]]), 1.0);
    units_.push_back(natural);
    double step = 1e-3 * natural;
    for (int tries = 0; tries < 40; ++tries) {
      const double bend = std::abs(this->at(probe, step, curved) + this->at(probe, -step, curved) - 2 * here);
      if (bend >= 1e-5 * weight && bend <= 1e-3 * weight) {
        units_.back() = step * std::sqrt(weight / bend);
        break;
      }
      step *= bend < 1e-5 * weight ? 2.5 : 0.2;  // also where the model refuses (NaN): less
      if (step > 1e3 * natural) break;           // a coordinate that hardly matters keeps its natural unit
    }
  }
}

double Coordinates::at(std::size_t probe, double displacement, const Surface& f) const {
  std::vector<double> u = u_;
  u[probed_[probe]] += displacement;
  const auto moved = model_->clone();
  try {
    moved->set_unconstrained(u);
  } catch (const ArgumentError&) {  // beyond what numbers can hold
    return std::numeric_limits<double>::quiet_NaN();
  }
  return f(*moved);
}

double Coordinates::slope(std::size_t probe, const Surface& f) const {
  constexpr double step = 1e-2;
  const auto difference = [&](double h) {
    return (at(probe, h * unit(probe), f) - at(probe, -h * unit(probe), f)) / (2 * h);
  };
  return (4 * difference(step / 2) - difference(step)) / 3;
}

std::unique_ptr<Model> Coordinates::perturbed(std::uint64_t seed, double size) const {
  Stream stream(seed, Purpose::test, 1);
  std::vector<double> u = u_;
  for (std::size_t probe = 0; probe < probed_.size(); ++probe) {
    u[probed_[probe]] += size * units_[probe] * stream.normal();
  }
  auto moved = model_->clone();
  try {
    moved->set_unconstrained(u);
  } catch (const ArgumentError&) {
    return nullptr;
  }
  return moved;
}

}  // namespace jensen
