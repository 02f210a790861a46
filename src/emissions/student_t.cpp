// Parameters of the Student-t emissions, and samples.
#include <jensen/emissions/student_t.h>
#include <jensen/error.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "emissions/family_support.h"

namespace jensen {

std::string to_string(DegreesOfFreedom degrees) {
  switch (degrees) {
    case DegreesOfFreedom::own: return "own";
    case DegreesOfFreedom::tied: return "tied";
    case DegreesOfFreedom::fixed: return "fixed";
  }
  return "unknown";
}

StudentT::StudentT(int components, int columns, Covariance structure, DegreesOfFreedom degrees, double nu)
    : StudentT(Gaussian(components, columns, structure), degrees, nu) {}

StudentT::StudentT(Gaussian locations_and_scales, DegreesOfFreedom degrees, double nu)
    : normal_(std::move(locations_and_scales)), mode_(degrees) {
  nu_.assign(mode_ == DegreesOfFreedom::tied ? 1 : components(), 0.0);
  set({normal_.means().begin(), normal_.means().end()}, {normal_.covariances().begin(), normal_.covariances().end()},
      std::vector<double>(nu_.size(), nu));
}

void StudentT::set(std::vector<double> means, std::vector<double> scales, std::vector<double> nu) {
  if (nu.size() != nu_.size()) {
    throw ArgumentError("StudentT::set", "nu", fmt::format("must hold {} numbers, got {}", nu_.size(), nu.size()));
  }
  for (double v : nu) {
    if (!(v > 0) || !std::isfinite(v)) throw ArgumentError("StudentT::set", "nu", fmt::format("holds {}", v));
    if (mode_ != DegreesOfFreedom::fixed && (v < lower_ || v > upper_)) {
      throw ArgumentError("StudentT::set", "nu", fmt::format("{} is not in [{}, {}]", v, lower_, upper_));
    }
  }
  normal_.set(std::move(means), std::move(scales));
  nu_ = std::move(nu);
  derive();
}

void StudentT::set_limits(double lower, double upper) {
  if (!(lower > 0) || !(upper > lower) || !std::isfinite(upper)) {
    throw ArgumentError("StudentT::set_limits", "limits",
                        fmt::format("must be 0 < lower < upper, got {}, {}", lower, upper));
  }
  lower_ = lower;
  upper_ = upper;
  for (double& v : nu_) v = mode_ == DegreesOfFreedom::fixed ? v : std::clamp(v, lower, upper);
}

bool StudentT::at_limit(int k) const {
  return mode_ != DegreesOfFreedom::fixed && (nu(k) <= lower_ || nu(k) >= upper_);
}

void StudentT::derive() {
  factors_.clear();
  if (shape_of(covariance_structure()) != CovarianceShape::matrix) return;
  for (int k = 0; k < states(); ++k) factors_.push_back(cholesky(normal_.covariance(k), columns()));
}

void StudentT::sample(int k, Stream& stream, std::span<double> x) const {
  const double u = stream.gamma(0.5 * nu(k)) / (0.5 * nu(k));
  normal_.sample(k, stream, x);
  for (std::size_t j = 0; j < x.size(); ++j) x[j] = mean(k)[j] + (x[j] - mean(k)[j]) / std::sqrt(u);
}

bool StudentT::has_coordinate(std::size_t i) const {
  return mode_ != DegreesOfFreedom::fixed && nu_[i] > lower_ && nu_[i] < upper_;
}

int StudentT::free_parameters() const {
  return normal_.free_parameters() + (mode_ == DegreesOfFreedom::fixed ? 0 : static_cast<int>(nu_.size()));
}

std::vector<double> StudentT::unconstrained() const {
  std::vector<double> u = normal_.unconstrained();
  for (std::size_t i = 0; i < nu_.size(); ++i) {
    if (has_coordinate(i)) u.push_back(std::log(nu_[i]));
  }
  return u;
}

void StudentT::set_unconstrained(std::span<const double> u) {
  const auto own = static_cast<std::size_t>(normal_.free_parameters());
  std::size_t expected = own;
  for (std::size_t i = 0; i < nu_.size(); ++i) expected += has_coordinate(i) ? 1 : 0;
  if (u.size() != expected) {
    throw ArgumentError("StudentT::set_unconstrained", "u",
                        fmt::format("must hold {} numbers, got {}", expected, u.size()));
  }
  StudentT changed = *this;
  changed.normal_.set_unconstrained(u.first(own));
  std::size_t next = own;
  for (std::size_t i = 0; i < nu_.size(); ++i) {
    if (has_coordinate(i)) changed.nu_[i] = std::clamp(std::exp(u[next++]), lower_, upper_);
  }
  for (double v : changed.nu_) {
    if (!std::isfinite(v)) throw ArgumentError("StudentT::set_unconstrained", "u", "holds a number that is not finite");
  }
  changed.derive();
  *this = std::move(changed);
}

std::vector<double> StudentT::parameters() const {
  std::vector<double> v = normal_.parameters();
  v.insert(v.end(), nu_.begin(), nu_.end());
  return v;
}

void StudentT::set_parameters(std::span<const double> v) {
  const std::size_t means = normal_.means().size();
  const std::size_t scales = normal_.covariances().size();
  if (v.size() != means + scales + nu_.size()) {
    throw ArgumentError("StudentT::set_parameters", "v",
                        fmt::format("must hold {} numbers, got {}", means + scales + nu_.size(), v.size()));
  }
  const auto part = [&](std::size_t from, std::size_t count) {
    return std::vector<double>(v.begin() + static_cast<std::ptrdiff_t>(from),
                               v.begin() + static_cast<std::ptrdiff_t>(from + count));
  };
  set(part(0, means), part(means, scales), part(means + scales, nu_.size()));
}

std::vector<std::string> StudentT::parameter_names() const {
  std::vector<std::string> names = normal_.parameter_names();
  for (auto& name : names) {
    const std::size_t bracket = name.find('[');
    if (!name.starts_with("mean")) name = "scale" + name.substr(bracket);
  }
  for (std::size_t i = 0; i < nu_.size(); ++i) {
    names.push_back(mode_ == DegreesOfFreedom::tied ? "nu" : fmt::format("nu[{}]", i));
  }
  return names;
}

}  // namespace jensen
