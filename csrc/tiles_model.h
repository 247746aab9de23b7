// The tile registers of AMX in plain C++, so that the algorithm over them is tested where the
// CPU has none. Only builds for developers contain it (BOTHWAYS_TILE_MODEL).
struct ModelTile {
  float rows[16][16];
};

inline ModelTile &tile_register(int t) {
  static thread_local ModelTile registers[8];
  return registers[t];
}

inline float half(float word, int which) {
  const uint32_t b = std::bit_cast<uint32_t>(word);
  return std::bit_cast<float>(which ? b & 0xffff0000u : b << 16);
}

// The use of the registers by a thread, from the first instruction to the last.
struct TileSession {
  TileSession() {}
};

inline void tile_zero(int c) { tile_register(c) = {}; }

inline void tile_load(int t, const float *from, int64_t row_bytes) {
  for (int r = 0; r < 16; ++r) {
    std::memcpy(tile_register(t).rows[r], from + r * (row_bytes / 4), 64);
  }
}

// c[m][n] += sum over the words k of the two products of a[m][k] and b[k][n].
inline void tile_dot(int c, int a, int b) {
  const ModelTile &left = tile_register(a), &right = tile_register(b);
  for (int m = 0; m < 16; ++m) {
    for (int k = 0; k < 16; ++k) {
      for (int n = 0; n < 16; ++n) {
        float &sum = tile_register(c).rows[m][n];
        sum += half(left.rows[m][k], 0) * half(right.rows[k][n], 0);
        sum += half(left.rows[m][k], 1) * half(right.rows[k][n], 1);
      }
    }
  }
}

inline void tile_store(int c, float *to, int64_t row_bytes) {
  for (int r = 0; r < 16; ++r) {
    std::memcpy(to + r * (row_bytes / 4), tile_register(c).rows[r], 64);
  }
}

#define TILE_ZERO(c) tile_zero(c)
#define TILE_LOAD(t, from, row_bytes) tile_load(t, from, row_bytes)
#define TILE_DOT(c, a, b) tile_dot(c, a, b)
#define TILE_STORE(c, to, row_bytes) tile_store(c, to, row_bytes)
