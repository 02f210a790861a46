// What a caller may ask of a fit.
#pragma once

#include <cstdint>
#include <functional>

#include <jensen/em/result.h>

namespace jensen {

/// Where a fit begins, when no parameters are given: a rule for q on the first pass, so that every model with discrete
/// states can be started without code of its own.
enum class Start {
  k_means_plus_plus,  ///< D² seeding (Arthur and Vassilvitskii 2007) on scaled columns, each row to its nearest seed
  random,             ///< responsibilities uniform on the simplex, independent by row
  hierarchical,  ///< Ward's agglomeration on scaled columns, cut at K clusters; same for every seed up to 2000 rows
  short_runs,    ///< the best of several short EM runs from random seeds (Biernacki, Celeux and Govaert 2003)
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

  Start start = Start::given;
  /// Independent starts; the best end is returned. ≥ 1; a deterministic start (given) allows only 1.
  int restarts = 1;
  std::uint64_t seed = 0;
  /// Worker threads; 0 means one per processor. The result does not depend on it, to the last bit.
  int threads = 0;

  /// Called after every iteration of every restart, never by two threads at once. Verdict::stop ends all of them; the
  /// result is the best so far.
  std::function<Verdict(const Progress&)> callback = nullptr;

  /// Throws ArgumentError naming the option that is out of its domain.
  void validate() const;
};

/// The seed with which start number `restart` of a fit can be repeated alone: seed itself for restart 0, else a number
/// below 2^53 derived from both.
std::uint64_t restart_seed(std::uint64_t seed, int restart);

}  // namespace jensen
