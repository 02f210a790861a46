// E-steps at several θ in one pass over the data.
#pragma once

#include <jensen/data/data.h>
#include <jensen/em/e_step.h>
#include <jensen/em/model.h>
#include <jensen/execution/workers.h>

#include <span>
#include <vector>

namespace jensen {

/// A θ and the (zero) statistics into which its E-step is to add: their reference points need not be its own.
struct Vantage {
  const Model* model = nullptr;
  Statistics zero;
};

/// E-steps that share a pass: more would keep too many statistics alive.
constexpr std::size_t e_steps_a_pass = 32;

/// The E-step at every vantage, q being the posterior; `e_steps_a_pass` at a time while a block is in the cache.
std::vector<Expected> expect_each(std::span<const Vantage> vantages, const Data& data, Workers& workers);

/// Row i of a block as a block of its own, of weight 1.
Block single_row(const Block& block, std::int64_t i);

/// log p(x_i; θ) of every row among the states that the block allows, weights ignored: by score() where that answers
/// the same question, else by an E-step on each row.
void row_log_likelihoods(const Model& model, const Block& block, std::span<double> out);

}  // namespace jensen
