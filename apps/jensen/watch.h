// What every fit of the tool is watched by: a line of progress, and Ctrl-C.
#pragma once

#include <jensen/em/options.h>

#include "interrupt.h"
#include "progress.h"

/// While it lives, fits with its options show how far they are and end early, with what they have, on Ctrl-C.
class Watch {
 public:
  explicit Watch(bool quiet) : progress(!quiet) {}

  jensen::Options over(jensen::Options options) {
    options.callback = [this](const jensen::Progress& now) {
      progress.show(now);
      return interrupt.noted() ? jensen::Verdict::stop : jensen::Verdict::go_on;
    };
    return options;
  }

  const Interrupt interrupt;
  ProgressLine progress;
};
