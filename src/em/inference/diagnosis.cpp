#include <jensen/em/inference/diagnosis.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "em/inference/delta_method.h"
#include "em/inference/setting.h"

namespace jensen {

namespace {

using Index = Eigen::Index;

constexpr double default_tolerance = 1e-8;
constexpr double ill_conditioned = 1e6;
constexpr double nearly_all = 0.99;
constexpr double far_from_top = 1e-2;  // of log-likelihood: a seventh of a standard error

// Observed and complete information in the directions that the data speak about and that move no parameter along the
// edge of its range, where neither likelihood nor EM map is smooth in them. Such a direction need not be a coordinate:
// log-ratios to a probability that is nearly 0 all move together without moving anything.
struct Heard {
  Eigen::MatrixXd basis;  // in u, a column a direction
  Eigen::MatrixXd left;   // its left inverse
  Eigen::MatrixXd complete, observed;

  Heard(const Information& information, const std::vector<bool>& at_the_edge) {
    const Eigen::MatrixXd all = unpacked(information.complete, information.size());
    std::vector<Index> coordinates;
    for (Index j = 0; j < all.rows(); ++j) {
      const auto at = static_cast<std::size_t>(j);
      if (!information.silent[at] && !at_the_edge[at] && all(j, j) > 0) coordinates.push_back(j);
    }
    const auto size = static_cast<Index>(coordinates.size());
    const Eigen::VectorXd scale = all.diagonal()(coordinates).array().rsqrt().matrix();
    Eigen::MatrixXd kept = Eigen::MatrixXd::Identity(size, size);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(scale.asDiagonal() * all(coordinates, coordinates) *
                                                                scale.asDiagonal());
    const Index lost = (solver.eigenvalues().array() < 1e-7).count();
    if (lost > 0) kept = solver.eigenvectors().rightCols(size - lost).eval();
    basis = Eigen::MatrixXd::Zero(all.rows(), kept.cols());
    left = Eigen::MatrixXd::Zero(kept.cols(), all.rows());
    basis(coordinates, Eigen::all) = scale.asDiagonal() * kept;
    left(Eigen::all, coordinates) = kept.transpose() * scale.cwiseInverse().asDiagonal();
    complete = basis.transpose() * all * basis;
    observed = basis.transpose() * unpacked(information.observed(), information.size()) * basis;
  }
};

// The largest movers of a direction in u, in standard errors of the parameters.
Direction direction_of(const Eigen::VectorXd& u, const DeltaMethod& delta, const std::vector<ParameterDiagnosis>& all) {
  constexpr std::size_t most = 5;
  const Eigen::VectorXd moved = delta.jacobian() * u;
  std::vector<Direction::Mover> movers;
  for (Index i = 0; i < moved.size(); ++i) {
    const auto& p = all[static_cast<std::size_t>(i)];
    // Without a standard error it is this very direction that is lost: the plain movement tells.
    const double unit = p.standard_error ? *p.standard_error : std::max(1.0, std::abs(p.estimate)) * 1e-3;
    if (std::isfinite(moved(i)) && moved(i) != 0) movers.push_back({p.name, moved(i) / unit});
  }
  std::stable_sort(movers.begin(), movers.end(),
                   [](const auto& a, const auto& b) { return std::abs(a.by) > std::abs(b.by); });
  Direction direction;
  if (movers.empty()) return direction;
  const double largest = movers.front().by;
  for (auto& mover : movers) {
    mover.by /= largest;
    if (std::abs(mover.by) >= 0.3 && direction.movers.size() < most) direction.movers.push_back(mover);
  }
  return direction;
}

void look_at_missing(Diagnosis& d, const Heard& heard, const DeltaMethod& delta) {
  const Eigen::LLT<Eigen::MatrixXd> factor(heard.complete);
  if (heard.basis.cols() == 0 || factor.info() != Eigen::Success) {
    d.missing_fraction = Available::not_available("the complete-data information is not positive definite");
    return;
  }
  const Eigen::GeneralizedSelfAdjointEigenSolver<Eigen::MatrixXd> solver(heard.complete - heard.observed,
                                                                         heard.complete);
  const Index last = solver.eigenvalues().size() - 1;
  d.missing_fraction = Available::number(solver.eigenvalues()(last));
  d.slowest = direction_of(heard.basis * solver.eigenvectors().col(last), delta, d.parameters);
}

void look_at_condition(Diagnosis& d, const Heard& heard, const DeltaMethod& delta) {
  if (heard.basis.cols() == 0 || !(heard.observed.diagonal().minCoeff() > 0)) {
    d.condition = Available::not_available("the observed information has a diagonal entry that is not positive");
    return;
  }
  const Eigen::VectorXd scale = heard.observed.diagonal().array().rsqrt().matrix();
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(scale.asDiagonal() * heard.observed * scale.asDiagonal());
  const Eigen::VectorXd& spectrum = solver.eigenvalues();
  const Eigen::VectorXd weakest = scale.asDiagonal() * solver.eigenvectors().col(0);
  d.weakest = direction_of(heard.basis * weakest, delta, d.parameters);
  const double largest = spectrum(spectrum.size() - 1);
  if (!(spectrum(0) > 1e-12 * largest)) {
    d.condition = Available::not_available("the observed information is singular, or has a negative eigenvalue");
    return;
  }
  d.condition = Available::number(largest / spectrum(0));
}

Available rate_of_the_map(const Setting& setting, const Heard& heard) {
  try {
    const Eigen::MatrixXd whole = rate_matrix(setting);
    if (!whole.allFinite()) return Available::not_available("an M-step from nearby is not finite");
    const Eigen::MatrixXd rate = heard.left * whole.transpose() * heard.basis;
    return Available::number(rate.size() == 0 ? 0.0 : rate.eigenvalues().cwiseAbs().maxCoeff());
  } catch (const Error& error) {
    return Available::not_available(error.what());
  }
}

std::vector<LooserStop> looser_stops(double rate, double weight, double rescale) {
  std::vector<LooserStop> stops;
  for (double tolerance : {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3}) {
    LooserStop stop;
    stop.tolerance = tolerance;
    stop.left = tolerance * weight;
    stop.standard_errors = std::sqrt(2 * stop.left * rescale);
    // What is left shrinks by rate² in each iteration.
    if (rate > 0 && rate < 1) {
      stop.iterations_saved =
          static_cast<int>(std::ceil(std::log(tolerance / default_tolerance) / (-2 * std::log(rate))));
    }
    stops.push_back(stop);
  }
  return stops;
}

// The coordinate that moves a parameter most, where that parameter lies at the edge of its range: its own log-ratio,
// its own logarithm.
std::vector<bool> coordinates_at_the_edge(const Eigen::MatrixXd& jacobian, const std::vector<bool>& parameters) {
  std::vector<bool> found(static_cast<std::size_t>(jacobian.cols()));
  for (Index i = 0; i < jacobian.rows(); ++i) {
    if (!parameters[static_cast<std::size_t>(i)] || jacobian.row(i).isZero(0)) continue;
    Index own = 0;
    jacobian.row(i).cwiseAbs().maxCoeff(&own);
    found[static_cast<std::size_t>(own)] = true;
  }
  return found;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string names_of(const Direction& direction) {
  std::vector<std::string> names;
  for (const auto& mover : direction.movers) names.push_back(mover.name);
  return joined(names);
}

// Parameters without a standard error, those of one reason together.
void add_reasons(const Diagnosis& d, std::vector<std::string>& findings) {
  std::vector<std::pair<std::string, std::vector<std::string>>> by_reason;
  for (const auto& p : d.parameters) {
    const std::string& reason = p.standard_error.why_not;
    if (p.standard_error || reason.find("fixed") != std::string::npos) continue;
    const auto known = std::ranges::find(by_reason, reason, [](const auto& pair) { return pair.first; });
    if (known == by_reason.end()) {
      by_reason.push_back({reason, {p.name}});
    } else {
      known->second.push_back(p.name);
    }
  }
  for (const auto& [reason, names] : by_reason) {
    findings.push_back(names.size() == 1 ? fmt::format("{} has no standard error: {}", names.front(), reason)
                                         : fmt::format("no standard error for {}: {}", joined(names), reason));
  }
}

std::vector<std::string> findings_of(const Diagnosis& d) {
  std::vector<std::string> findings;
  if (!(std::abs(d.bound_gap) <= 1e-9 * (1 + std::abs(d.bound.log_likelihood) / d.weight))) {
    if (!std::isnan(d.bound_gap)) {
      findings.push_back(
          fmt::format("the bound does not touch the log-likelihood (gap {:.3g} per observation): the "
                      "model's Q or entropy is wrong",
                      d.bound_gap));
    }
  }
  if (d.gain_left > far_from_top) {
    findings.push_back(
        fmt::format("the fit has not ended: a Newton step promises {:.3g} of log-likelihood more", d.gain_left));
  }
  if (d.missing_fraction && *d.missing_fraction > nearly_all) {
    findings.push_back(fmt::format("nearly all information is missing in a direction that moves {}: EM is slow there",
                                   names_of(d.slowest)));
  }
  if (!d.condition) {
    findings.push_back(
        fmt::format("the data do not identify the model: {} ({})", d.condition.why_not, names_of(d.weakest)));
  } else if (*d.condition > ill_conditioned) {
    findings.push_back(fmt::format("weakly identified: {} move together almost freely", names_of(d.weakest)));
  }
  if (d.rate && d.missing_fraction && std::abs(*d.rate - *d.missing_fraction) > 1e-3) {
    findings.push_back(
        fmt::format("the M-step does not reach the maximum of Q: EM's rate is {:.4f}, the missing "
                    "information would make it {:.4f}",
                    *d.rate, *d.missing_fraction));
  }
  add_reasons(d, findings);
  return findings;
}

}  // namespace

Diagnosis diagnose(const Model& theta, const Data& data, int threads) {
  theta.require(Capability::parameters, "diagnose");
  Workers workers(threads);
  const Setting setting(theta, data, workers, "diagnose");
  const Information information = oakes_information(setting);
  const DeltaMethod delta(setting.around, information);
  const auto size = static_cast<Index>(information.size());

  Diagnosis d;
  d.observations = information.observations;
  d.weight = information.weight;
  d.coordinates = static_cast<int>(size);
  d.evaluations = information.evaluations + static_cast<int>(Neighbourhood::stations * information.size());
  d.bound = bound_of(theta, setting.at);
  d.bound_gap = d.bound.gap() / d.weight;
  d.gain_left = delta.gain_left();

  const Eigen::MatrixXd observed = delta.covariance();
  const Eigen::MatrixXd complete = delta.complete_covariance();
  std::vector<bool> at_the_edge;
  for (const auto& p : named_parameters(theta)) {
    const auto i = static_cast<Index>(d.parameters.size());
    const std::string reason = delta.reason(d.parameters.size(), observed(i, i));
    at_the_edge.push_back(delta.at_the_edge(d.parameters.size(), observed(i, i)));
    const auto available = [&](double value) {
      return reason.empty() ? Available::number(value) : Available::not_available(reason);
    };
    d.parameters.push_back(
        {p.name, p.estimate, available(std::sqrt(observed(i, i))), available(1 - complete(i, i) / observed(i, i))});
  }
  const Heard heard(information, coordinates_at_the_edge(delta.jacobian(), at_the_edge));
  look_at_missing(d, heard, delta);
  look_at_condition(d, heard, delta);
  d.rate = rate_of_the_map(setting, heard);
  d.looser = looser_stops(d.rate ? *d.rate : 0, d.weight, d.observations / d.weight);
  d.findings = findings_of(d);
  return d;
}

std::vector<EarlierStop> earlier_stops(const Report& report) {
  std::vector<EarlierStop> stops;
  if (report.trace.empty()) return stops;
  const Step& last = report.trace.back();
  const double end = last.reading.objective() + (std::isfinite(last.remaining) ? std::max(last.remaining, 0.0) : 0.0);
  for (double tolerance : {1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2}) {
    const double enough = tolerance * report.total_weight;
    const auto stop = std::find_if(report.trace.begin(), report.trace.end(), [&](const Step& step) {
      const auto small = [&](const Step& s) { return s.remaining <= enough && s.gain <= enough; };
      return &step != report.trace.data() && small(step) && small(*(&step - 1));  // twice in a row, as the fit judges
    });
    if (stop == report.trace.end() || stop->iteration >= last.iteration) continue;
    stops.push_back({tolerance, stop->iteration, stop->remaining, end - stop->reading.objective()});
  }
  return stops;
}

}  // namespace jensen
