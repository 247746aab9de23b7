// Threads: an argument of every operation that can use them, never a setting.
#pragma once

#include <cstdint>
#include <functional>

namespace bothways {

// Run task(0) ... task(tasks - 1) on at most `threads` threads, the caller one of them,
// and return when all are done. Tasks may run in any order: each must own what it writes.
// An exception in a task ends the loop and is thrown again here.
// No thread exists before the first call with threads > 1. Nested calls run in line.
void parallel_for(int64_t tasks, int threads, const std::function<void(int64_t)> &task);

}  // namespace bothways
