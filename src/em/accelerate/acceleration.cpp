#include <jensen/em/accelerate/acceleration.h>
#include <jensen/error.h>

#include <cmath>

namespace jensen {

std::string to_string(Acceleration acceleration) {
  switch (acceleration) {
    case Acceleration::none: return "none";
    case Acceleration::squarem: return "squarem";
    case Acceleration::anderson: return "anderson";
    case Acceleration::quasi_newton: return "quasi-newton";
    case Acceleration::automatic: return "automatic";
  }
  return "unknown";
}

std::unique_ptr<Stride> make_stride(Acceleration acceleration) {
  switch (acceleration) {
    case Acceleration::none:
    case Acceleration::automatic: break;  // of what model it is, the caller has to say
    case Acceleration::squarem: return std::make_unique<Squarem>();
    case Acceleration::anderson: return std::make_unique<Anderson>();
    case Acceleration::quasi_newton: return std::make_unique<QuasiNewton>();
  }
  return std::make_unique<PlainStride>();
}

std::unique_ptr<Model> at_coordinates(const Model& like, std::span<const double> u) {
  for (double value : u) {
    if (!std::isfinite(value)) return nullptr;
  }
  auto model = like.clone();
  try {
    model->set_unconstrained(u);
    if (model->can(Capability::parameters)) model->set_parameters(model->parameters());
  } catch (const ArgumentError&) {  // beyond what numbers can hold
    return nullptr;
  }
  return model;
}

}  // namespace jensen
