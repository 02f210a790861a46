#include "em/constraint_names.h"

#include <jensen/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace jensen {

namespace {

constexpr const char* function = "constraints";

// The name with "#" for each number that a # of the pattern stands for; nothing where the pattern does not match.
std::optional<std::string> matched(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty() ? std::optional<std::string>("") : std::nullopt;
  const auto rest = [&](std::size_t taken, std::string_view as) -> std::optional<std::string> {
    auto after = matched(pattern.substr(1), name.substr(taken));
    if (after) after->insert(0, as);
    return after;
  };
  if (pattern[0] == '*') {
    for (std::size_t taken = 0; taken <= name.size(); ++taken) {
      if (auto found = rest(taken, name.substr(0, taken))) return found;
    }
    return std::nullopt;
  }
  if (pattern[0] == '#') {
    const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
    for (std::size_t taken = digits; taken > 0; --taken) {
      if (auto found = rest(taken, "#")) return found;
    }
    return std::nullopt;
  }
  return !name.empty() && pattern[0] == name[0] ? rest(1, name.substr(0, 1)) : std::nullopt;
}

// Levenshtein's distance.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string similar(std::string_view name, const std::vector<std::string>& names) {
  std::vector<std::string> sorted = names;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const std::string& a, const std::string& b) { return distance(name, a) < distance(name, b); });
  if (sorted.size() > 5) sorted.resize(5);
  return fmt::format("{}", fmt::join(sorted, ", "));
}

std::vector<std::size_t> find(const std::string& name, const std::vector<std::string>& names) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return {i};
  }
  for (std::size_t i = 0; i < names.size() && name.find_first_of("*#") != std::string::npos; ++i) {
    if (matched(name, names[i])) found.push_back(i);
  }
  if (found.empty()) {
    throw ArgumentError(function, name, "the model has no such parameter; similar are " + similar(name, names));
  }
  return found;
}

// "covariance[#,*]": what differs in the numbers at # alone is one group.
std::vector<std::vector<std::size_t>> ties_across(const std::string& pattern, const std::vector<std::size_t>& found,
                                                  const std::vector<std::string>& names) {
  std::vector<std::string> keys;
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i : found) {
    const std::string key = matched(pattern, names[i]).value_or(names[i]);
    const auto at = static_cast<std::size_t>(std::find(keys.begin(), keys.end(), key) - keys.begin());
    if (at == keys.size()) {
      keys.push_back(key);
      groups.emplace_back();
    }
    groups[at].push_back(i);
  }
  for (const auto& group : groups) {
    if (group.size() < 2) {
      throw ArgumentError(function, pattern, names[group[0]] + " is one parameter: there is nothing to tie it to");
    }
  }
  return groups;
}

// One list of indices for each group of parameters that become one.
std::vector<std::vector<std::size_t>> ties(const std::vector<std::string>& tied,
                                           const std::vector<std::string>& names) {
  std::vector<std::vector<std::size_t>> found;
  for (const auto& name : tied) found.push_back(find(name, names));
  if (found.size() == 1 && tied[0].find('#') != std::string::npos) return ties_across(tied[0], found[0], names);
  if (found.size() == 1) {
    if (found[0].size() < 2) throw ArgumentError(function, tied[0], "is one parameter: there is nothing to tie it to");
    return found;
  }
  std::vector<std::vector<std::size_t>> groups(found[0].size());
  for (std::size_t k = 0; k < found.size(); ++k) {
    if (found[k].size() != groups.size()) {
      throw ArgumentError(function, tied[k],
                          fmt::format("matches {} parameters, but {} matches {}: they cannot be tied one to one",
                                      found[k].size(), tied[0], groups.size()));
    }
    for (std::size_t g = 0; g < groups.size(); ++g) groups[g].push_back(found[k][g]);
  }
  return groups;
}

void merge(ResolvedConstraints& r, const std::vector<std::size_t>& members) {
  std::size_t smallest = r.group[members[0]];
  for (std::size_t i : members) smallest = std::min(smallest, r.group[i]);
  for (std::size_t i : members) {
    const std::size_t old = r.group[i];
    for (auto& g : r.group) g = g == old ? smallest : g;
    r.touched[i] = true;
  }
}

// What holds for one member of a group holds for all.
void spread_over_groups(ResolvedConstraints& r, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t g = r.group[i];
    r.lower[g] = std::max(r.lower[g], r.lower[i]);
    r.upper[g] = std::min(r.upper[g], r.upper[i]);
    if (!r.fixed[i]) continue;
    if (r.fixed[g] && *r.fixed[g] != *r.fixed[i]) {
      throw ArgumentError(
          function, names[i],
          fmt::format("is fixed at {}, but tied to {}, which is fixed at {}", *r.fixed[i], names[g], *r.fixed[g]));
    }
    r.fixed[g] = r.fixed[i];
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::size_t g = r.group[i];
    r.fixed[i] = r.fixed[g];
    r.lower[i] = r.lower[g];
    r.upper[i] = r.upper[g];
    const bool possible =
        r.lower[i] <= r.upper[i] && (!r.fixed[i] || (*r.fixed[i] >= r.lower[i] && *r.fixed[i] <= r.upper[i]));
    if (!possible) throw ArgumentError(function, names[i], "no value satisfies all that is asked of it");
  }
}

}  // namespace

ResolvedConstraints resolve(const Constraints& constraints, const std::vector<std::string>& names,
                            const std::vector<double>& values) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::size_t n = names.size();
  ResolvedConstraints r{std::vector<std::optional<double>>(n), std::vector<std::size_t>(n),
                        std::vector<double>(n, -infinity),     std::vector<double>(n, infinity),
                        std::vector<bool>(n, false),           {}};
  std::iota(r.group.begin(), r.group.end(), std::size_t{0});
  for (const auto& [name, value] : constraints.fixed()) {
    for (std::size_t i : find(name, names)) {
      const double wanted = value.value_or(values[i]);
      if (r.fixed[i] && *r.fixed[i] != wanted) throw ArgumentError(function, names[i], "is fixed at two values");
      r.fixed[i] = wanted;
      r.touched[i] = true;
    }
  }
  for (const auto& tied : constraints.tied()) {
    for (const auto& members : ties(tied, names)) merge(r, members);
  }
  for (const auto& [name, lower, upper] : constraints.bounded()) {
    for (std::size_t i : find(name, names)) {
      r.lower[i] = std::max(r.lower[i], lower);
      r.upper[i] = std::min(r.upper[i], upper);
      r.touched[i] = true;
    }
  }
  for (const auto& ordered : constraints.ordered()) {
    std::vector<std::size_t> chain;
    for (const auto& name : ordered) {
      const auto found = find(name, names);
      chain.insert(chain.end(), found.begin(), found.end());
    }
    if (chain.size() < 2) throw ArgumentError(function, ordered[0], "is one parameter: there is nothing to order");
    for (std::size_t k = 0; k + 1 < chain.size(); ++k) r.rising.emplace_back(chain[k], chain[k + 1]);
    for (std::size_t i : chain) r.touched[i] = true;
  }
  spread_over_groups(r, names);
  return r;
}

}  // namespace jensen
