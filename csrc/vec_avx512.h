// The vector type of the AVX-512 tier: sixteen lanes; see vec_scalar.h for the interface.
using Vec = __m512;
constexpr int kLanes = 16;
constexpr int kRows = 6;
constexpr int kVecs = 4;
#ifndef BOTHWAYS_DOT
constexpr bool kDotIsFast = false;
#endif

inline __mmask16 first_lanes(int64_t n) {
  return n >= kLanes ? 0xffff : static_cast<__mmask16>((1u << n) - 1);
}
inline __m512i bits(Vec a) { return _mm512_castps_si512(a); }
inline Vec lanes(__m512i a) { return _mm512_castsi512_ps(a); }

inline Vec set1(float x) { return _mm512_set1_ps(x); }
inline Vec load(const float *p) { return _mm512_loadu_ps(p); }
inline Vec load_n(const float *p, int64_t n) {
  sanitize_read(p, n < kLanes ? n : kLanes);
  return _mm512_maskz_loadu_ps(first_lanes(n), p);
}
inline void store(float *p, Vec a) { _mm512_storeu_ps(p, a); }
inline void store_n(float *p, Vec a, int64_t n) {
  sanitize_write(p, n < kLanes ? n : kLanes);
  _mm512_mask_storeu_ps(p, first_lanes(n), a);
}
inline Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
inline Vec fnma(Vec a, Vec b, Vec c) { return _mm512_fnmadd_ps(a, b, c); }
inline Vec vmin(Vec a, Vec b) { return _mm512_min_ps(a, b); }
inline Vec vmax(Vec a, Vec b) { return _mm512_max_ps(a, b); }
inline Vec vsqrt(Vec a) { return _mm512_sqrt_ps(a); }
inline bool all_equal(Vec a, Vec b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ) == 0xffff;
}
inline Vec bits_up(Vec a, int n) { return lanes(_mm512_slli_epi32(bits(a), n)); }
inline Vec bits_down(Vec a, int n) { return lanes(_mm512_srli_epi32(bits(a), n)); }
inline Vec bits_and(Vec a, uint32_t mask) {
  return lanes(_mm512_and_si512(bits(a), _mm512_set1_epi32(static_cast<int>(mask))));
}
inline Vec bits_or(Vec a, Vec b) { return _mm512_or_ps(a, b); }
inline Vec bits_add(Vec a, Vec b) { return lanes(_mm512_add_epi32(bits(a), bits(b))); }
inline Vec bits_add(Vec a, uint32_t b) {
  return lanes(_mm512_add_epi32(bits(a), _mm512_set1_epi32(static_cast<int>(b))));
}
inline Vec nan_bits(Vec a) {
  return lanes(_mm512_movm_epi32(_mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q)));
}
inline void store_upper_halves(uint16_t *p, Vec a, int64_t n) {
  _mm256_mask_storeu_epi16(p, first_lanes(n),
                           _mm512_cvtepi32_epi16(_mm512_srli_epi32(bits(a), 16)));
}
