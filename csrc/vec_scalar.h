// The vector type of the scalar tier: one lane. It also documents the interface that
// the other tiers supply.
using Vec = float;
constexpr int kLanes = 1;       // floats in a Vec
constexpr int kRows = 2;        // rows of a register tile, beside kVecs vectors of columns
constexpr int kVecs = 4;        // (kRows + 1) * kVecs + 1 registers are in use
constexpr bool kDotIsFast = false;  // an instruction for `dot`

inline uint32_t bits(Vec a) { return std::bit_cast<uint32_t>(a); }
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
inline bool all_equal(Vec a, Vec b) { return a == b; }         // false where either is NaN
// Bits of a lane as an unsigned number: shifted, masked, joined, summed; all ones at a NaN.
inline Vec bits_up(Vec a, int n) { return std::bit_cast<float>(bits(a) << n); }
inline Vec bits_down(Vec a, int n) { return std::bit_cast<float>(bits(a) >> n); }
inline Vec bits_and(Vec a, uint32_t mask) { return std::bit_cast<float>(bits(a) & mask); }
inline Vec bits_or(Vec a, Vec b) { return std::bit_cast<float>(bits(a) | bits(b)); }
inline Vec bits_add(Vec a, Vec b) { return std::bit_cast<float>(bits(a) + bits(b)); }
inline Vec bits_add(Vec a, uint32_t b) { return std::bit_cast<float>(bits(a) + b); }
inline Vec nan_bits(Vec a) { return std::bit_cast<float>(a != a ? 0xffffffffu : 0u); }
// The upper halves of the first n lanes, one after another, to n numbers of 16 bits.
inline void store_upper_halves(uint16_t *p, Vec a, int64_t) {
  *p = static_cast<uint16_t>(bits(a) >> 16);
}
