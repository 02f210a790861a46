// Laws about θ as numbers, copies and samples.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "testing/law_list.h"

namespace jensen::law {

namespace {

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

// The data's complete rows over and over (zeros if there are none), for columns that a model takes as given.
std::vector<double> given_columns(const Rows& data, std::int64_t rows) {
  std::vector<double> x(static_cast<std::size_t>(rows * data.columns()), 0.0);
  std::vector<std::int64_t> complete;
  for (std::int64_t i = 0; i < data.rows(); ++i) {
    bool whole = true;
    for (int j = 0; j < data.columns(); ++j) whole = whole && !std::isnan(data.cell(i, j));
    if (whole) complete.push_back(i);
  }
  for (std::int64_t i = 0; i < rows && !complete.empty(); ++i) {
    const std::int64_t from = complete[static_cast<std::size_t>(i) % complete.size()];
    for (int j = 0; j < data.columns(); ++j) x[static_cast<std::size_t>(i + j * rows)] = data.cell(from, j);
  }
  return x;
}

struct Sample {
  Sample(const Model& model, const Rows& data, std::uint64_t seed, std::int64_t rows)
      : x(given_columns(data, rows)), z(static_cast<std::size_t>(rows)), panel{x.data(), rows, data.columns(), rows} {
    model.sample(seed, 0, panel, z);
  }
  std::vector<double> x;
  std::vector<std::int32_t> z;
  Panel panel;
};

}  // namespace

LawResult parameters(const Laboratory& lab) {
  lab.need(Capability::parameters);
  Finding finding(0);
  const auto there = lab.stepped(lab.model, lab.data, 1);
  const auto values = there->parameters();
  const auto names = lab.model.parameter_names();
  finding.require(names.size() == values.size(), fmt::format("{} names for {} numbers", names.size(), values.size()));
  finding.require(std::set<std::string>(names.begin(), names.end()).size() == names.size(), "a name comes twice");
  const auto copy = lab.model.clone();
  copy->set_parameters(values);
  const auto again = copy->parameters();
  finding.require(std::equal(again.begin(), again.end(), values.begin(), values.end(), same_bits),
                  "a parameter changed its bits");
  const double before = lab.log_likelihood(*there, lab.data);
  const double after = lab.log_likelihood(*copy, lab.data);
  finding.require(same_bits(before, after), fmt::format("log-likelihood {:.17g} became {:.17g}", before, after));
  return finding.result();
}

LawResult unconstrained(const Laboratory& lab) {
  lab.need(Capability::unconstrained);
  Finding finding(1e-11);
  const auto there = lab.stepped(lab.model, lab.data, 1);
  const auto u = there->unconstrained();
  finding.require(static_cast<int>(u.size()) == there->free_parameters(),
                  fmt::format("{} coordinates for {} free parameters", u.size(), there->free_parameters()));
  const auto copy = lab.model.clone();
  copy->set_unconstrained(u);
  lab.compare_models(finding, *there, *copy, "there and back");
  const auto again = copy->unconstrained();
  finding.require(again.size() == u.size(), "another number of coordinates");
  for (std::size_t j = 0; j < std::min(u.size(), again.size()); ++j) {
    finding.compare(again[j], u[j], std::max(1.0, std::abs(u[j])), fmt::format("coordinate {}", j));
  }
  return finding.result();
}

LawResult clone(const Laboratory& lab) {
  Finding finding(0);
  const auto original = lab.model.clone();
  const double before = lab.log_likelihood(*original, lab.data);
  const auto copy = original->clone();
  finding.require(same_bits(before, lab.log_likelihood(*copy, lab.data)), "a copy has another likelihood");
  copy->maximize(lab.expect(*copy, lab.data).statistics);
  lab.expect(*copy, lab.data);
  finding.require(same_bits(before, lab.log_likelihood(*original, lab.data)), "an M-step on a copy moved the original");
  return finding.result();
}

LawResult sample(const Laboratory& lab) {
  lab.need(Capability::sample);
  Finding finding(0);
  const int columns = lab.data.columns();
  constexpr std::int64_t rows = 100;
  constexpr std::int64_t cut = 37;
  const Sample whole(lab.model, lab.data, lab.subject.seed, rows);
  const Sample other(lab.model, lab.data, lab.subject.seed + 1, rows);
  finding.require(whole.x != other.x, "another seed gives the same sample");
  std::vector<double> x = given_columns(lab.data, rows);
  std::vector<std::int32_t> z(whole.z.size());
  lab.model.sample(lab.subject.seed, cut, {x.data() + cut, rows - cut, columns, rows}, std::span(z).subspan(cut));
  lab.model.sample(lab.subject.seed, 0, {x.data(), cut, columns, rows}, std::span(z).first(cut));
  finding.require(std::equal(x.begin(), x.end(), whole.x.begin(), same_bits), "rows depend on how the sample is cut");
  finding.require(z == whole.z, "states depend on how the sample is cut");
  if (lab.model.can(Capability::states)) {
    const bool inside = std::all_of(z.begin(), z.end(), [&](int k) { return k >= 0 && k < lab.model.states(); });
    finding.require(inside, "a sampled state does not exist");
  }
  return finding.result();
}

LawResult sample_distribution(const Laboratory& lab) {
  lab.need(Capability::sample);
  lab.need(Capability::score);
  lab.need(Capability::unconstrained);
  Finding finding(6);  // standard errors: chance exceeds it once in 5e8 coordinates
  constexpr std::int64_t rows = 4000;
  const Sample drawn(lab.model, lab.data, lab.subject.seed, rows);
  Block block;
  block.x = drawn.panel;
  std::vector<double> values(static_cast<std::size_t>(rows));
  const auto densities = [&](const Model& theta) {
    theta.score(block, values);
    return values;
  };
  const Coordinates coordinates(lab.model, static_cast<double>(rows), [&](const Model& theta) {
    double total = 0;
    for (double v : densities(theta)) total += v;
    return total;
  });
  for (std::size_t probe = 0; probe < coordinates.probed().size(); ++probe) {
    std::vector<double> up, down;
    const double step = 1e-3 * coordinates.unit(probe);
    coordinates.at(probe, step, [&](const Model& theta) { return up = densities(theta), 0.0; });
    coordinates.at(probe, -step, [&](const Model& theta) { return down = densities(theta), 0.0; });
    if (up.empty() || down.empty()) continue;
    double sum = 0;
    double squares = 0;
    for (std::size_t i = 0; i < up.size(); ++i) {
      sum += up[i] - down[i];
      squares += (up[i] - down[i]) * (up[i] - down[i]);
    }
    if (squares == 0) continue;
    finding.note(std::abs(sum) / std::sqrt(squares),
                 fmt::format("mean of ∂ log p along coordinate {}, in standard errors", coordinates.probed()[probe]));
  }
  return finding.result();
}

}  // namespace jensen::law
