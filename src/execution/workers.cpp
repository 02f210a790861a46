#include <jensen/execution/workers.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace jensen {

struct Workers::State {
  std::mutex mutex;
  std::condition_variable work_came;
  std::condition_variable work_done;
  const std::function<void(int, int)>* task = nullptr;
  int tasks = 0;
  int next = 0;
  int unfinished = 0;
  bool closing = false;
  int failed_task = -1;
  std::exception_ptr failure;
  std::vector<std::thread> threads;

  // Runs tasks until none is left. Called and left with the lock held.
  void help(int worker, std::unique_lock<std::mutex>& lock) {
    while (next < tasks) {
      const int mine = next++;
      const auto* job = task;
      lock.unlock();
      std::exception_ptr thrown;
      try {
        (*job)(mine, worker);
      } catch (...) {
        thrown = std::current_exception();
      }
      lock.lock();
      if (thrown && (failed_task < 0 || mine < failed_task)) {
        failed_task = mine;
        failure = thrown;
      }
      if (--unfinished == 0) work_done.notify_all();
    }
  }

  void serve(int worker) {
    std::unique_lock lock(mutex);
    for (;;) {
      work_came.wait(lock, [&] { return closing || next < tasks; });
      if (closing) return;
      help(worker, lock);
    }
  }
};

Workers::Workers(int threads) : state_(std::make_unique<State>()) {
  if (threads <= 0) threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  for (int worker = 1; worker < threads; ++worker) {
    state_->threads.emplace_back([state = state_.get(), worker] { state->serve(worker); });
  }
}

Workers::~Workers() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->closing = true;
  }
  state_->work_came.notify_all();
  for (auto& thread : state_->threads) thread.join();
}

int Workers::count() const { return static_cast<int>(state_->threads.size()) + 1; }

void Workers::run(int tasks, const std::function<void(int, int)>& task) {
  if (tasks == 1 || state_->threads.empty()) {
    for (int t = 0; t < tasks; ++t) task(t, 0);
    return;
  }
  std::unique_lock lock(state_->mutex);
  state_->task = &task;
  state_->tasks = tasks;
  state_->next = 0;
  state_->unfinished = tasks;
  state_->failed_task = -1;
  state_->failure = nullptr;
  state_->work_came.notify_all();
  state_->help(0, lock);
  state_->work_done.wait(lock, [&] { return state_->unfinished == 0; });
  if (state_->failure) std::rethrow_exception(state_->failure);
}

}  // namespace jensen
