#include <jensen/em/model.h>

namespace jensen {

std::string describe(Capability capability) {
  switch (capability) {
    case Capability::rules: return "take any rule for q (its E-step takes no Rule)";
    case Capability::expected_log_joint: return "evaluate its expected log-joint";
    case Capability::unconstrained: return "map its parameters to unconstrained coordinates";
    case Capability::parameters: return "list its parameters";
    case Capability::move: return "move its statistics to other reference points";
    case Capability::free_parameters: return "count its free parameters";
    case Capability::score: return "give the log-density of a row";
    case Capability::states: return "give responsibilities by row (it has no discrete states)";
    case Capability::sample: return "draw samples";
  }
  return "do that";
}

}  // namespace jensen
