#include "progress.h"

#include <unistd.h>

#include <fmt/format.h>

#include <cstdio>

ProgressLine::ProgressLine(bool wanted)
    : wanted_(wanted && ::isatty(STDERR_FILENO) != 0),
      next_(std::chrono::steady_clock::now() + std::chrono::milliseconds(200)) {}

ProgressLine::~ProgressLine() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
}

void ProgressLine::show(const jensen::Progress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (!wanted_ || now < next_) return;
  next_ = now + std::chrono::milliseconds(100);
  shown_ = true;
  fmt::print(stderr, "\r\x1b[K{}restart {}/{}  iteration {}  log-likelihood {:.6f}", prefix_, progress.restart + 1,
             progress.restarts, progress.step.iteration, progress.step.reading.log_likelihood);
  std::fflush(stderr);
}
