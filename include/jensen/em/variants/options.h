// Which variant of EM climbs, and its settings. docs/em.md has the formulas and their sources.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <jensen/data/block.h>

namespace jensen {

class Model;
class Variant;

enum class Algorithm {
  exact,           ///< q = p(z | x; θ): Dempster, Laird and Rubin (1977)
  classification,  ///< all of q on the most probable z: Celeux and Govaert (1992); climbs the classification likelihood
  stochastic,      ///< z drawn once an iteration: Celeux and Diebolt (1985), then averaged: Delyon et al. (1999)
  monte_carlo,     ///< m draws, m growing until a step is significant: Caffo, Jank and Jones (2005)
  annealed,        ///< q ∝ p(z | x; θ)^(1/T), T falling to 1: Ueda and Nakano (1998)
  restricted,      ///< q from a family of the caller's: variational EM
  incremental,     ///< statistics kept by part of the rows, one part renewed at a time: Neal and Hinton (1998)
  online,          ///< statistics forgotten step by step, then exact EM: Cappé and Moulines (2009)
  sparse,          ///< states of negligible probability left out between full passes: Neal and Hinton (1998)
  ecm,             ///< one part of θ at a time: Meng and Rubin (1993)
};
std::string to_string(Algorithm algorithm);

struct VariantOptions {
  // stochastic: `burn_in` iterations from one draw each, then `averaged` ones whose statistics are averaged.
  int burn_in = 100;
  int averaged = 200;

  // monte_carlo: eight batches of draws; each batch begins with `draws` draws and grows up to `most_draws`.
  int draws = 1;
  int most_draws = 64;

  // annealed: temperatures first_temperature · cooling^t down to 1, `steps_per_temperature` iterations each.
  double first_temperature = 4;  ///< ≥ 1
  double cooling = 0.8;          ///< in (0, 1)
  int steps_per_temperature = 5;

  /// restricted: fills q_i(k) ≥ 0, each row summing to 1, for θ and a block. To be an ascent, it must be the best q of
  /// its family at θ.
  std::function<void(const Model& theta, const Block& x, Panel q)> restricted_q = nullptr;

  // incremental: at most this many parts of the rows, of at least 16 rows each.
  int parts = 32;

  // online: step t has weight (t + offset)^−exponent; `passes` over rows in batches, whose order is drawn anew.
  double exponent = 0.6;  ///< in (½, 1]
  double offset = 2;
  int batch_rows = 0;  ///< 0: a twentieth of the rows, from 64 to 512
  int passes = 5;

  // sparse: states of posterior probability below `threshold` are left out for `sparse_steps` iterations.
  double threshold = 1e-16;
  int sparse_steps = 10;  ///< ≥ 4

  // ecm: an E-step before each part of θ (multi-cycle) instead of one before all.
  bool multicycle = false;

  /// Throws ArgumentError naming the setting that is out of its domain.
  void validate(Algorithm algorithm) const;
};

/// The policy for one climb. `seed` keys whatever it draws.
std::unique_ptr<Variant> make_variant(Algorithm algorithm, const VariantOptions& options, std::uint64_t seed);

}  // namespace jensen
