// A mixture as an emission: p(x | z = k) = Σ_m ω_km p(x | z = k, m), each state a mixture of its own.
#pragma once

#include <jensen/emissions/any.h>

namespace jensen {

/// K states of M components each, over inner emissions of K·M states: component m of state k is inner state k M + m.
/// Which component is a latent of the emissions' own, with posterior u_ikm ∝ ω_km p(x_i | k, m); its entropy is part of
/// what accumulate() returns. M-step: ω_km = Σ r u_ikm / Σ r, and the inner emissions' with weights r u_ikm.
class NestedMixture {
 public:
  struct Scratch {
    std::vector<double> inner;
    AnyEmissions::Scratch own;
  };

  /// Equal ω. Throws ArgumentError unless inner.states() is a multiple of `states` ≥ 1.
  NestedMixture(AnyEmissions inner, int states);

  std::string name() const { return "nested-mixture"; }
  bool can(Capability capability) const { return inner_.can(capability); }
  bool tentative() const { return inner_.tentative(); }
  int states() const { return states_; }
  int components() const { return inner_.states() / states_; }
  int columns() const { return inner_.columns(); }
  const AnyEmissions& inner() const { return inner_; }
  /// K × M, row by row.
  std::span<const double> weights() const { return weights_; }
  void set_weights(std::vector<double> weights);

  Layout layout() const;
  void reference(std::span<double> about) const { inner_.reference(about); }
  void add_log_density(const Block& x, Panel p, Scratch& scratch) const;
  double accumulate(const Block& x, ConstPanel r, Slice s, Scratch& scratch) const;
  void maximize(ConstSlice s);

  double expected_log_density(ConstSlice s) const;
  double log_prior() const { return inner_.log_prior(); }
  std::vector<Degeneracy> degeneracies() const;
  void move(ConstSlice from, Slice to) const;
  void sample(int k, Stream& stream, std::span<double> row) const;
  /// By the inner emissions, under p(i, k) p(m | x_i, k).
  void impute(const Block& x, ConstPanel p, Panel filled) const;
  std::optional<CellProblem> problem(const Block& x) const { return inner_.problem(x); }
  int free_parameters() const;
  std::vector<double> unconstrained() const;
  void set_unconstrained(std::span<const double> u);
  std::vector<double> parameters() const;
  void set_parameters(std::span<const double> v);
  std::vector<std::string> parameter_names() const;

 private:
  std::span<const double> weights_of(int k) const;
  // log(ω_km p(x_i | k, m)) for all inner states; of a state's M columns the log-sum and, in place, the posterior.
  Panel log_joint(const Block& x, Scratch& scratch) const;
  double normalize(Panel joint, std::int64_t i, int k) const;

  AnyEmissions inner_;
  int states_;
  std::vector<double> weights_;
};

static_assert(Emissions<NestedMixture>);

}  // namespace jensen
