#include <jensen/em/options.h>
#include <jensen/error.h>
#include <jensen/math/random.h>

#include <fmt/format.h>

#include <cmath>

namespace jensen {

bool Options::one_map() const {
  return algorithm == Algorithm::exact || algorithm == Algorithm::classification ||
         algorithm == Algorithm::restricted || (algorithm == Algorithm::ecm && !variant.multicycle);
}

void Options::validate() const {
  const auto refuse = [](const char* option, const std::string& problem) {
    throw ArgumentError("fit", option, problem);
  };
  if (!(tolerance >= 0) || !std::isfinite(tolerance)) {
    refuse("tolerance", fmt::format("must be finite and ≥ 0, got {}", tolerance));
  }
  if (max_iterations < 0) refuse("max_iterations", fmt::format("must be ≥ 0, got {}", max_iterations));
  if (restarts < 1) refuse("restarts", fmt::format("must be ≥ 1, got {}", restarts));
  if (threads < 0) refuse("threads", fmt::format("must be ≥ 0 (0: one per processor), got {}", threads));
  variant.validate(algorithm);
  const bool leaps = acceleration != Acceleration::none && acceleration != Acceleration::automatic;
  if (leaps && !one_map()) {
    refuse("acceleration", fmt::format("must be none with algorithm {}, whose steps are not one fixed map, got {}",
                                       to_string(algorithm), to_string(acceleration)));
  }
  if (!(checkpoint_seconds >= 0)) {
    refuse("checkpoint_seconds", fmt::format("must be ≥ 0, got {}", checkpoint_seconds));
  }
  if (resume && checkpoint.empty()) refuse("resume", "needs a checkpoint to go on from");
  if (!checkpoint.empty() && variant.restricted_q) {
    refuse("checkpoint", "cannot be kept of a restricted q, which is the caller's own code");
  }
  if (start == Start::given && restarts > 1) {
    refuse("restarts",
           fmt::format("must be 1 when the start is given, got {}: every restart would be the same", restarts));
  }
}

std::uint64_t restart_seed(std::uint64_t seed, int restart) {
  if (restart == 0) return seed;
  return Stream(seed, Purpose::restart_seed, static_cast<std::uint64_t>(restart)).bits() >> 11;
}

}  // namespace jensen
