// For sanitized builds (tests/sanitize): what a masked instruction touches. Compilers check
// plain accesses by themselves and do not see through these; elsewhere both are nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
extern "C" void __asan_loadN(void *, ptrdiff_t);
extern "C" void __asan_storeN(void *, ptrdiff_t);
#elif defined(__SANITIZE_THREAD__)
extern "C" void __tsan_read_range(void *, ptrdiff_t);
extern "C" void __tsan_write_range(void *, ptrdiff_t);
#endif

namespace bothways {

inline void sanitize_read([[maybe_unused]] const float *p, [[maybe_unused]] int64_t count) {
#if defined(__SANITIZE_ADDRESS__)
  if (count > 0) __asan_loadN(const_cast<float *>(p), count * sizeof(float));
#elif defined(__SANITIZE_THREAD__)
  if (count > 0) __tsan_read_range(const_cast<float *>(p), count * sizeof(float));
#endif
}

inline void sanitize_write([[maybe_unused]] float *p, [[maybe_unused]] int64_t count) {
#if defined(__SANITIZE_ADDRESS__)
  if (count > 0) __asan_storeN(p, count * sizeof(float));
#elif defined(__SANITIZE_THREAD__)
  if (count > 0) __tsan_write_range(p, count * sizeof(float));
#endif
}

}  // namespace bothways
