#include "watch.h"

#include <chrono>
#include <future>
#include <thread>

namespace jensen::python {

Options Watch::over(Options options) {
  options.callback = [this](const Progress& progress) {
    if (!stop_ && !callback_.is_none() && ask(progress)) stop_ = true;
    return stop_ ? Verdict::stop : Verdict::go_on;
  };
  return options;
}

bool Watch::ask(const Progress& progress) {
  const nb::gil_scoped_acquire lock;
  try {
    const Step& step = progress.step;
    return nb::cast<bool>(
        nb::bool_(callback_(progress.restart, progress.restarts, step.iteration, step.reading.log_likelihood,
                            step.reading.objective(), step.gain, step.remaining, step.seconds)));
  } catch (...) {
    failure_ = std::current_exception();
    return true;
  }
}

void Watch::look_for_signals() {
  const nb::gil_scoped_acquire lock;
  if (PyErr_CheckSignals() == 0) return;
  stop_ = true;
  if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt) != 0) {
    ++interrupts_;
    PyErr_Clear();
    return;
  }
  try {
    nb::raise_python_error();
  } catch (...) {
    failure_ = std::current_exception();
  }
}

void Watch::run(const std::function<void()>& work) {
  std::exception_ptr thrown;
  {
    const nb::gil_scoped_release unlocked;
    std::promise<void> done;
    auto ended = done.get_future();
    std::thread worker([&] {
      try {
        work();
      } catch (...) {
        thrown = std::current_exception();
      }
      done.set_value();
    });
    while (ended.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) look_for_signals();
    worker.join();
  }
  if (failure_) std::rethrow_exception(failure_);
  if (interrupts_ > 1 || (interrupts_ > 0 && thrown)) {
    PyErr_SetNone(PyExc_KeyboardInterrupt);
    nb::raise_python_error();
  }
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace jensen::python
