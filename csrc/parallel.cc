#include "parallel.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

namespace bothways {
namespace {

// One parallel loop. Workers take the next index until none is left.
struct Loop {
  const std::function<void(int64_t)> *task;
  int64_t tasks;
  int64_t next = 0;     // guarded by taking it atomically
  int helpers_wanted;   // workers that may still join
  int running = 0;      // workers inside
};

thread_local bool inside_loop = false;

class Pool {
 public:
  void run(int64_t tasks, int threads, const std::function<void(int64_t)> &task) {
    std::unique_lock<std::mutex> one_loop(loops_, std::try_to_lock);
    if (!one_loop.owns_lock()) {  // another thread's loop has the workers: do not wait for it
      for (int64_t i = 0; i < tasks; ++i) task(i);
      return;
    }
    Loop loop{&task, tasks, 0, threads - 1};
    {
      std::lock_guard<std::mutex> lock(mutex_);
      while (static_cast<int>(workers_) < threads - 1) {
        std::thread(&Pool::work, this).detach();
        ++workers_;
      }
      loop_ = &loop;
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    drain(loop);
    std::unique_lock<std::mutex> lock(mutex_);
    loop_ = nullptr;
    done_.wait(lock, [&] { return loop.running == 0; });
  }

 private:
  static void drain(Loop &loop) {
    inside_loop = true;
    for (;;) {
      int64_t i = __atomic_fetch_add(&loop.next, 1, __ATOMIC_RELAXED);
      if (i >= loop.tasks) break;
      (*loop.task)(i);
    }
    inside_loop = false;
  }

  void work() {
    uint64_t seen = 0;
    for (;;) {
      // The loops of one training step follow each other within microseconds:
      // look for the next one for a moment before going to sleep.
      for (int spin = 0; spin < 2000 && generation_.load(std::memory_order_acquire) == seen; ++spin)
        __builtin_ia32_pause();
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return generation_.load(std::memory_order_relaxed) != seen; });
      seen = generation_.load(std::memory_order_relaxed);
      Loop *loop = loop_;
      if (!loop || loop->helpers_wanted == 0) continue;
      --loop->helpers_wanted;
      ++loop->running;
      lock.unlock();
      drain(*loop);
      lock.lock();
      if (--loop->running == 0) done_.notify_all();
    }
  }

  std::mutex loops_, mutex_;
  std::condition_variable wake_, done_;
  std::atomic<uint64_t> generation_{0};
  Loop *loop_ = nullptr;
  unsigned workers_ = 0;
};

std::atomic<Pool *> pool{nullptr};

// Never destroyed: workers may still sleep in it when the process ends. After a fork
// the workers do not exist in the child, so the child begins with a pool of its own.
Pool &the_pool() {
  Pool *p = pool.load(std::memory_order_acquire);
  if (p) return *p;
  static const int registered = pthread_atfork(
      nullptr, nullptr, [] { pool.store(nullptr, std::memory_order_release); });
  (void)registered;
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

void *allocate(int64_t bytes) {
  void *memory = std::aligned_alloc(64, (bytes + 127) / 64 * 64);
  if (!memory) throw std::bad_alloc();
  return memory;
}

void release(void *memory) { std::free(memory); }

}  // namespace bothways
