// The AMX tier: AVX-512 with bfloat16 instructions, and tiles. What is shared with other files is included before the target region, so
// that no inline function of theirs is compiled for this tier.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "kernels.h"
#include "memory.h"
#include "sanitize.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,amx-tile,amx-bf16,avx2,fma")

namespace bothways {
namespace {
#include "vec_avx512bf16.h"
#include "tier-inl.h"
#include "tiles_amx.h"
#include "amx-inl.h"
}  // namespace

const Kernels kAmx = table<AmxBf16>("amx");

}  // namespace bothways

#pragma GCC pop_options
#endif
