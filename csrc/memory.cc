#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace bothways {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr int64_t kLarge = INT64_MAX;  // a sanitizer sees an access beyond the end where that is
#else
constexpr int64_t kLarge = 1 << 18;
#endif
constexpr int64_t kHugePage = 1 << 21, kPatience = 64;

// Stands before what the caller gets, on a cache line of its own.
struct alignas(64) Header {
  int64_t bytes;  // of the whole block
  int64_t since;  // the call at which it was released
};

struct Kept {
  std::mutex mutex;
  std::vector<Header *> blocks;
  int64_t calls = 0;
};

// Never destroyed: arrays may be released when the process ends.
Kept &kept() {
  static Kept *const all = new Kept;
  return *all;
}

Header *new_block(int64_t bytes) {
  const int64_t grain = bytes >= kHugePage && bytes >= kLarge ? kHugePage : 64;
  if (grain > 64) bytes = (bytes + grain - 1) / grain * grain;
  void *memory;
  if (posix_memalign(&memory, grain, bytes)) throw std::bad_alloc();
  if (grain == kHugePage) prefer_large_pages(memory, bytes);
  return new (memory) Header{bytes, 0};
}

}  // namespace

void *allocate(int64_t bytes) {
  const int64_t needed = bytes + static_cast<int64_t>(sizeof(Header));
  if (needed < kLarge) return new_block(needed) + 1;
  Kept &k = kept();
  Header *best = nullptr;
  std::vector<Header *> old;
  {
    std::lock_guard<std::mutex> lock(k.mutex);
    ++k.calls;
    for (Header *block : k.blocks) {
      const bool fits = block->bytes >= needed && block->bytes <= 2 * (needed + kHugePage);
      if (fits && (!best || block->bytes < best->bytes)) best = block;
    }
    std::erase_if(k.blocks, [&](Header *block) {
      if (block == best) return true;
      if (k.calls - block->since <= kPatience) return false;
      old.push_back(block);
      return true;
    });
  }
  for (Header *block : old) std::free(block);
  // A little more than was asked for: the next batch may be a little larger.
  return (best ? best : new_block(needed + needed / 8)) + 1;
}

void release(void *memory) {
  Header *block = static_cast<Header *>(memory) - 1;
  if (block->bytes < kLarge) {
    std::free(block);
    return;
  }
  Kept &k = kept();
  std::lock_guard<std::mutex> lock(k.mutex);
  block->since = k.calls;
  k.blocks.push_back(block);
}

void prefer_large_pages([[maybe_unused]] void *memory, [[maybe_unused]] int64_t bytes) {
#if defined(__linux__)
  const uintptr_t begin = reinterpret_cast<uintptr_t>(memory), end = begin + bytes;
  const uintptr_t first = (begin + kHugePage - 1) / kHugePage * kHugePage;
  const uintptr_t last = end / kHugePage * kHugePage;
  if (first < last) madvise(reinterpret_cast<void *>(first), last - first, MADV_HUGEPAGE);
#endif
}

int64_t trim_memory() {
  Kept &k = kept();
  std::vector<Header *> blocks;
  {
    std::lock_guard<std::mutex> lock(k.mutex);
    blocks.swap(k.blocks);
  }
  int64_t bytes = 0;
  for (Header *block : blocks) {
    bytes += block->bytes;
    std::free(block);
  }
  return bytes;
}

}  // namespace bothways
