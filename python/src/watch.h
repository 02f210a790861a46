// Python's view of a fit under way: progress, Ctrl-C, and a lock that others can take meanwhile.
#pragma once

#include <nanobind/nanobind.h>

#include <jensen/em/options.h>

#include <atomic>
#include <exception>
#include <functional>

namespace jensen::python {

namespace nb = nanobind;

/// Runs a fit on a thread of its own without the interpreter's lock, while the caller's thread looks for signals.
/// Python handles them on the main thread alone, whereas the engine calls back from any.
class Watch {
 public:
  /// callback: None, or called with (restart, restarts, iteration, log_likelihood, objective, gain, remaining, seconds)
  /// after every iteration; a true answer ends the fit.
  explicit Watch(nb::object callback) : callback_(std::move(callback)) {}

  Options over(Options options);
  /// Throws what `work` or the callback threw, and KeyboardInterrupt where a second Ctrl-C came or the first one left
  /// nothing to return.
  void run(const std::function<void()>& work);
  /// Ctrl-C ended the fit.
  bool interrupted() const { return interrupts_ > 0; }

 private:
  bool ask(const Progress& progress);
  void look_for_signals();

  nb::object callback_;
  std::atomic<bool> stop_ = false;
  int interrupts_ = 0;
  std::exception_ptr failure_;  // of Python code: the callback's, or of a signal's handler
};

}  // namespace jensen::python
