#include "cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace bothways {
namespace {

#if defined(__x86_64__)
// Whether the CPU has tiles and bfloat16 products of them, and the system saves their state.
bool has_tiles() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return false;
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  const unsigned tile_state = 3u << 17;
  if ((low & tile_state) != tile_state) return false;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  return (d >> 22 & 1) && (d >> 24 & 1);
}

// Linux gives a process the tiles' 8 KiB of state only when it asks (since 5.16).
bool allowed_tiles() {
#if defined(__linux__) && defined(SYS_arch_prctl)
  const long request_permission = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
#else
  return false;
#endif
}
#endif

}  // namespace

const CpuFeatures &cpu_features() {
  // The builtins read CPUID and XGETBV, so a bit that is set can also be used.
  static const CpuFeatures features = [] {
    CpuFeatures f{};
#if defined(__x86_64__)
    __builtin_cpu_init();
    f.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    f.avx512 = f.avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    f.bf16 = f.avx512 && __builtin_cpu_supports("avx512bf16");
    const bool tiles = f.bf16 && has_tiles();
    f.amx = tiles && allowed_tiles();
    f.amx_refused = tiles && !f.amx;
#endif
    return f;
  }();
  return features;
}

}  // namespace bothways
