// Kernels are compiled for several instruction sets; here each that the processor has takes its turn.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>
#include <jensen/math/kernels.h>

#include <map>
#include <string>

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

}  // namespace jensen::support
