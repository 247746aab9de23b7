// AVX-512 with its bfloat16 instructions; the rest is vec_avx512.h. Subnormal numbers count
// as zero in them.
#define BOTHWAYS_DOT
#include "vec_avx512.h"
constexpr bool kDotIsFast = true;

inline Vec dot(Vec a, Vec b, Vec c) {
  return _mm512_dpbf16_ps(c, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
}

inline void store_bf16(uint16_t *p, Vec a, int64_t n) {
  _mm256_mask_storeu_epi16(p, first_lanes(n), reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(a)));
}

inline Vec pair_bf16(Vec first, Vec second) {
  // The instruction puts one after the other; the permutation interleaves them.
  alignas(64) static const uint16_t order[32] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,
                                                 21, 6, 22, 7, 23, 8,  24, 9,  25, 10, 26,
                                                 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(second, first));
  return lanes(_mm512_permutexvar_epi16(_mm512_load_si512(order), both));
}
