// The recursions of a chain over states, against long double.
#include "math/chain_kernels.h"
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/instruction_sets.h"
#include "support/normals.h"

namespace jensen::kernels {
namespace {

constexpr std::size_t steps = 37;

// A chain with random transitions, and log-densities as a panel of columns.
struct Example {
  explicit Example(std::size_t states)
      : shape{steps, states, chain_width(static_cast<int>(states))},
        transitions(shape.width * shape.width),
        transposed(shape.width * shape.width),
        initial(shape.width),
        panel(support::normals(states * stride, 2)) {
    const auto moves = support::normals(states * states, 1);
    for (std::size_t i = 0; i < states; ++i) {
      double total = 0;
      for (std::size_t j = 0; j < states; ++j) {
        total += transitions[i * shape.width + j] = 0.1 + std::abs(moves[i * states + j]);
      }
      for (std::size_t j = 0; j < states; ++j) {
        transposed[j * shape.width + i] = transitions[i * shape.width + j] /= total;
      }
      initial[i] = 1.0 / static_cast<double>(states);
    }
  }
  ConstPanel log_density() const {
    return {panel.data(), static_cast<std::int64_t>(steps), static_cast<int>(shape.states),
            static_cast<std::int64_t>(stride)};
  }
  double scaled_density(std::size_t t, std::size_t k) const {
    double largest = -std::numeric_limits<double>::infinity();
    for (std::size_t j = 0; j < shape.states; ++j) largest = std::max(largest, panel[j * stride + row(t)]);
    return std::exp(panel[k * stride + row(t)] - largest);
  }
  std::size_t row(std::size_t t) const { return shape.step_of(t); }

  static constexpr std::size_t stride = steps + 11;
  ChainShape shape;
  std::vector<double> transitions, transposed, initial, panel;
};

struct Filtered {
  explicit Filtered(Example& example)
      : density(steps * example.shape.width),
        filtered(steps * example.shape.width),
        normalizer(steps + 8),
        shift(steps + 8),
        memory(2 * example.shape.width) {
    EXPECT_TRUE(chain_densities(example.log_density(), example.shape, density.data(), shift.data()));
    scaled = density;
    smallest = chain_forward(example.shape, example.initial.data(), nullptr, example.transitions.data(), 1e-100,
                             scaled.data(), filtered.data(), normalizer.data(), memory.data());
  }
  std::vector<double> density, filtered, normalizer, shift, memory, scaled;
  double smallest = 0;
};

class ChainKernels : public testing::TestWithParam<std::size_t> {};

TEST_P(ChainKernels, DensitiesAreRelativeToTheLargestOfARow) {
  Example example(GetParam());
  for (const bool reversed : {false, true}) {
    example.shape.reversed = reversed;
    Filtered own(example);
    for (std::size_t t = 0; t < steps; ++t) {
      for (std::size_t k = 0; k < example.shape.width; ++k) {
        const double expected = k < GetParam() ? example.scaled_density(t, k) : 0;
        EXPECT_NEAR(own.density[t * example.shape.width + k], expected, 1e-15);
      }
    }
  }
}

TEST_P(ChainKernels, ForwardIsTheRecursionOfTheDefinition) {
  Example example(GetParam());
  Filtered own(example);
  const std::size_t states = GetParam(), width = example.shape.width;
  std::vector<long double> before(states), here(states);
  for (std::size_t t = 0; t < steps; ++t) {
    long double total = 0;
    for (std::size_t j = 0; j < states; ++j) {
      long double predicted = t == 0 ? example.initial[j] : 0;
      for (std::size_t i = 0; t > 0 && i < states; ++i) predicted += before[i] * example.transitions[i * width + j];
      total += here[j] = predicted * own.density[t * width + j];
    }
    EXPECT_NEAR(own.normalizer[t] / static_cast<double>(total), 1, 1e-14);
    for (std::size_t j = 0; j < states; ++j) {
      before[j] = here[j] / total;
      EXPECT_NEAR(own.filtered[t * width + j], static_cast<double>(before[j]), 1e-14);
      EXPECT_NEAR(own.scaled[t * width + j], static_cast<double>(own.density[t * width + j] / total), 1e-13);
    }
  }
}

TEST_P(ChainKernels, BackwardMakesProbabilitiesOfTheFiltered) {
  Example example(GetParam());
  Filtered own(example);
  const std::size_t states = GetParam(), width = example.shape.width;
  std::vector<double> beta(width, 1.0), smoothed(steps * width), weight = own.scaled;
  chain_backward(example.shape, example.transposed.data(), own.filtered.data(), weight.data(), beta.data(),
                 smoothed.data());
  std::vector<long double> later(states, 1), here(states);
  for (std::size_t t = steps; t-- > 0;) {
    long double total = 0;
    for (std::size_t k = 0; k < states; ++k) {
      total += static_cast<long double>(own.filtered[t * width + k]) * later[k];
      EXPECT_NEAR(smoothed[t * width + k], static_cast<double>(own.filtered[t * width + k] * later[k]), 1e-13);
      EXPECT_NEAR(weight[t * width + k], static_cast<double>(own.scaled[t * width + k] * later[k]), 1e-12);
    }
    EXPECT_NEAR(static_cast<double>(total), 1, 1e-13);
    for (std::size_t i = 0; i < states; ++i) {
      here[i] = 0;
      for (std::size_t j = 0; j < states; ++j) {
        here[i] += static_cast<long double>(example.transitions[i * width + j]) * own.scaled[t * width + j] * later[j];
      }
    }
    later = here;
  }
  for (std::size_t i = 0; i < states; ++i) EXPECT_NEAR(beta[i] / static_cast<double>(later[i]), 1, 1e-13);
}

TEST_P(ChainKernels, ResponsibilitiesLieInColumns) {
  Example example(GetParam());
  for (const bool reversed : {false, true}) {
    example.shape.reversed = reversed;
    Filtered own(example);
    std::vector<double> values = example.panel;
    Panel panel{values.data(), static_cast<std::int64_t>(steps), static_cast<int>(GetParam()),
                static_cast<std::int64_t>(Example::stride)};
    const double expected_log = chain_responsibilities(example.shape, own.filtered.data(), 2, panel);
    double expected = 0;
    for (std::size_t t = 0; t < steps; ++t) {
      for (std::size_t k = 0; k < GetParam(); ++k) {
        const double q = own.filtered[t * example.shape.width + k];
        expected += q * example.panel[k * Example::stride + example.row(t)];
        EXPECT_EQ(values[k * Example::stride + example.row(t)], 2 * q);
      }
    }
    EXPECT_NEAR(expected_log, expected, 1e-12);
  }
}

INSTANTIATE_TEST_SUITE_P(States, ChainKernels, testing::Values<std::size_t>(1, 3, 5, 8, 13, 16, 21, 33));

TEST_P(ChainKernels, GiveTheSameBitsOnEveryInstructionSetThatFuses) {
  std::vector<double> filtered, smoothed;
  support::on_every_instruction_set([&](const std::string& name) {
    if (name != "AVX2" && name.substr(0, 4) != "AVX3") return;
    Example example(GetParam());
    Filtered own(example);
    std::vector<double> beta(example.shape.width, 1.0), here(own.filtered.size());
    chain_backward(example.shape, example.transposed.data(), own.filtered.data(), own.scaled.data(), beta.data(),
                   here.data());
    if (filtered.empty()) {
      filtered = own.filtered;
      smoothed = here;
    }
    EXPECT_TRUE(support::same_bits(own.filtered, filtered)) << name;
    EXPECT_TRUE(support::same_bits(here, smoothed)) << name;
  });
}

TEST(ChainForward, SaysHowSmallItsSumsBecome) {
  Example example(2);
  const std::size_t width = example.shape.width;
  example.transitions[1] = example.transitions[width] = 1e-60;
  example.transitions[0] = example.transitions[width + 1] = 1;
  for (std::size_t t = 0; t < steps; ++t) {  // only a move, which is all but impossible, explains the odd rows
    example.panel[t] = t % 2 == 0 ? 0 : -1e9;
    example.panel[Example::stride + t] = t % 2 == 0 ? -1e9 : 0;
  }
  const Filtered own(example);
  EXPECT_LT(own.smallest, 1e-100);
  EXPECT_GT(own.smallest, 1e-121);
}

}  // namespace
}  // namespace jensen::kernels
