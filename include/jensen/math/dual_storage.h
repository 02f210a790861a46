// Where dual numbers keep their derivatives: in themselves, or in memory that the thread recycles.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace jensen {

/// The number of variables is known at run time.
constexpr int dynamic = -1;

/// Memory for runs of doubles of one size at a time, which is all that duals of one function ask for. One per thread.
class DualPool {
 public:
  static double* take(std::size_t count);
  static void give_back(double* memory, std::size_t count) noexcept;
};

constexpr int dual_size(int variables, int order) {
  return order == 2 ? variables + variables * (variables + 1) / 2 : variables;
}

/// N derivatives, always there: a constant has zeros.
template <int N, int Order>
class DualStorage {
 public:
  static constexpr int size(int) { return dual_size(N, Order); }
  static constexpr int variables() { return N; }
  const double* data() const { return d_.data(); }
  double* raw(int) { return d_.data(); }
  double* zeros(int) { return d_.data(); }

 private:
  std::array<double, static_cast<std::size_t>(dual_size(N, Order))> d_{};
};

/// As many as the first variable says; a constant has none.
template <int Order>
class DualStorage<dynamic, Order> {
 public:
  static int size(int variables) { return dual_size(variables, Order); }

  DualStorage() = default;
  DualStorage(const DualStorage& other) {
    if (other.d_ != nullptr) std::copy_n(other.d_, other.count(), raw(other.variables_));
  }
  DualStorage(DualStorage&& other) noexcept
      : d_(std::exchange(other.d_, nullptr)), variables_(std::exchange(other.variables_, 0)) {}
  DualStorage& operator=(const DualStorage& other) {
    if (this == &other) return *this;
    if (variables_ == other.variables_ && d_ != nullptr) {
      std::copy_n(other.d_, count(), d_);
      return *this;
    }
    DualStorage copy(other);
    std::swap(d_, copy.d_);
    std::swap(variables_, copy.variables_);
    return *this;
  }
  DualStorage& operator=(DualStorage&& other) noexcept {
    std::swap(d_, other.d_);
    std::swap(variables_, other.variables_);
    return *this;
  }
  ~DualStorage() {
    if (d_ != nullptr) DualPool::give_back(d_, count());
  }

  int variables() const { return variables_; }
  const double* data() const { return d_; }
  /// Memory for the derivatives, not yet set.
  double* raw(int variables) {
    variables_ = variables;
    return d_ = DualPool::take(count());
  }
  double* zeros(int variables) {
    raw(variables);
    std::fill_n(d_, count(), 0.0);
    return d_;
  }

 private:
  std::size_t count() const { return static_cast<std::size_t>(size(variables_)); }

  double* d_ = nullptr;
  int variables_ = 0;
};

}  // namespace jensen
