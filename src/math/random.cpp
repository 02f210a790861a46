#include <jensen/math/random.h>

#include <Random123/philox.h>

#include <cmath>
#include <numbers>

namespace jensen {

Stream::Stream(std::uint64_t seed, Purpose purpose, std::uint64_t restart, std::uint64_t iteration, std::uint64_t row)
    : key_{seed, restart}, counter_{0, row, iteration, static_cast<std::uint64_t>(purpose)} {}

std::uint64_t Stream::bits() {
  if (used_ == 4) {
    const r123::Philox4x64::ctr_type counter{{counter_[0], counter_[1], counter_[2], counter_[3]}};
    const r123::Philox4x64::key_type key{{key_[0], key_[1]}};
    const auto numbers = r123::Philox4x64()(counter, key);
    for (std::size_t i = 0; i < 4; ++i) buffer_[i] = numbers[i];
    ++counter_[0];
    used_ = 0;
  }
  return buffer_[static_cast<std::size_t>(used_++)];
}

double Stream::uniform() { return (static_cast<double>(bits() >> 11) + 0.5) * 0x1p-53; }

double Stream::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2 * std::log(uniform()));
  const double angle = 2 * std::numbers::pi * uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

double Stream::exponential() { return -std::log(uniform()); }

double Stream::gamma(double shape) {
  if (!(shape > 0)) return 0;
  if (shape == 1) return exponential();
  if (shape < 1) return gamma(shape + 1) * std::pow(uniform(), 1 / shape);
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal();
    const double v = 1 + c * x;
    if (v <= 0) continue;
    const double cube = v * v * v;
    if (std::log(uniform()) < 0.5 * x * x + d - d * cube + d * std::log(cube)) return d * cube;
  }
}

int Stream::choice(std::span<const double> weights) {
  double total = 0;
  for (double w : weights) total += w;
  double left = uniform() * total;
  int last = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (weights[k] <= 0) continue;
    last = static_cast<int>(k);
    left -= weights[k];
    if (left < 0) break;
  }
  return last;
}

}  // namespace jensen
