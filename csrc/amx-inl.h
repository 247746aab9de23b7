// bfloat16 products by the tiles of AMX: 16 rows of 16 words times 16 words of 16 columns, at
// once. Sums are float32 and stay in a tile over the whole inner dimension; a row's sums do not
// depend on the rows beside it.
static_assert(kPanel == 64, "four tiles to a panel");

// Four tiles of sums, in rows of kPanel floats: 16 rows of 64 columns, or 32 rows of 32.
inline void tiles_16(const float *a, int64_t lda, const float *panel, int64_t words, float *sums) {
  TILE_ZERO(0);
  TILE_ZERO(1);
  TILE_ZERO(2);
  TILE_ZERO(3);
  for (int64_t k = 0; k < words; k += 16, panel += 16 * kPanel) {
    TILE_LOAD(4, a + k, lda * 4);
    TILE_LOAD(5, panel, kPanel * 4);
    TILE_DOT(0, 4, 5);
    TILE_LOAD(6, panel + 16, kPanel * 4);
    TILE_DOT(1, 4, 6);
    TILE_LOAD(5, panel + 32, kPanel * 4);
    TILE_DOT(2, 4, 5);
    TILE_LOAD(6, panel + 48, kPanel * 4);
    TILE_DOT(3, 4, 6);
  }
  TILE_STORE(0, sums, kPanel * 4);
  TILE_STORE(1, sums + 16, kPanel * 4);
  TILE_STORE(2, sums + 32, kPanel * 4);
  TILE_STORE(3, sums + 48, kPanel * 4);
}

inline void tiles_32(const float *a, int64_t lda, const float *panel, int64_t words, float *sums) {
  TILE_ZERO(0);
  TILE_ZERO(1);
  TILE_ZERO(2);
  TILE_ZERO(3);
  for (int64_t k = 0; k < words; k += 16, panel += 16 * kPanel) {
    TILE_LOAD(4, a + k, lda * 4);
    TILE_LOAD(6, panel, kPanel * 4);
    TILE_DOT(0, 4, 6);
    TILE_LOAD(5, a + 16 * lda + k, lda * 4);
    TILE_DOT(2, 5, 6);
    TILE_LOAD(7, panel + 16, kPanel * 4);
    TILE_DOT(1, 4, 7);
    TILE_DOT(3, 5, 7);
  }
  TILE_STORE(0, sums, kPanel * 4);
  TILE_STORE(1, sums + 16, kPanel * 4);
  TILE_STORE(2, sums + 16 * kPanel, kPanel * 4);
  TILE_STORE(3, sums + 16 * kPanel + 16, kPanel * 4);
}

// As Bf16, with rows of whole tiles. Tiles are loaded whole: a left-hand side must have kSlack
// rows beyond its last one, whatever is in them.
struct AmxBf16 : Bf16 {
  using Columns = Bf16;  // transposed products stay with the vector unit
  using Session = TileSession;
  static constexpr bool kTiles = true;
  static constexpr int64_t kSlack = 31;
  static int64_t words(int64_t K) { return (K + 31) / 32 * 16; }
  static void pack_row(const float *from, int64_t K, float *to) {
    std::memset(to + Bf16::words(K), 0, (words(K) - Bf16::words(K)) * sizeof(float));
    Bf16::pack_row(from, K, to);
  }
  static void multiply_panel(const float *a, int64_t lda, const float *panel, int64_t words,
                             float *c, int64_t ldc, int64_t M, int64_t columns, bool add) {
    alignas(64) float sums[32 * kPanel];
    for (int64_t m = 0; m < M;) {
      const int64_t rows = M - m > 16 ? 32 : 16, width = rows == 32 ? 32 : 64;
      const auto tiles = rows == 32 ? tiles_32 : tiles_16;
      for (int64_t j = 0; j < columns; j += width) {
        tiles(a + m * lda, lda, panel + j, words, sums);
        const int64_t n = columns - j < width ? columns - j : width;
        for (int64_t r = 0; r < rows && m + r < M; ++r) {
          float *to = c + (m + r) * ldc + j;
          for (int64_t v = 0; v < n; v += kLanes) {
            const Vec sum = load(sums + r * kPanel + v);
            store_n(to + v, add ? load_n(to + v, n - v) + sum : sum, n - v);
          }
        }
      }
      m += rows;
    }
  }
};
