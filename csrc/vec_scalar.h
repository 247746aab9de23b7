// The vector type of the scalar tier: one lane. It also documents the interface that
// the other tiers supply.
using Vec = float;
constexpr int kLanes = 1;       // floats in a Vec
constexpr int kRows = 2;        // rows of a register tile, beside kVecs vectors of columns
constexpr int kVecs = 4;        // (kRows + 1) * kVecs + 1 registers are in use

inline Vec set1(float x) { return x; }
inline Vec load(const float *p) { return *p; }
inline Vec load_n(const float *p, int64_t) { return *p; }      // the first n lanes, the others 0
inline void store(float *p, Vec a) { *p = a; }
inline void store_n(float *p, Vec a, int64_t) { *p = a; }      // the first n lanes
inline Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }      // a * b + c
inline Vec fnma(Vec a, Vec b, Vec c) { return c - a * b; }     // c - a * b
inline Vec vmin(Vec a, Vec b) { return a < b ? a : b; }        // b where either is NaN
inline Vec vmax(Vec a, Vec b) { return a > b ? a : b; }        // b where either is NaN
inline Vec vsqrt(Vec a) { return std::sqrt(a); }
inline Vec vround(Vec a) { return std::nearbyint(a); }         // to nearest, ties to even
inline Vec pow2(Vec n) {                                       // 2**n, n whole, -126 to 127
  if (n != n) return n;
  return std::bit_cast<float>((static_cast<int32_t>(n) + 127) << 23);
}
inline bool all_equal(Vec a, Vec b) { return a == b; }         // false where either is NaN
