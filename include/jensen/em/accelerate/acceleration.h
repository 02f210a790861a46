// Accelerators of the map θ ↦ M(θ) of EM: strides that leap, in unconstrained coordinates, from the last few θ to where
// they seem to lead. A leap is on trial; where the objective would fall, the plain step is taken in its place.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include <jensen/em/accelerate/options.h>
#include <jensen/em/stride.h>

namespace jensen {

/// The stride for one climb.
std::unique_ptr<Stride> make_stride(Acceleration acceleration);

/// `like` at the coordinates u; null where they are not finite or no θ belongs to them. The θ is rounded to what
/// parameters() can express, so that a climb resumed from saved parameters continues with the same bits.
std::unique_ptr<Model> at_coordinates(const Model& like, std::span<const double> u);

/// SQUAREM. Two plain steps θ₀ → θ₁ → θ₂ give r = θ₁ − θ₀ and v = (θ₂ − θ₁) − r; the leap is θ₀ − 2αr + α²v with
/// α = −‖r‖/‖v‖ (their equation 9, S3), held in [−longest, −1], where `longest` grows by 4 when it is met and shrinks
/// when a leap falls short.
class Squarem final : public Stride {
 public:
  Proposal propose(const Model& accepted, std::unique_ptr<Model> next) override;
  Proposal retreat() override;
  void restart() override { points_.clear(); }
  void save(StateWriter& out) const override;
  void load(StateReader& in) override;

 private:
  std::vector<std::vector<double>> points_;  // θ₀, once it is there
  double longest_ = 1;
  bool at_longest_ = false;
  std::unique_ptr<Model> fallback_;
};

/// DAAREM. With f = M(u) − u, and the last m differences of u and f as columns of X and F, the leap is
/// u + f − (X + F) γ, γ = argmin ‖f − F γ‖² + λ‖γ‖². λ is such that ‖γ‖² is the share 1/(1 + 1.2^(25 − s)) of its value
/// at λ = 0; s counts accepted leaps (their section 3). The columns are thrown away when there are
/// m = min(10, ⌈p/2⌉) of them. A leap that falls short lowers s by m, where theirs waits for a whole cycle to fall.
class Anderson final : public Stride {
 public:
  Proposal propose(const Model& accepted, std::unique_ptr<Model> next) override;
  Proposal retreat() override;
  void restart() override;
  void save(StateWriter& out) const override;
  void load(StateReader& in) override;

 private:
  std::vector<double> u_;  // the θ before, and its f
  std::vector<double> f_;
  std::vector<std::vector<double>> x_columns_;
  std::vector<std::vector<double>> f_columns_;
  int order_ = 1;
  int successes_ = 0;
  bool leapt_ = false;
  std::unique_ptr<Model> fallback_;
};

/// Quasi-Newton. Two plain steps give a secant (a, b) = (M(u) − u, M(M(u)) − M(u)); with the last q = min(p, 5) of them
/// as columns of A and B the leap is M(u) + B (AᵀA − AᵀB)⁻¹ Aᵀ (M(u) − u) (their equation 8).
class QuasiNewton final : public Stride {
 public:
  Proposal propose(const Model& accepted, std::unique_ptr<Model> next) override;
  Proposal retreat() override { return {std::move(fallback_)}; }
  void restart() override { from_.clear(); }
  void save(StateWriter& out) const override;
  void load(StateReader& in) override;

 private:
  std::vector<double> from_;  // u, once M(u) has been proposed
  std::vector<std::vector<double>> a_;
  std::vector<std::vector<double>> b_;
  std::unique_ptr<Model> fallback_;
};

}  // namespace jensen
