// Kernels are compiled for several instruction sets; here each that the processor has takes its turn.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>
#include <jensen/math/kernels.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace jensen::support {

// Runs `body` under each instruction set in turn, with its name.
template <class Body>
void on_every_instruction_set(Body body) {
  std::int64_t targets = hwy::SupportedTargets();
  std::map<std::string, int> seen;
  for (; targets != 0; targets &= targets - 1) {
    const std::int64_t target = targets & ~(targets - 1);
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
    const std::string name = kernels::instruction_set();
    if (++seen[name] == 1) body(name);
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  ASSERT_GE(seen.size(), 1U);
}

/// A sum of terms of that magnitude in all, to rounding.
inline void compare(double got, long double expected, long double magnitude, const std::string& where) {
  EXPECT_NEAR(got, static_cast<double>(expected), static_cast<double>(1e-14L * (magnitude + 1))) << where;
}

inline bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

}  // namespace jensen::support
