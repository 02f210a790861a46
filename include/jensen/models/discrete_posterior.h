// From log p(x_i, z_i = k; θ) to weighted responsibilities, under any rule: the E-step of every model whose latent is
// one of K states by row. A model of your own calls it too.
#pragma once

#include <jensen/concepts.h>

namespace jensen {

/// In place, row by row: turns log p(x_i, k) (−∞ legal; rows × K) into w_i q_i(k), q chosen by `rule` among the states
/// that the block allows. Returns Σ w_i log Σ_k p(x_i, k) over the allowed states, the entropy of q, and Σ w_i.
/// A row that no state can explain gets q = 0 and log-likelihood −∞. Throws ArgumentError for a rule out of its domain
/// (temperature ≤ 0, draws < 1) or given responsibilities that are negative or not finite (naming the row).
/// Where log_joint_matters(rule) is false the panel need not be filled before, and the log-likelihood returned is NaN.
Evidence discrete_posterior(const Block& x, const Rule& rule, Panel log_joint);

/// p(i, k) = −∞ for the states that the block rules out for row i. Throws ArgumentError where the labels are about
/// another number of states. discrete_posterior() does it; a model that does so before, too, spares its emissions the
/// work, which need not look at what is −∞ already.
void rule_out_states(const Block& x, Panel log_joint);

/// Whether the rule reads log p(x_i, k): Given responsibilities of which statistics alone are wanted do not.
bool log_joint_matters(const Rule& rule);

/// p(i, k) = p(z_i = k | x_i), weights ignored, from log p(x_i, k), which is used up.
void discrete_responsibilities(const Block& x, Panel log_joint, Panel p);

}  // namespace jensen
