// The vector type of the AVX2 tier: eight lanes; see vec_scalar.h for the interface.
using Vec = __m256;
constexpr int kLanes = 8;
constexpr int kRows = 3;
constexpr int kVecs = 4;
constexpr bool kDotIsFast = false;

alignas(32) const int32_t kLaneMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

inline __m256i first_lanes(int64_t n) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(kLaneMask + 8 - n));
}
inline __m256i bits(Vec a) { return _mm256_castps_si256(a); }
inline Vec lanes(__m256i a) { return _mm256_castsi256_ps(a); }

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
inline bool all_equal(Vec a, Vec b) {
  return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_EQ_OQ)) == 0xff;
}
inline Vec bits_up(Vec a, int n) { return lanes(_mm256_slli_epi32(bits(a), n)); }
inline Vec bits_down(Vec a, int n) { return lanes(_mm256_srli_epi32(bits(a), n)); }
inline Vec bits_and(Vec a, uint32_t mask) {
  return lanes(_mm256_and_si256(bits(a), _mm256_set1_epi32(static_cast<int>(mask))));
}
inline Vec bits_or(Vec a, Vec b) { return _mm256_or_ps(a, b); }
inline Vec bits_add(Vec a, Vec b) { return lanes(_mm256_add_epi32(bits(a), bits(b))); }
inline Vec bits_add(Vec a, uint32_t b) {
  return lanes(_mm256_add_epi32(bits(a), _mm256_set1_epi32(static_cast<int>(b))));
}
inline Vec nan_bits(Vec a) { return _mm256_cmp_ps(a, a, _CMP_UNORD_Q); }
inline void store_upper_halves(uint16_t *p, Vec a, int64_t n) {
  const __m256i down = _mm256_srli_epi32(bits(a), 16);
  const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(down, down), 0x08);
  alignas(16) uint16_t eight[8];
  _mm_store_si128(reinterpret_cast<__m128i *>(eight), _mm256_castsi256_si128(packed));
  std::memcpy(p, eight, (n < kLanes ? n : kLanes) * sizeof(uint16_t));
}
