#include <jensen/concepts.h>
#include <jensen/error.h>

namespace jensen {

Statistics& Statistics::operator+=(const Statistics& other) {
  if (sum.size() != other.sum.size()) throw ArgumentError("Statistics +=", "other", "has another number of sums");
  if (about != other.about) {
    throw ArgumentError("Statistics +=", "other", "was taken about other reference points; move() it first");
  }
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += other.sum[i];
  return *this;
}

Statistics& Statistics::operator*=(double factor) {
  for (double& s : sum) s *= factor;
  return *this;
}

Evidence& Evidence::operator+=(const Evidence& other) {
  log_likelihood += other.log_likelihood;
  entropy += other.entropy;
  state_entropy += other.state_entropy;
  weight += other.weight;
  return *this;
}

std::string describe(Capability capability) {
  switch (capability) {
    case Capability::rules: return "take any rule for q (its E-step takes no Rule)";
    case Capability::expected_log_joint: return "evaluate its expected log-joint";
    case Capability::global_bound: return "evaluate its expected log-joint away from the parameters of the E-step";
    case Capability::unconstrained: return "map its parameters to unconstrained coordinates";
    case Capability::parameters: return "list its parameters";
    case Capability::move: return "move its statistics to other reference points";
    case Capability::free_parameters: return "count its free parameters";
    case Capability::score: return "give the log-density of a row";
    case Capability::states: return "give responsibilities by row (it has no discrete states)";
    case Capability::sample: return "draw samples";
    case Capability::parts: return "maximise over one part of its parameters at a time";
    case Capability::impute: return "fill missing cells";
  }
  return "do that";
}

}  // namespace jensen
