// The vector type of the AVX2 tier: eight lanes; see vec_scalar.h for the interface.
using Vec = __m256;
constexpr int kLanes = 8;
constexpr int kRows = 3;
constexpr int kVecs = 4;

alignas(32) const int32_t kLaneMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

inline __m256i first_lanes(int64_t n) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(kLaneMask + 8 - n));
}

inline Vec set1(float x) { return _mm256_set1_ps(x); }
inline Vec load(const float *p) { return _mm256_loadu_ps(p); }
inline Vec load_n(const float *p, int64_t n) {
  if (n >= kLanes) return load(p);
  sanitize_read(p, n);
  return _mm256_maskload_ps(p, first_lanes(n));
}
inline void store(float *p, Vec a) { _mm256_storeu_ps(p, a); }
inline void store_n(float *p, Vec a, int64_t n) {
  if (n >= kLanes) {
    store(p, a);
  } else {
    sanitize_write(p, n);
    _mm256_maskstore_ps(p, first_lanes(n), a);
  }
}
inline Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
inline Vec fnma(Vec a, Vec b, Vec c) { return _mm256_fnmadd_ps(a, b, c); }
inline Vec vmin(Vec a, Vec b) { return _mm256_min_ps(a, b); }
inline Vec vmax(Vec a, Vec b) { return _mm256_max_ps(a, b); }
inline Vec vsqrt(Vec a) { return _mm256_sqrt_ps(a); }
inline Vec vround(Vec a) {
  return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
inline Vec pow2(Vec n) {
  __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
  return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}
inline bool all_equal(Vec a, Vec b) {
  return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_EQ_OQ)) == 0xff;
}
