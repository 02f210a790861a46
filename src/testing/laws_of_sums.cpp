// Laws about statistics and evidence as sums over weighted rows.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "testing/law_list.h"

namespace jensen::law {

namespace {

constexpr double of_sums = 1e-11;  // two orders of summation
constexpr double of_steps = 1e-8;  // after EM steps, which amplify rounding

// Statistics, evidence and the models some EM steps on, from two forms of the same data.
LawResult same_data(const Laboratory& lab, const Rows& one, const Rows& other) {
  Finding finding(of_sums);
  lab.compare_statistics(finding, lab.expect(lab.model, one), lab.expect(lab.model, other), one, "at the start");
  LawResult result = finding.result();
  Finding later(of_steps);
  try {
    const auto left = lab.stepped(lab.model, one, 3);
    const auto right = lab.stepped(lab.model, other, 3);
    lab.compare_models(later, *left, *right, "after three EM steps");
  } catch (const NotApplicable&) {
    return result;  // where a component collapses, rounding decides what comes next
  }
  const LawResult after = later.result();
  return result.outcome == LawOutcome::held && after.outcome == LawOutcome::broken ? after : result;
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
    return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
  });
}

std::vector<std::int64_t> every_unit(const Rows& rows) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(rows.units()));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  return all;
}

}  // namespace

LawResult weights(const Laboratory& lab) {
  std::vector<std::int64_t> repeated;
  std::vector<double> multiplied;
  for (std::int64_t u = 0; u < lab.data.units(); ++u) {
    const std::int64_t times = 1 + u % 3;
    repeated.insert(repeated.end(), static_cast<std::size_t>(times), u);
    multiplied.push_back(lab.data.weight(lab.data.first_row(u)) * static_cast<double>(times));
  }
  return same_data(lab, lab.data.with_unit_weights(multiplied), lab.data.picked(repeated));
}

LawResult zero_weight(const Laboratory& lab) {
  if (lab.data.units() < 4) throw NotApplicable{"the data have fewer than four rows, or sequences"};
  std::vector<std::int64_t> kept;
  std::vector<double> some;
  for (std::int64_t u = 0; u < lab.data.units(); ++u) {
    const bool keep = u % 4 != 1;
    if (keep) kept.push_back(u);
    some.push_back(keep ? lab.data.weight(lab.data.first_row(u)) : 0);
  }
  return same_data(lab, lab.data.with_unit_weights(some), lab.data.picked(kept));
}

LawResult order(const Laboratory& lab) {
  auto reversed = every_unit(lab.data);
  std::reverse(reversed.begin(), reversed.end());
  std::rotate(reversed.begin(), reversed.begin() + lab.data.units() / 3, reversed.end());
  return same_data(lab, lab.data, lab.data.picked(reversed));
}

LawResult blocks(const Laboratory& lab) {
  Finding finding(of_sums);
  const auto in_pieces = [&](std::int64_t size, bool on_top) {
    Expected total{lab.model.no_statistics(), {}};
    const auto scratch = lab.model.scratch();
    for (std::int64_t first = 0; first < lab.data.units(); first += size) {
      const Block block = lab.data.units_from(first, size);
      Expected piece{lab.model.no_statistics(), {}};
      Expected& target = on_top ? total : piece;
      target.evidence += lab.model.expect(block, Posterior{}, target.statistics, *scratch);
      if (!on_top) total += piece;
    }
    return total;
  };
  const Expected whole = in_pieces(lab.data.units(), true);
  for (const std::int64_t size : {1, 7, 64}) {
    const std::string where = fmt::format("blocks of {} units", size);
    lab.compare_statistics(finding, whole, in_pieces(size, true), lab.data, where + ", one after the other");
    lab.compare_statistics(finding, whole, in_pieces(size, false), lab.data, where + ", added");
  }
  return finding.result();
}

LawResult scale(const Laboratory& lab) {
  Finding finding(of_sums);
  const Expected expected = lab.expect(lab.model, lab.data);
  const auto next = lab.model.clone();
  lab.maximize(*next, expected.statistics);
  if (lab.model.log_prior() != 0 || next->log_prior() != 0) {
    throw NotApplicable{"the model has a prior, which does not scale with the statistics"};
  }
  for (const double factor : {0.125, 3.7}) {
    Statistics scaled = expected.statistics;
    scaled *= factor;
    const auto other = lab.model.clone();
    other->maximize(scaled);
    lab.compare_models(finding, *next, *other, fmt::format("M-step of statistics × {}", factor));
  }
  return finding.result();
}

LawResult move(const Laboratory& lab) {
  lab.need(Capability::move);
  Finding finding(of_sums);
  const Expected expected = lab.expect(lab.model, lab.data);
  const auto next = lab.model.clone();
  lab.maximize(*next, expected.statistics);
  const Statistics moved = next->move(expected.statistics);
  finding.require(moved.about == next->no_statistics().about, "moved statistics are not about the model's own points");
  const Statistics back = lab.model.move(moved);
  const auto magnitude = lab.magnitudes(lab.model, lab.data);
  for (std::size_t j = 0; j < back.sum.size(); ++j) {
    finding.compare(back.sum[j], expected.statistics.sum[j], magnitude[j],
                    fmt::format("statistic {} there and back", j));
  }
  if (lab.model.can(Capability::expected_log_joint)) {
    for (const Model* theta : {&lab.model, static_cast<const Model*>(next.get())}) {
      lab.compare_objectives(finding, theta->expected_log_joint(expected.statistics), theta->expected_log_joint(moved),
                             "Q of moved statistics");
    }
  }
  auto from_moved = lab.model.clone();
  from_moved->maximize(moved);
  Finding later(of_steps);
  lab.compare_models(later, *next, *from_moved, "M-step of moved statistics");
  return finding.result().outcome == LawOutcome::held && later.result().outcome == LawOutcome::broken
           ? later.result()
           : finding.result();
}

LawResult threads(const Laboratory& lab) {
  // Enough rows for chunks of several blocks each.
  constexpr std::int64_t enough = 64 * 512 + 1700;
  std::vector<std::int64_t> tiled;
  std::int64_t rows = 0;
  for (std::int64_t i = 0; rows < enough; ++i) {
    tiled.push_back(i * 7919 % lab.data.units());
    rows += lab.data.size(tiled.back());
  }
  const Rows many = lab.data.picked(tiled);
  Workers alone(1);
  const Expected reference = EStep(many, alone)(lab.model);
  Finding finding(0);
  for (const int count : {2, 3, 7}) {
    Workers workers(count);
    const Expected expected = EStep(many, workers)(lab.model);
    const auto bits = [](const Expected& e) {
      return std::vector<double>{e.evidence.log_likelihood, e.evidence.entropy, e.evidence.state_entropy,
                                 e.evidence.weight};
    };
    finding.require(same_bits(reference.statistics.sum, expected.statistics.sum),
                    fmt::format("{} threads give other statistics than one", count));
    finding.require(same_bits(bits(reference), bits(expected)), fmt::format("{} threads give other evidence", count));
  }
  return finding.result();
}

}  // namespace jensen::law
