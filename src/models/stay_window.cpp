#include "models/stay_window.h"

#include <jensen/math/kernels.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "math/stay_kernels.h"

namespace jensen {

namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();
constexpr double least_value = 1e-300;
constexpr double most_above_reference = 138;  // e^138 is 1e60: products with what is below least_value stay small
constexpr double least_sum = 1e-200;          // what up to 1e6 stays may have lost is less than 1e-30 of it
constexpr double most_shared = 30;            // beyond it logarithms would lose digits
constexpr double negligible = 700;            // e^−700 of the largest term is below least_value

double value_of(double log_value) {
  const double value = std::exp(log_value);
  return value >= least_value ? value : 0;
}

}  // namespace

FallingDurations::FallingDurations(std::span<const double> log_by_duration)
    : logs(log_by_duration.rbegin(), log_by_duration.rend()) {
  values = logs;
  kernels::exp(values);
  for (double& value : values) value = value >= least_value ? value : 0;
}

StayWindow::StayWindow(std::size_t longest, std::size_t stays)
    : longest_(longest), reference_(minus_infinity), logs_(stays), values_(stays) {}

std::size_t StayWindow::begin() const {
  return std::max(first_open_, added_ > longest_ ? added_ - longest_ : std::size_t{0});
}

void StayWindow::add(double log_weight) {
  const double own = log_weight - shared_;
  if (own > reference_ + most_above_reference) {
    const std::size_t first = begin();
    kernels::scale_stays(added_ - first, std::exp(reference_ - own), least_value, values_.data() + first);
    reference_ = own;
  }
  logs_[added_] = own;
  values_[added_] = own == minus_infinity ? 0 : value_of(own - reference_);
  ++added_;
}

void StayWindow::gain(double log_density) {
  shared_ += log_density;
  if (log_density == minus_infinity) {
    first_open_ = added_;
    shared_ = 0;
    reference_ = minus_infinity;
  } else if (std::abs(shared_) > most_shared) {
    for (std::size_t i = begin(); i < added_; ++i) logs_[i] += shared_;
    reference_ += shared_;
    shared_ = 0;
  }
}

StayWindow::LogSums StayWindow::log_sums(const FallingDurations& ended, const FallingDurations& unfinished) {
  const std::size_t first = begin();
  const std::size_t place = longest_ - (added_ - first);
  const auto sums = kernels::stay_sums(added_ - first, values_.data() + first, ended.values.data() + place,
                                       unfinished.values.data() + place);
  return {log_of(sums.ended, ended), log_of(sums.unfinished, unfinished)};
}

StayWindow::Products StayWindow::products(const FallingDurations& durations) {
  const std::size_t first = begin();
  Products result{values_.data() + first, durations.values.data() + longest_ - (added_ - first), 0, 0};
  result.sum = kernels::stay_sum(added_ - first, result.weight, result.factor);
  result.log_sum = log_of(result.sum, durations);
  if (result.sum >= least_sum) return result;
  ones_.resize(terms_.size(), 1.0);
  return {terms_.data(), ones_.data(), kernels::sum(terms_), result.log_sum};
}

double StayWindow::log_of(double sum, const FallingDurations& durations) {
  return sum >= least_sum ? std::log(sum) + reference_ + shared_ : sum_in_logs(durations);
}

// terms_ = the products over their largest.
double StayWindow::sum_in_logs(const FallingDurations& durations) {
  const std::size_t first = begin();
  const std::size_t count = added_ - first;
  const double* log = logs_.data() + first;
  const double* duration = durations.logs.data() + longest_ - count;
  terms_.resize(count);
  double largest = minus_infinity;
  double heaviest = minus_infinity;
  for (std::size_t i = 0; i < count; ++i) {
    terms_[i] = log[i] + duration[i];
    largest = std::max(largest, terms_[i]);
    heaviest = std::max(heaviest, log[i]);
  }
  if (heaviest < reference_ - most_above_reference) refer_to(heaviest);
  if (largest == minus_infinity) {
    std::fill(terms_.begin(), terms_.end(), 0.0);
    return minus_infinity;
  }
  const auto counts = [&](double term) { return term > largest - negligible; };
  const auto from = std::find_if(terms_.begin(), terms_.end(), counts);
  const auto to = std::find_if(terms_.rbegin(), terms_.rend(), counts).base();
  std::fill(terms_.begin(), from, 0.0);
  std::fill(to, terms_.end(), 0.0);
  const std::span<double> near(from, to);
  for (double& term : near) term -= largest;
  kernels::exp(near);
  return std::log(kernels::sum(near)) + largest + shared_;
}

void StayWindow::refer_to(double log_weight) {
  reference_ = log_weight;
  for (std::size_t i = begin(); i < added_; ++i) {
    values_[i] = logs_[i] == minus_infinity ? 0 : value_of(logs_[i] - reference_);
  }
}

}  // namespace jensen
