// What a call is refused with.
#pragma once

#include <functional>
#include <string>

#include <jensen/error.h>

namespace jensen::support {

/// The message of the Refusal that `call` throws, or "accepted".
template <class Refusal = Error>
std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Refusal& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace jensen::support
