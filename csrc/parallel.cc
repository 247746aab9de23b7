#include "parallel.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <thread>

namespace bothways {
namespace {

// One parallel loop. Threads take the next index until none is left.
struct Loop {
  const std::function<void(int64_t)> &task;
  const int64_t tasks;
  int helpers_wanted;  // workers that may still join; guarded by the pool's mutex
  std::atomic<int64_t> next{0};
  std::mutex failing{};
  std::exception_ptr failure{};  // the first one; the rest of the tasks are left undone
};

thread_local bool inside_loop = false;

void drain(Loop &loop) {
  inside_loop = true;
  try {
    for (int64_t i; (i = loop.next.fetch_add(1, std::memory_order_relaxed)) < loop.tasks;) {
      loop.task(i);
    }
  } catch (...) {
    loop.next.store(loop.tasks, std::memory_order_relaxed);
    std::lock_guard<std::mutex> lock(loop.failing);
    if (!loop.failure) loop.failure = std::current_exception();
  }
  inside_loop = false;
}

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Wait until `value` is another than `old`. The loops of one training step follow each other
// within microseconds, with up to a millisecond of Python between some of them, and waking a
// thread can take as long on a virtual machine: so look for a moment, then for another while
// letting anyone else run who wants to, and only then go to sleep.
template <class T>
void wait_for_change(const std::atomic<T> &value, T old) {
  using Clock = std::chrono::steady_clock;
  for (int spin = 0; spin < 1000; ++spin) {
    if (value.load(std::memory_order_acquire) != old) return;
    pause();
  }
  for (const auto end = Clock::now() + std::chrono::milliseconds(2); Clock::now() < end;) {
    if (value.load(std::memory_order_acquire) != old) return;
    std::this_thread::yield();
  }
  value.wait(old, std::memory_order_acquire);
}

class Pool {
 public:
  void run(int64_t tasks, int threads, const std::function<void(int64_t)> &task) {
    std::unique_lock<std::mutex> one_loop(loops_, std::try_to_lock);
    if (!one_loop.owns_lock()) {  // another thread's loop has the workers: do not wait for it
      for (int64_t i = 0; i < tasks; ++i) task(i);
      return;
    }
    Loop loop{task, tasks, threads - 1, {}, {}, {}};
    {
      std::lock_guard<std::mutex> lock(mutex_);
      while (workers_ < threads - 1) {
        std::thread(&Pool::work, this).detach();
        ++workers_;
      }
      loop_ = &loop;
    }
    generation_.fetch_add(1, std::memory_order_release);
    generation_.notify_all();
    drain(loop);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      loop_ = nullptr;  // who has not joined by now stays out
    }
    for (int n; (n = running_.load(std::memory_order_acquire)) != 0;) wait_for_change(running_, n);
    if (loop.failure) std::rethrow_exception(loop.failure);
  }

 private:
  void work() {
    for (uint32_t seen = 0;;) {
      wait_for_change(generation_, seen);
      seen = generation_.load(std::memory_order_acquire);
      Loop *loop;
      {
        std::lock_guard<std::mutex> lock(mutex_);
        loop = loop_;
        if (!loop || loop->helpers_wanted == 0) continue;
        --loop->helpers_wanted;
        running_.fetch_add(1, std::memory_order_relaxed);
      }
      drain(*loop);
      if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_all();
    }
  }

  std::mutex loops_, mutex_;
  std::atomic<uint32_t> generation_{0};
  std::atomic<int> running_{0};
  Loop *loop_ = nullptr;  // guarded by mutex_
  int workers_ = 0;       // guarded by mutex_
};

std::atomic<Pool *> pool{nullptr};

// After a fork the workers do not exist in the child, so it begins with a pool of its own.
// Registered when the library is loaded, by one thread: a child of a fork in the middle of
// a later registration would wait for its end for ever.
const int registered = pthread_atfork(
    nullptr, nullptr, [] { pool.store(nullptr, std::memory_order_release); });

// Never destroyed: workers may still sleep in it when the process ends.
Pool &the_pool() {
  Pool *p = pool.load(std::memory_order_acquire);
  if (p) return *p;
  Pool *fresh = new Pool;
  if (pool.compare_exchange_strong(p, fresh, std::memory_order_acq_rel)) return *fresh;
  delete fresh;
  return *p;
}

}  // namespace

void parallel_for(int64_t tasks, int threads, const std::function<void(int64_t)> &task) {
  threads = static_cast<int>(std::min<int64_t>(threads, tasks));
  if (threads <= 1 || inside_loop) {
    for (int64_t i = 0; i < tasks; ++i) task(i);
    return;
  }
  the_pool().run(tasks, threads, task);
}

}  // namespace bothways
