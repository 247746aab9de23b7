// What Python cannot reach of parallel.h: nesting, exceptions, many callers at once.
// Run under a sanitizer by run.py; ends with status 0 if everything holds.
#include "parallel.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using bothways::parallel_for;

namespace {

void expect(bool holds, const char *what) {
  if (holds) return;
  std::fprintf(stderr, "parallel_test: not so: %s\n", what);
  std::exit(1);
}

// Plain numbers, so that the sanitizer sees a task done twice, or read before it is done.
void each_task_once(int64_t tasks, int threads) {
  std::vector<int> done(tasks, 0);
  parallel_for(tasks, threads, [&](int64_t i) { ++done[i]; });
  for (const int count : done) expect(count == 1, "each task is done once");
}

void no_more_threads_than_asked_for() {
  std::mutex guard;
  std::set<std::thread::id> seen;
  parallel_for(64, 2, [&](int64_t) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::lock_guard<std::mutex> lock(guard);
    seen.insert(std::this_thread::get_id());
  });
  expect(seen.size() <= 2, "two threads at most");
  expect(seen.count(std::this_thread::get_id()) == 1, "the caller is one of them");
}

void nested_calls_run_in_line() {
  std::vector<int> done(9 * 9, 0);
  parallel_for(9, 3, [&](int64_t i) {
    const auto outer = std::this_thread::get_id();
    parallel_for(9, 3, [&](int64_t j) {
      expect(std::this_thread::get_id() == outer, "a nested call stays on its thread");
      ++done[9 * i + j];
    });
  });
  for (const int count : done) expect(count == 1, "each nested task is done once");
}

void an_exception_comes_back(int threads) {
  for (int64_t bad : {0, 5, 63}) {
    std::string caught;
    try {
      parallel_for(64, threads, [&](int64_t i) {
        if (i >= bad) throw std::runtime_error("task " + std::to_string(bad));
      });
    } catch (const std::runtime_error &error) {
      caught = error.what();
    }
    expect(caught == "task " + std::to_string(bad), "the exception of the task is thrown again");
    each_task_once(64, threads);  // and the pool is as before
  }
}

void a_child_has_a_pool_of_its_own() {
  const pid_t child = fork();
  if (child == 0) {
    each_task_once(100, 3);
    _exit(0);
  }
  int status;
  expect(waitpid(child, &status, 0) == child && status == 0, "a forked child works");
}

}  // namespace

int main() {
  parallel_for(0, 3, [](int64_t) { expect(false, "no task, no call"); });
  for (int threads : {1, 2, 3, 7}) {
    for (int64_t tasks : {1, 2, 5, 1000}) each_task_once(tasks, threads);
    an_exception_comes_back(threads);
  }
  no_more_threads_than_asked_for();
  nested_calls_run_in_line();
  std::vector<std::thread> callers;  // one of them has the workers, the others do without
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([c] {
      for (int round = 0; round < 300; ++round) each_task_once(40, 2 + c % 3);
    });
  }
  for (std::thread &caller : callers) caller.join();
  a_child_has_a_pool_of_its_own();
}
