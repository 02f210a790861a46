#include <jensen/execution/workers.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace jensen {

namespace {

// Tasks that were handed out together. Guarded by the pool's mutex.
struct Job {
  const std::function<void(int, int)>& task;
  int tasks;
  int next = 0;
  int unfinished = tasks;
  int failed_task = -1;
  std::exception_ptr failure = {};
};

}  // namespace

struct Workers::State {
  std::mutex mutex;
  std::condition_variable work_came;
  std::condition_variable work_done;
  std::vector<Job*> jobs;  // the innermost last
  bool closing = false;
  std::vector<std::thread> threads;

  // The innermost job that has a task left: who waits for it holds up what is outside.
  Job* open_job() const {
    const auto found = std::find_if(jobs.rbegin(), jobs.rend(), [](const Job* job) { return job->next < job->tasks; });
    return found == jobs.rend() ? nullptr : *found;
  }

  // Runs the job's next task. Called and left with the lock held.
  void help(Job& job, int worker, std::unique_lock<std::mutex>& lock) {
    const int mine = job.next++;
    lock.unlock();
    std::exception_ptr thrown;
    try {
      job.task(mine, worker);
    } catch (...) {
      thrown = std::current_exception();
    }
    lock.lock();
    if (thrown && (job.failed_task < 0 || mine < job.failed_task)) {
      job.failed_task = mine;
      job.failure = thrown;
    }
    if (--job.unfinished == 0) work_done.notify_all();
  }

  void serve(int worker) {
    std::unique_lock lock(mutex);
    for (;;) {
      work_came.wait(lock, [&] { return closing || open_job() != nullptr; });
      if (closing) return;
      help(*open_job(), worker, lock);
    }
  }

  void run(int tasks, const std::function<void(int, int)>& task) {
    Job job{task, tasks};
    std::unique_lock lock(mutex);
    jobs.push_back(&job);
    work_came.notify_all();
    while (job.next < job.tasks) help(job, 0, lock);
    work_done.wait(lock, [&] { return job.unfinished == 0; });
    jobs.erase(std::find(jobs.begin(), jobs.end(), &job));
    if (job.failure) std::rethrow_exception(job.failure);
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
  if (tasks > 1 && !state_->threads.empty()) return state_->run(tasks, task);
  for (int t = 0; t < tasks; ++t) task(t, 0);
}

void Workers::share(int tasks, const std::function<void(int)>& task) {
  if (tasks > 1 && !state_->threads.empty()) return state_->run(tasks, [&](int t, int) { task(t); });
  for (int t = 0; t < tasks; ++t) task(t);
}

}  // namespace jensen
