#include <jensen/error.h>
#include <jensen/prior.h>

#include "data/text.h"

namespace jensen {

std::string to_string(Prior prior) { return prior == Prior::none ? "none" : "default"; }

Prior prior_named(std::string_view name) {
  for (const auto prior : {Prior::data_scaled, Prior::none}) {
    if (name == to_string(prior)) return prior;
  }
  throw ArgumentError("prior", "name", excerpt(name) + " is none of default, none");
}

}  // namespace jensen
