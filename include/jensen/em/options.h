// What a caller may ask of a fit.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <jensen/em/accelerate/options.h>
#include <jensen/em/constraints.h>
#include <jensen/em/result.h>
#include <jensen/em/variants/options.h>

namespace jensen {

/// Where a fit begins, when no parameters are given: a rule for q on the first pass, so that every model with discrete
/// states can be started without code of its own.
enum class Start {
  k_means_plus_plus,  ///< D² seeding (Arthur and Vassilvitskii 2007) on scaled columns, each row to its nearest seed
  random,        ///< responsibilities uniform on the simplex, independent by row; sequences: paths of one random chain
  hierarchical,  ///< Ward's agglomeration on scaled columns, cut at K clusters; same for every seed up to 2000 rows
  short_runs,    ///< the best of several short EM runs from random seeds (Biernacki, Celeux and Govaert 2003)
  annealed,      ///< random responsibilities, then annealed EM (Ueda and Nakano 1998) from temperature 4 to 1
  given,         ///< the parameters of the model handed in
};

/// What a callback may answer.
enum class Verdict { go_on, stop };

struct Options {
  /// The fit has converged when Aitken's estimate of the gain in the objective still to come falls to `tolerance` per
  /// unit of weight (per observation). ≥ 0; 0 never converges: exactly max_iterations are done.
  double tolerance = 1e-8;
  /// M-steps at most. ≥ 0; 0 evaluates the start.
  int max_iterations = 5000;

  /// Which variant of EM climbs, and its settings.
  Algorithm algorithm = Algorithm::exact;
  VariantOptions variant = {};
  /// Leaps between the steps, for every model with unconstrained(); the objective never falls. Needs an algorithm that
  /// ascends by one fixed map. The default is SQUAREM where there is such a model and such an algorithm, but plain EM
  /// at tolerance 0 (docs/acceleration.md).
  Acceleration acceleration = Acceleration::automatic;

  /// What the parameters must satisfy, by name; the start is moved to the nearest parameters that do. For every model
  /// with parameters(), unconstrained() and Q (em/constrained_model.h); not with ECM.
  Constraints constraints = {};

  Start start = Start::given;
  /// Independent starts; the best end is returned. ≥ 1; a deterministic start (given) allows only 1.
  int restarts = 1;
  std::uint64_t seed = 0;
  /// Worker threads; 0 means one per processor. The result does not depend on it, to the last bit.
  int threads = 0;

  /// File that keeps the fit as it stands (em/checkpoint.h), rewritten every checkpoint_seconds ≥ 0; empty: none.
  std::string checkpoint = {};
  double checkpoint_seconds = 10;
  /// Go on from that file, to the same bits as without the interruption; begin afresh where it does not exist.
  bool resume = false;

  /// Called after every iteration of every restart, never by two threads at once. Verdict::stop ends all of them; the
  /// result is the best so far.
  std::function<Verdict(const Progress&)> callback = nullptr;

  /// Whether the algorithm climbs by one fixed map θ ↦ M(θ): exact, classification, restricted, single-cycle ECM.
  bool one_map() const;

  /// Throws ArgumentError naming the option that is out of its domain.
  void validate() const;
};

/// The seed with which start number `restart` of a fit can be repeated alone: seed itself for restart 0, else a number
/// below 2^53 derived from both.
std::uint64_t restart_seed(std::uint64_t seed, int restart);

}  // namespace jensen
