// bfloat16: the upper half of a float32. Numbers are rounded to it, to nearest and ties to
// even, on their way into a product; sums are float32.
//
// Two neighbours of the inner dimension share the 32 bits of a lane, the first one in the
// lower half: VDPBF16PS and the tiles of AMX read them so.

#ifndef BOTHWAYS_DOT  // a tier with instructions for these brings them
// Rounded, in the upper half of each lane; the lower half is zero. A NaN stays one.
inline Vec round_bf16(Vec a) {
  const Vec odd = bits_and(bits_down(a, 16), 1);
  const Vec rounded = bits_and(bits_add(bits_add(a, odd), 0x7fffu), 0xffff0000u);
  return bits_or(rounded, bits_and(nan_bits(a), 0x7fc00000u));
}

inline Vec pair_bf16(Vec first, Vec second) {
  return bits_or(bits_down(round_bf16(first), 16), round_bf16(second));
}

// The first n lanes of a to n neighbouring bfloat16.
inline void store_bf16(uint16_t *p, Vec a, int64_t n) { store_upper_halves(p, round_bf16(a), n); }

// c + a[0] b[0] + a[1] b[1] in each lane.
inline Vec dot(Vec a, Vec b, Vec c) {
  c = fma(bits_up(a, 16), bits_up(b, 16), c);
  return fma(bits_and(a, 0xffff0000u), bits_and(b, 0xffff0000u), c);
}
#endif

// How the numbers of a product travel: in words of 32 bits, one float32 or two bfloat16.
// `pack_row` writes K neighbours as words(K) words. `pack_words` writes n words of which
// each holds one number of each of kDepth rows; a missing second row counts as zeros.
struct NoSession {
  NoSession() {}
};

struct F32 {
  using Columns = F32;        // for products of a transposed left-hand side
  using Session = NoSession;  // lives as long as products are made
  static constexpr bool kTiles = false;
  static constexpr int64_t kSlack = 0;
  static constexpr int64_t kDepth = 1;
  static int64_t words(int64_t K) { return K; }
  static Vec multiply_add(Vec a, Vec b, Vec c) { return fma(a, b, c); }
  static void pack_row(const float *from, int64_t K, float *to) {
    std::memcpy(to, from, K * sizeof(float));
  }
  static void pack_words(const float *first, const float *, int64_t n, float *to) {
    for (int64_t j = 0; j < n; j += kLanes) store_n(to + j, load_n(first + j, n - j), n - j);
  }
};

struct Bf16 {
  using Columns = Bf16;
  using Session = NoSession;
  static constexpr bool kTiles = false;
  static constexpr int64_t kSlack = 0;
  static constexpr int64_t kDepth = 2;
  static int64_t words(int64_t K) { return (K + 1) / 2; }
  static Vec multiply_add(Vec a, Vec b, Vec c) { return dot(a, b, c); }
  static void pack_row(const float *from, int64_t K, float *to) {
    uint16_t *halves = reinterpret_cast<uint16_t *>(to);
    if (K % 2) halves[K] = 0;
    for (int64_t k = 0; k < K; k += kLanes) store_bf16(halves + k, load_n(from + k, K - k), K - k);
  }
  static void pack_words(const float *first, const float *second, int64_t n, float *to) {
    for (int64_t j = 0; j < n; j += kLanes) {
      const Vec other = second ? load_n(second + j, n - j) : set1(0.0f);
      store_n(to + j, pair_bf16(load_n(first + j, n - j), other), n - j);
    }
  }
};
