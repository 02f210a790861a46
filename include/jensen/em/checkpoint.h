// A fit on disk, so that one killed at any moment goes on where it was and ends with the same bits.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <jensen/data/data.h>
#include <jensen/em/best_start.h>
#include <jensen/em/options.h>

namespace jensen {

/// The file of one fit: what each start has come to, the best end, and for every start under way the θ accepted last,
/// its statistics, trace, variant and stride. It is replaced as a whole (written beside, synchronised, renamed).
/// Values are in the machine's own byte order. All member functions may be called by several threads.
class Checkpoint {
 public:
  struct Start {
    bool finished = false;
    RestartReport report;  ///< if finished
    double seconds = 0;    ///< finding the start
    std::string state;     ///< if under way: what climb() kept; empty if nothing yet
  };

  /// Reads the file if options.resume says so and it is there. Throws DataError where it is damaged or was made by
  /// another fit (other data, model or options), and UnsupportedError where the model cannot list its parameters.
  Checkpoint(const Model& prototype, const Data& data, const Options& options);

  const Start& start(int restart) const { return starts_[static_cast<std::size_t>(restart)]; }
  /// The ends of finished starts of which one may be the best.
  std::vector<EndedStart> ends(const Model& prototype) const;

  /// For climb(): writes the file if the last time was long enough ago, or `now`.
  void keep(int restart, double start_seconds, const std::function<void(StateWriter&)>& state, bool now);
  /// A start has ended; `ends`: of all finished ones those of which one may be the best.
  void finish(int restart, double start_seconds, const RestartReport& report, std::span<const EndedStart> ends);

 private:
  void read(const std::string& content);
  void write();

  std::string path_;
  double every_seconds_;
  std::string fingerprint_;
  std::mutex mutex_;
  std::vector<Start> starts_;
  std::vector<std::chrono::steady_clock::time_point> kept_;  // when each start was last
  std::vector<std::pair<int, std::string>> ends_;            // by start
};

}  // namespace jensen
