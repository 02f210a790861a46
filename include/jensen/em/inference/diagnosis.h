// How a fit stands: how fast EM goes there, what the unseen costs, and how well the data determine the parameters.
#pragma once

#include <concepts>
#include <string>
#include <vector>

#include <jensen/data/data.h>
#include <jensen/em/inference/uncertainty.h>
#include <jensen/em/model.h>
#include <jensen/em/result.h>

namespace jensen {

struct ParameterDiagnosis {
  std::string name;
  double estimate = 0;
  Available standard_error;    ///< by Oakes' identity
  Available missing_fraction;  ///< 1 − V_c / V_o: the share of the information about it that not seeing z costs
};

/// A direction in which parameters move together, by its largest movers.
struct Direction {
  struct Mover {
    std::string name;
    double by = 0;  ///< in standard errors, the largest being 1
  };
  std::vector<Mover> movers;
};

/// What stopping at a tolerance (per observation, em/options.h) leaves.
struct LooserStop {
  double tolerance = 0;
  double left = 0;             ///< log-likelihood still to gain, as Aitken would estimate it there
  double standard_errors = 0;  ///< √(2 left): how far off parameters may be, in standard errors
  int iterations_saved = 0;    ///< against the default tolerance, 1e-8
};

struct Diagnosis {
  double observations = 0;
  double weight = 0;
  int coordinates = 0;  ///< free parameters
  int evaluations = 0;  ///< E-steps made

  Bound bound;           ///< at θ, q the posterior
  double bound_gap = 0;  ///< per observation; 0 to rounding, or the model's Q or entropy is wrong
  double gain_left = 0;  ///< log-likelihood that a Newton step would gain: 0 at an optimum
  /// Largest modulus of an eigenvalue of the Jacobian of the EM map at θ: errors shrink by it in each iteration. It,
  /// what is missing and the condition are those of the coordinates that the data speak about and that no parameter at
  /// the edge of its range (a probability estimated as 0, say) owns.
  Available rate;
  /// Largest eigenvalue of complete⁻¹ · missing information; equal to the rate where the M-step maximises Q.
  Available missing_fraction;
  Direction slowest;  ///< that of the largest missing fraction
  /// Ratio of the extreme eigenvalues of the observed information, its diagonal scaled to 1.
  Available condition;
  Direction weakest;  ///< that of the smallest eigenvalue
  std::vector<ParameterDiagnosis> parameters;
  std::vector<LooserStop> looser;
  std::vector<std::string> findings;  ///< what deserves attention, in sentences; empty where all is well
};

/// Looks at θ, which should be where a fit to `data` has ended. 1 + 8p E-steps for p coordinates, 32 in one pass.
/// Needs unconstrained, expected_log_joint and parameters. Errors: as standard_errors().
Diagnosis diagnose(const Model& theta, const Data& data, int threads = 0);

template <LatentModel M>
Diagnosis diagnose(const M& theta, const Data& data, int threads = 0) {
  if constexpr (std::derived_from<M, Model>) {
    return diagnose(static_cast<const Model&>(theta), data, threads);
  } else {
    return diagnose(static_cast<const Model&>(Erased<M>(theta)), data, threads);
  }
}

/// The same question put to a trace: where each looser tolerance (decades above the last estimate still to gain) would
/// have ended the fit, and what it would have left, measured against the end of the trace plus Aitken's estimate there.
struct EarlierStop {
  double tolerance = 0;
  int iteration = 0;
  double estimated = 0;  ///< Aitken's estimate at that iteration
  double left = 0;       ///< what was in fact still gained
};
std::vector<EarlierStop> earlier_stops(const Report& report);

}  // namespace jensen
