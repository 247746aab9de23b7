#include "cpu.h"

namespace bothways {

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
#endif
    return f;
  }();
  return features;
}

}  // namespace bothways
