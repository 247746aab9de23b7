// What this CPU and its operating system allow.
#pragma once

namespace bothways {

struct CpuFeatures {
  bool avx2;     // AVX2 and FMA
  bool avx512;   // AVX-512 F, BW, DQ and VL, registers saved by the system
  bool bf16;     // AVX-512 BF16 besides
  bool amx;      // AMX tiles for bfloat16 besides, and the kernel's permission to use them
  bool amx_refused;  // the CPU has them, and the kernel said no
};

const CpuFeatures &cpu_features();

}  // namespace bothways
