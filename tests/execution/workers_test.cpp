#include <gtest/gtest.h>
#include <jensen/execution/workers.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace jensen {
namespace {

TEST(ParallelWorkers, CountIsWhatWasAskedFor) {
  EXPECT_EQ(Workers(1).count(), 1);
  EXPECT_EQ(Workers(5).count(), 5);
  EXPECT_EQ(Workers(0).count(), static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
}

TEST(ParallelWorkers, EveryTaskRunsOnceWithAWorkersNumber) {
  for (const int threads : {1, 2, 7}) {
    Workers workers(threads);
    for (const int tasks : {0, 1, 2, 6, 500}) {
      std::vector<std::atomic<int>> runs(static_cast<std::size_t>(tasks));
      std::atomic<bool> inside = true;
      workers.run(tasks, [&](int task, int worker) {
        ++runs[static_cast<std::size_t>(task)];
        if (worker < 0 || worker >= threads) inside = false;
      });
      for (const auto& count : runs) EXPECT_EQ(count, 1);
      EXPECT_TRUE(inside);
    }
  }
}

TEST(ParallelWorkers, NoTwoTasksShareAWorkerAtATime) {
  Workers workers(4);
  std::vector<std::atomic<int>> busy(4);
  std::atomic<int> collisions = 0;
  workers.run(2000, [&](int, int worker) {
    auto& mine = busy[static_cast<std::size_t>(worker)];
    if (++mine != 1) ++collisions;
    std::this_thread::yield();
    --mine;
  });
  EXPECT_EQ(collisions, 0);
}

TEST(ParallelWorkers, SeveralThreadsDoTakePart) {
  Workers workers(2);
  std::atomic<int> arrived = 0;
  workers.run(2, [&](int, int) {  // each waits for the other: one thread alone would never finish
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
  });
  EXPECT_EQ(arrived, 2);
}

TEST(ParallelWorkers, TasksShareTheirWork) {
  for (const int threads : {1, 2, 5}) {
    Workers workers(threads);
    std::vector<std::atomic<int>> runs(60);
    workers.run(6, [&](int task, int) {
      workers.share(10, [&](int part) { ++runs[static_cast<std::size_t>(10 * task + part)]; });
      for (int part = 0; part < 10; ++part) EXPECT_EQ(runs[static_cast<std::size_t>(10 * task + part)], 1);
    });
    for (const auto& count : runs) EXPECT_EQ(count, 1);
  }
}

TEST(ParallelWorkers, IdleThreadsTakePartInATask) {
  Workers workers(2);
  std::atomic<int> arrived = 0;
  workers.run(1, [&](int, int) {
    workers.share(2, [&](int) {  // each waits for the other
      ++arrived;
      while (arrived < 2) std::this_thread::yield();
    });
  });
  EXPECT_EQ(arrived, 2);
}

TEST(ParallelWorkers, WhatASharedTaskThrowsReachesTheCaller) {
  Workers workers(3);
  EXPECT_THROW(workers.run(4,
                           [&](int task, int) {
                             workers.share(3, [&](int part) {
                               if (task == 2 && part == 1) throw std::runtime_error("part");
                             });
                           }),
               std::runtime_error);
}

TEST(ParallelWorkers, TheLowestTaskWinsEvenIfItThrowsLast) {
  Workers workers(2);
  std::atomic<bool> other_threw = false;
  try {
    workers.run(2, [&](int task, int) {
      if (task == 1) {
        other_threw = true;
        throw std::runtime_error("1");
      }
      while (!other_threw) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      throw std::runtime_error("0");
    });
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "0");
  }
}

TEST(ParallelWorkers, TheLowestTasksExceptionIsThrownAndThePoolSurvives) {
  Workers workers(3);
  for (int repeat = 0; repeat < 20; ++repeat) {
    try {
      workers.run(40, [](int task, int) {
        if (task % 7 == 3) throw std::runtime_error(std::to_string(task));
      });
      FAIL();
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "3");
    }
    std::atomic<int> done = 0;
    workers.run(10, [&](int, int) { ++done; });
    EXPECT_EQ(done, 10);
  }
}

}  // namespace
}  // namespace jensen
