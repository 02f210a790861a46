#include "own_family.h"

#include <jensen/error.h>

#include <cmath>
#include <limits>

namespace jensen::python {

namespace {

bool is_complete(const Block& x, std::int64_t i) {
  if (!x.has_missing) return true;
  for (int j = 0; j < x.columns(); ++j) {
    if (std::isnan(x.x(i, j))) return false;
  }
  return true;
}

}  // namespace

OwnFamily::OwnFamily(Own family, const Parameters& theta, int states, int columns, int statistics, std::int64_t rows)
    : family_(std::move(family)),
      columns_(columns),
      statistics_(static_cast<std::size_t>(statistics)),
      rows_(rows),
      samples_(family_.flag("_samples")),
      knows_q_(family_.flag("_knows_q")) {
  if (states < 1) throw ArgumentError("fit", "n_components", "must be ≥ 1, got " + std::to_string(states));
  thetas_.assign(static_cast<std::size_t>(states), theta);
}

bool OwnFamily::can(Capability capability) const {
  switch (capability) {
    case Capability::expected_log_joint:
    case Capability::global_bound: return knows_q_;
    case Capability::sample: return samples_;
    case Capability::impute: return false;
    default: return true;
  }
}

Layout OwnFamily::layout() const { return {thetas_.size() * (1 + size()), 0}; }

void OwnFamily::add_log_density(const Block& x, Panel p, Scratch&) const {
  for (int k = 0; k < p.columns; ++k) {
    const auto density = family_.call("_log_density", x, thetas_[static_cast<std::size_t>(k)].values());
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      if (!is_complete(x, i)) continue;
      if (p(i, k) > -std::numeric_limits<double>::infinity()) p(i, k) += density[static_cast<std::size_t>(i)];
    }
  }
}

double OwnFamily::accumulate(const Block& x, ConstPanel r, Slice s, Scratch&) const {
  const auto t = keeps_weights() ? std::vector<double>{} : family_.call("_statistics", x);
  for (int k = 0; k < r.columns; ++k) {
    const auto own = part(s, k);
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const double weight = is_complete(x, i) ? r(i, k) : 0;
      if (weight == 0) continue;
      s.sum[static_cast<std::size_t>(k)] += weight;
      if (keeps_weights()) {
        own[static_cast<std::size_t>(x.first_row + i)] += weight;
        continue;
      }
      for (std::size_t j = 0; j < statistics_; ++j) own[j] += weight * t[static_cast<std::size_t>(i) * statistics_ + j];
    }
  }
  return 0;
}

void OwnFamily::maximize(ConstSlice s) {
  degeneracies_.clear();
  for (int k = 0; k < states(); ++k) {
    const double weight = weight_of(s, k);
    if (!(weight > 0)) {
      degeneracies_.push_back({k, false, "no observation belongs to it; its parameters are those of before"});
      continue;
    }
    Parameters& theta = thetas_[static_cast<std::size_t>(k)];
    const auto values = keeps_weights() ? family_.call("_fit", part(s, k), theta.values())
                                        : family_.call("_maximize", weight, part(s, k), theta.values());
    try {
      theta.set_values(values);
    } catch (const ArgumentError& error) {
      degeneracies_.push_back({k, true, error.what()});
    }
  }
}

double OwnFamily::expected_log_density(ConstSlice s) const {
  double total = 0;
  for (int k = 0; k < states(); ++k) {
    const double weight = weight_of(s, k);
    if (!(weight > 0)) continue;
    total += family_.number("_expected_log_density", weight, part(s, k), thetas_[static_cast<std::size_t>(k)].values());
  }
  return total;
}

void OwnFamily::sample(int k, Stream& stream, std::span<double> row) const {
  const auto drawn = family_.call("_sample", thetas_[static_cast<std::size_t>(k)].values(), seed_from(stream));
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = drawn.at(j);
}

int OwnFamily::free_parameters() const { return states() * thetas_.front().coordinates(); }

std::vector<double> OwnFamily::unconstrained() const {
  std::vector<double> all;
  for (const Parameters& theta : thetas_) {
    const auto own = theta.unconstrained();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

void OwnFamily::set_unconstrained(std::span<const double> u) {
  const auto each = static_cast<std::size_t>(thetas_.front().coordinates());
  if (u.size() != each * thetas_.size()) {
    throw ArgumentError(name(), "u", "must hold " + std::to_string(each * thetas_.size()) + " numbers");
  }
  auto next = thetas_;
  for (std::size_t k = 0; k < next.size(); ++k) next[k].set_unconstrained(u.subspan(k * each, each));
  thetas_ = std::move(next);
}

std::vector<double> OwnFamily::parameters() const {
  std::vector<double> all;
  for (const Parameters& theta : thetas_) {
    const auto own = theta.values();
    all.insert(all.end(), own.begin(), own.end());
  }
  return all;
}

void OwnFamily::set_parameters(std::span<const double> v) {
  const std::size_t each = thetas_.front().values().size();
  if (v.size() != each * thetas_.size()) {
    throw ArgumentError(name(), "v", "must hold " + std::to_string(each * thetas_.size()) + " numbers");
  }
  auto next = thetas_;
  for (std::size_t k = 0; k < next.size(); ++k) next[k].set_values(v.subspan(k * each, each));
  thetas_ = std::move(next);
}

std::vector<std::string> OwnFamily::parameter_names() const {
  std::vector<std::string> all;
  for (int k = 0; k < states(); ++k) {
    for (const std::string& name : thetas_.front().names()) {
      const auto bracket = name.find('[');
      const bool single = bracket == std::string::npos;
      all.push_back(name.substr(0, bracket) + "[" + std::to_string(k) +
                    (single ? "]" : "," + name.substr(bracket + 1)));
    }
  }
  return all;
}

}  // namespace jensen::python
