// The AVX2 tier. What is shared with other files is included before the target region, so
// that no inline function of theirs is compiled for this tier.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstdint>
#include <cstring>

#include "kernels.h"
#include "memory.h"
#include "sanitize.h"

#pragma GCC push_options
#pragma GCC target("avx2,fma")

namespace bothways {
namespace {
#include "vec_avx2.h"
#include "tier-inl.h"
}  // namespace

const Kernels kAvx2 = table("avx2");

}  // namespace bothways

#pragma GCC pop_options
#endif
