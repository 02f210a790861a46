// A pool of threads that share out numbered tasks.
#pragma once

#include <functional>
#include <memory>

#include <jensen/concepts.h>

namespace jensen {

class Workers final : public Helpers {
 public:
  /// threads ≥ 1, or 0 for one per processor. One thread means the caller's own.
  explicit Workers(int threads);
  ~Workers() override;
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int count() const;
  /// Calls task(t, worker) once for every t in 0 … tasks−1, worker in 0 … count()−1 saying whose memory to use; returns
  /// when all are done. If tasks throw, the exception of the lowest t is thrown here. Not to be called from a task.
  void run(int tasks, const std::function<void(int task, int worker)>& task);
  /// The same for tasks that bring their own memory; workers that have nothing else to do take part.
  void share(int tasks, const std::function<void(int task)>& task) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jensen
