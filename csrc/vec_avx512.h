// The vector type of the AVX-512 tier: sixteen lanes; see vec_scalar.h for the interface.
using Vec = __m512;
constexpr int kLanes = 16;
constexpr int kRows = 6;
constexpr int kVecs = 4;

inline __mmask16 first_lanes(int64_t n) {
  return n >= kLanes ? 0xffff : static_cast<__mmask16>((1u << n) - 1);
}

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
inline Vec vround(Vec a) {
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
inline Vec pow2(Vec n) { return _mm512_scalef_ps(set1(1.0f), n); }
inline bool all_equal(Vec a, Vec b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ) == 0xffff;
}
