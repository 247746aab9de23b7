// Memory for arrays and scratch, kept for the next call of a similar size.
#pragma once

#include <cstdint>

namespace bothways {

// Uninitialised memory on a cache line; throws std::bad_alloc.
//
// A training step needs the same large arrays again and again, and new ones come from the
// system page by page, which costs as much as computing what is written to them. So large
// blocks that are released are kept for a call of about their size; one that 64 calls in
// turn had no use for is given back.
void *allocate(int64_t bytes);
void release(void *memory);

// Ask the system to fill fresh memory in large pages as it is first written, where it allows that.
// Good for any memory: the contents stay as they are.
void prefer_large_pages(void *memory, int64_t bytes);

// Give all kept blocks back to the system; their bytes.
int64_t trim_memory();

}  // namespace bothways
