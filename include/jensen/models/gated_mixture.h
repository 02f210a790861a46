// p(x, z = k | v; θ) = π_k(v) p(x | z = k; θ_k): a mixture whose weights depend on covariates v (concomitant variables;
// over regressions, a mixture of experts).
#pragma once

#include <jensen/emissions/any.h>
#include <jensen/models/discrete_posterior.h>

namespace jensen {

/// π_k(v) ∝ exp(γ_k0 + Σ_j γ_kj v_j), γ_0 = 0 (multinomial logit; Dayton and Macready 1988). The E-step keeps value,
/// gradient and curvature of E_q[log π_z(v)] about the current γ; the M-step takes one Newton step on it, to be kept
/// only if the objective did not fall: tentative. The covariates are columns of the block; they must be seen in every
/// row of positive weight (DataError naming row and column). The emissions see the whole block.
class GatedMixture {
 public:
  struct Scratch {
    std::vector<double> panel, weights, design;
    AnyEmissions::Scratch emissions;
  };

  /// Equal weights. covariates: columns of the block, each once.
  GatedMixture(AnyEmissions emissions, std::vector<int> covariates);

  int states() const { return emissions_.states(); }
  int columns() const { return emissions_.columns(); }
  std::string name() const { return "gated-mixture"; }
  /// What its emissions can, but move statistics, or bound ℓ away from θ: the gate's part of Q is an expansion.
  bool can(Capability capability) const {
    return capability != Capability::move && capability != Capability::global_bound && emissions_.can(capability);
  }
  bool tentative() const { return true; }
  const AnyEmissions& emissions() const { return emissions_; }
  AnyEmissions& emissions() { return emissions_; }
  /// (K − 1) × (1 + covariates), row by row: γ_1, γ_2, …
  std::span<const double> gate() const { return gate_; }
  void set_gate(std::vector<double> gate);

  Statistics no_statistics() const;
  Evidence expect(const Block& x, const Rule& rule, Statistics& s, Scratch& scratch) const;
  void maximize(const Statistics& s);
  double expected_log_joint(const Statistics& s) const;
  double log_prior() const { return emissions_.log_prior(); }
  std::vector<Degeneracy> degeneracies() const { return emissions_.degeneracies(); }
  void score(const Block& x, std::span<double> log_density) const;
  void responsibilities(const Block& x, Panel p) const;
  /// p(i, k) = π_k(v_i), before the row itself is seen.
  void predicted(const Block& x, Panel p) const;
  /// As Mixture's. The covariates must be there.
  void impute(const Block& x, Panel filled) const;
  /// Reads the covariates from x.
  void sample(std::uint64_t seed, std::int64_t first_row, Panel x, std::span<std::int32_t> z) const;

  int free_parameters() const { return static_cast<int>(gate_.size()) + emissions_.free_parameters(); }
  std::vector<double> unconstrained() const;
  void set_unconstrained(std::span<const double> u);
  std::vector<double> parameters() const;
  void set_parameters(std::span<const double> v);
  std::vector<std::string> parameter_names() const;

 private:
  int terms() const { return static_cast<int>(covariates_.size()) + 1; }
  std::size_t gate_sums() const;
  // v_i = (1, covariates of row i).
  void design(const ConstPanel& x, std::int64_t i, std::vector<double>& v) const;
  // Room for it, and a look at the covariates.
  Panel panel_for(const Block& x, Scratch& scratch) const;
  void log_weights(const Block& x, Panel panel, Scratch& scratch) const;
  Panel log_joint(const Block& x, Scratch& scratch) const;
  void add_gate(const Block& x, ConstPanel r, Statistics& s, Scratch& scratch) const;
  ConstSlice emission_part(const Statistics& s) const;

  AnyEmissions emissions_;
  std::vector<int> covariates_;
  std::vector<double> gate_;
};

}  // namespace jensen
