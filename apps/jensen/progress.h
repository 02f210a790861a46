// One line on a terminal that says how far a fit is.
#pragma once

#include <jensen/em/result.h>

#include <chrono>
#include <string>

class ProgressLine {
 public:
  /// Shows nothing where `wanted` is false or standard error is no terminal.
  explicit ProgressLine(bool wanted);
  /// Erases the line.
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// What comes before each line from now on.
  void set_prefix(std::string prefix) { prefix_ = std::move(prefix); }
  void show(const jensen::Progress& progress);

 private:
  bool shown_ = false;
  bool wanted_;
  std::string prefix_;
  std::chrono::steady_clock::time_point next_;
};
