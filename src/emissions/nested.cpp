#include <jensen/emissions/nested.h>
#include <jensen/emissions/parameter_group.h>
#include <jensen/math/random.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace jensen {

NestedMixture::NestedMixture(AnyEmissions inner, int states) : inner_(std::move(inner)), states_(states) {
  if (states < 1 || inner_.states() % states != 0) {
    throw ArgumentError("NestedMixture", "states",
                        fmt::format("must divide the {} inner states, got {}", inner_.states(), states));
  }
  weights_.assign(static_cast<std::size_t>(inner_.states()), 1.0 / components());
}
void NestedMixture::set_weights(std::vector<double> weights) {
  if (weights.size() != weights_.size()) {
    throw ArgumentError("NestedMixture", "weights",
                        fmt::format("must be {} numbers, got {}", weights_.size(), weights.size()));
  }
  const auto size = static_cast<std::size_t>(components());
  for (std::size_t k = 0; k < static_cast<std::size_t>(states_); ++k) {
    check_parameters({{"weight", Domain::simplex, components()}},
                     std::span<const double>(weights).subspan(k * size, size), "NestedMixture");
  }
  weights_ = std::move(weights);
}
std::span<const double> NestedMixture::weights_of(int k) const {
  const auto size = static_cast<std::size_t>(components());
  return std::span<const double>(weights_).subspan(static_cast<std::size_t>(k) * size, size);
}
Layout NestedMixture::layout() const {
  const Layout own = inner_.layout();
  return {weights_.size() + own.sum, own.about};
}

Panel NestedMixture::log_joint(const Block& x, Scratch& scratch) const {
  const auto rows = static_cast<std::size_t>(x.rows());
  scratch.inner.resize(std::max<std::size_t>(1, rows * weights_.size()));
  const Panel joint{scratch.inner.data(), x.rows(), inner_.states(), x.rows()};
  for (int j = 0; j < joint.columns; ++j) {
    std::fill_n(joint.column(j), rows, std::log(weights_[static_cast<std::size_t>(j)]));
  }
  inner_.add_log_density(x, joint, scratch.own);
  return joint;
}
double NestedMixture::normalize(Panel joint, std::int64_t i, int k) const {
  const int first = k * components();
  double largest = -std::numeric_limits<double>::infinity();
  for (int m = 0; m < components(); ++m) largest = std::fmax(largest, joint(i, first + m));
  double total = 0;
  for (int m = 0; m < components(); ++m) {
    double& u = joint(i, first + m);
    u = std::isinf(largest) ? 0 : std::exp(u - largest);
    total += u;
  }
  for (int m = 0; m < components() && total > 0; ++m) joint(i, first + m) /= total;
  return std::isinf(largest) ? largest : largest + std::log(total);
}

void NestedMixture::add_log_density(const Block& x, Panel p, Scratch& scratch) const {
  const Panel joint = log_joint(x, scratch);
  for (int k = 0; k < states_; ++k) {
    for (std::int64_t i = 0; i < x.rows(); ++i) p(i, k) += normalize(joint, i, k);
  }
}
double NestedMixture::accumulate(const Block& x, ConstPanel r, Slice s, Scratch& scratch) const {
  const Panel joint = log_joint(x, scratch);
  double entropy = 0;
  for (int k = 0; k < states_; ++k) {
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      normalize(joint, i, k);
      for (int m = 0; m < components(); ++m) {
        double& u = joint(i, k * components() + m);
        if (u > 0) entropy -= r(i, k) * u * std::log(u);
        u *= r(i, k);
        s.sum[static_cast<std::size_t>(k * components() + m)] += u;
      }
    }
  }
  return entropy + inner_.accumulate(x, joint, {s.sum.subspan(weights_.size()), s.about}, scratch.own);
}
void NestedMixture::maximize(ConstSlice s) {
  for (int k = 0; k < states_; ++k) {
    const auto first = static_cast<std::size_t>(k * components());
    double total = 0;
    for (std::size_t m = 0; m < weights_of(k).size(); ++m) total += s.sum[first + m];
    for (std::size_t m = 0; m < weights_of(k).size() && total > 0; ++m) weights_[first + m] = s.sum[first + m] / total;
  }
  inner_.maximize({s.sum.subspan(weights_.size()), s.about});
}
double NestedMixture::expected_log_density(ConstSlice s) const {
  double total = inner_.expected_log_density({s.sum.subspan(weights_.size()), s.about});
  for (std::size_t j = 0; j < weights_.size(); ++j) {
    if (s.sum[j] > 0) total += s.sum[j] * std::log(weights_[j]);
  }
  return total;
}
std::vector<Degeneracy> NestedMixture::degeneracies() const {
  std::vector<Degeneracy> all = inner_.degeneracies();
  for (Degeneracy& d : all) {
    d.reason = fmt::format("its component {}: {}", d.component % components(), d.reason);
    d.component /= components();
  }
  return all;
}
void NestedMixture::move(ConstSlice from, Slice to) const {
  std::copy_n(from.sum.begin(), weights_.size(), to.sum.begin());
  inner_.move({from.sum.subspan(weights_.size()), from.about}, {to.sum.subspan(weights_.size()), to.about});
}
void NestedMixture::sample(int k, Stream& stream, std::span<double> row) const {
  inner_.sample(k * components() + stream.choice(weights_of(k)), stream, row);
}
void NestedMixture::impute(const Block& x, ConstPanel p, Panel filled) const {
  Scratch scratch;
  const Panel joint = log_joint(x, scratch);
  for (int k = 0; k < states_; ++k) {
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      normalize(joint, i, k);
      for (int m = 0; m < components(); ++m) joint(i, k * components() + m) *= p(i, k);
    }
  }
  inner_.impute(x, joint, filled);
}

int NestedMixture::free_parameters() const { return states_ * (components() - 1) + inner_.free_parameters(); }
std::vector<double> NestedMixture::unconstrained() const {
  const ParameterGroups groups(static_cast<std::size_t>(states_), {"weight", Domain::simplex, components()});
  std::vector<double> u = to_unconstrained(groups, weights_);
  const auto own = inner_.unconstrained();
  u.insert(u.end(), own.begin(), own.end());
  return u;
}
void NestedMixture::set_unconstrained(std::span<const double> u) {
  const ParameterGroups groups(static_cast<std::size_t>(states_), {"weight", Domain::simplex, components()});
  const std::size_t count = std::min(to_unconstrained(groups, weights_).size(), u.size());
  std::vector<double> weights = from_unconstrained(groups, u.first(count), weights_);
  inner_.set_unconstrained(u.subspan(count));
  weights_ = std::move(weights);
}
std::vector<double> NestedMixture::parameters() const {
  std::vector<double> v = weights_;
  const auto own = inner_.parameters();
  v.insert(v.end(), own.begin(), own.end());
  return v;
}
void NestedMixture::set_parameters(std::span<const double> v) {
  const std::size_t count = std::min(weights_.size(), v.size());
  NestedMixture next = *this;
  next.set_weights({v.begin(), v.begin() + static_cast<std::ptrdiff_t>(count)});
  next.inner_.set_parameters(v.subspan(count));
  *this = std::move(next);
}
std::vector<std::string> NestedMixture::parameter_names() const {
  std::vector<std::string> names;
  for (int k = 0; k < states_; ++k) {
    for (int m = 0; m < components(); ++m) names.push_back(fmt::format("component_weight[{},{}]", k, m));
  }
  for (const auto& own : inner_.parameter_names()) names.push_back("component." + own);
  return names;
}

}  // namespace jensen
