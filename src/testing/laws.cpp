#include <jensen/error.h>
#include <jensen/testing/laws.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ostream>

#include "testing/law_list.h"

namespace jensen {

namespace {

struct Law {
  const char* name;
  LawResult (*check)(const Laboratory&);
};

constexpr std::array laws{
    Law{"evidence", law::evidence},
    Law{"ascent", law::ascent},
    Law{"certificate", law::certificate},
    Law{"m_step_maximizes", law::m_step_maximizes},
    Law{"tight_bound", law::tight_bound},
    Law{"bound_below", law::bound_below},
    Law{"rules", law::rules},
    Law{"entropy_of_rules", law::entropy_of_rules},
    Law{"gradient", law::gradient},
    Law{"stationary", law::stationary},
    Law{"weights", law::weights},
    Law{"zero_weight", law::zero_weight},
    Law{"order", law::order},
    Law{"blocks", law::blocks},
    Law{"scale", law::scale},
    Law{"move", law::move},
    Law{"threads", law::threads},
    Law{"parameters", law::parameters},
    Law{"unconstrained", law::unconstrained},
    Law{"brute_force", law::brute_force},
    Law{"score", law::score},
    Law{"responsibilities", law::responsibilities},
    Law{"sample", law::sample},
    Law{"sample_distribution", law::sample_distribution},
    Law{"clone", law::clone},
    Law{"random_start", law::random_start},
    Law{"missing_row", law::missing_row},
    Law{"free_labels", law::free_labels},
    Law{"fixed_labels", law::fixed_labels},
    Law{"equivariance", law::equivariance},
};

LawResult check(const Law& law, const Laboratory& lab) {
  LawResult result;
  try {
    result = law.check(lab);
  } catch (const NotApplicable& reason) {
    result.detail = reason.lacking;
  } catch (const UnsupportedError& refusal) {
    result.detail = refusal.what();
  } catch (const std::exception& error) {
    result.outcome = LawOutcome::broken;
    result.detail = std::string("throws: ") + error.what();
  }
  result.law = law.name;
  return result;
}

void refuse_unknown(std::span<const std::string> names) {
  const auto known = law_names();
  for (const auto& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    throw ArgumentError("check_laws", "only", fmt::format("there is no law '{}'", name));
  }
}

}  // namespace

std::string to_string(LawOutcome outcome) {
  switch (outcome) {
    case LawOutcome::held: return "held";
    case LawOutcome::broken: return "BROKEN";
    case LawOutcome::not_applicable: return "n/a";
  }
  return "unknown";
}

bool LawReport::holds() const { return broken().empty(); }

std::vector<std::string> LawReport::broken() const {
  std::vector<std::string> names;
  for (const auto& result : laws) {
    if (result.outcome == LawOutcome::broken) names.push_back(result.law);
  }
  return names;
}

const LawResult& LawReport::operator[](std::string_view law) const {
  const auto found = std::find_if(laws.begin(), laws.end(), [&](const LawResult& result) { return result.law == law; });
  if (found == laws.end()) throw ArgumentError("LawReport", "law", fmt::format("'{}' was not checked", law));
  return *found;
}

std::string to_string(const LawReport& report) {
  std::string text;
  for (const auto& result : report.laws) {
    text += fmt::format("{:20} {:7}", result.law, to_string(result.outcome));
    const bool judged = result.outcome != LawOutcome::not_applicable && result.tolerance > 0;
    if (judged) text += fmt::format(" {:.1e} of {:.1e}", result.discrepancy, result.tolerance);
    if (result.outcome != LawOutcome::held) text += "  " + result.detail;
    text += "\n";
  }
  const auto broken = report.broken();
  text += fmt::format("{} laws, {} broken\n", report.laws.size(), broken.size());
  return text;
}

std::ostream& operator<<(std::ostream& out, const LawReport& report) { return out << to_string(report); }

LawReport check_laws(const LawSubject& subject, std::span<const std::string> only) {
  refuse_unknown(only);
  if (subject.data->rows() == 0) throw ArgumentError("check_laws", "data", "have no rows");
  const Laboratory lab(subject);
  LawReport report;
  for (const auto& law : laws) {
    const bool wanted = only.empty() || std::find(only.begin(), only.end(), law.name) != only.end();
    if (wanted) report.laws.push_back(check(law, lab));
  }
  return report;
}

std::vector<std::string> law_names() {
  std::vector<std::string> names;
  for (const auto& law : laws) names.emplace_back(law.name);
  return names;
}

}  // namespace jensen
