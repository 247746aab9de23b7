// Matrix products over register tiles of kRows x (kVecs * kLanes) results.
//
// The order of additions in one result never depends on which other rows or columns are
// computed beside it, so a row has the same bits alone and in any batch.
//
// kBlock steps of the inner dimension are summed in registers before they are added to
// memory: the packed block of the right-hand side then stays in L1, and the rounding
// error grows with K / kBlock + kBlock instead of K.
constexpr int64_t kBlock = 64;
constexpr int64_t kPanel = kVecs * kLanes;  // columns of a packed panel

// acc[m][v] += sum over k of a[m][k] * b[k][v]; b has `stride` floats a row.
template <int M, int NV>
[[gnu::always_inline]] inline void fma_rows(Vec (&acc)[M][NV], const float *const *a,
                                            const float *b, int64_t stride, int64_t K) {
  const float *row[M];
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m) row[m] = a[m];
  for (int64_t k = 0; k < K; ++k, b += stride) {
    Vec right[NV];
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) right[v] = load(b + v * kLanes);
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) {
      Vec left = set1(row[m][k]);
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) acc[m][v] = fma(left, right[v], acc[m][v]);
    }
  }
}

// The same with the left-hand side transposed: acc[m][v] += sum over k of a[k][m] * b[k][v].
template <int M, int NV>
[[gnu::always_inline]] inline void fma_columns(Vec (&acc)[M][NV], const float *const *a, int64_t m0,
                                               const float *b, int64_t stride, int64_t K) {
  for (int64_t k = 0; k < K; ++k, b += stride) {
    const float *row = a[k] + m0;
    Vec right[NV];
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) right[v] = load(b + v * kLanes);
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) {
      Vec left = set1(row[m]);
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) acc[m][v] = fma(left, right[v], acc[m][v]);
    }
  }
}

template <int M, int NV>
[[gnu::always_inline]] inline void clear(Vec (&acc)[M][NV]) {
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) acc[m][v] = set1(0.0f);
  }
}

// c[m] = or += the tile; `columns` of its kPanel columns exist.
template <int M, int NV>
[[gnu::always_inline]] inline void write(const Vec (&acc)[M][NV], float *c, int64_t ldc,
                                         int64_t columns, bool add) {
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      float *p = c + m * ldc + v * kLanes;
      int64_t n = columns - v * kLanes;
      store_n(p, add ? load_n(p, n) + acc[m][v] : acc[m][v], n);
    }
  }
}

template <int M, int NV, bool Columns>
void tile(const float *const *a, int64_t m0, const float *b, int64_t stride, int64_t K, float *c,
          int64_t ldc, int64_t columns, bool add) {
  Vec acc[M][NV];
  clear(acc);
  if constexpr (Columns) {
    fma_columns<M, NV>(acc, a, m0, b, stride, K);
  } else {
    fma_rows<M, NV>(acc, a, b, stride, K);
  }
  write<M, NV>(acc, c, ldc, columns, add);
}

using TileFunction = void (*)(const float *const *, int64_t, const float *, int64_t, int64_t,
                              float *, int64_t, int64_t, bool);

template <bool Columns, int NV>
TileFunction tile_of(int rows) {
  if constexpr (kRows >= 6) {
    if (rows == 6) return tile<6, NV, Columns>;
    if (rows == 5) return tile<5, NV, Columns>;
    if (rows == 4) return tile<4, NV, Columns>;
  }
  if constexpr (kRows >= 3) {
    if (rows == 3) return tile<3, NV, Columns>;
  }
  return rows == 2 ? tile<2, NV, Columns> : tile<1, NV, Columns>;
}

// The tile for `rows` x `columns` results, with as few vectors as the columns need.
template <bool Columns>
TileFunction tile_for(int64_t rows, int64_t columns) {
  int m = static_cast<int>(rows < kRows ? rows : kRows);
  if (columns > 3 * kLanes) return tile_of<Columns, 4>(m);
  if (columns > 2 * kLanes) return tile_of<Columns, 3>(m);
  if (columns > kLanes) return tile_of<Columns, 2>(m);
  return tile_of<Columns, 1>(m);
}

// Floats of a packed right-hand side of K rows and N columns.
int64_t gemm_packed_size(int64_t K, int64_t N) { return (N + kPanel - 1) / kPanel * K * kPanel; }

// b, (K, N) with ldb floats a row, or its transpose (N, K), into panels of kPanel columns:
// panel j holds rows 0 to K - 1 of columns j * kPanel and on, the missing columns 0.
void gemm_pack(const float *b, int64_t ldb, bool transposed, int64_t K, int64_t N, float *packed) {
  for (int64_t j = 0; j < N; j += kPanel) {
    for (int64_t k = 0; k < K; ++k, packed += kPanel) {
      for (int64_t n = 0; n < kPanel; ++n) {
        packed[n] = j + n >= N ? 0.0f : transposed ? b[(j + n) * ldb + k] : b[k * ldb + j + n];
      }
    }
  }
}

// c, (M, N), = a b + bias. a: M pointers to rows of K floats; bias (N,) or null.
void gemm_rows(const float *const *a, const float *packed, const float *bias, float *c, int64_t ldc,
               int64_t M, int64_t K, int64_t N) {
  const float *shifted[kRows];
  for (int64_t m = 0; m < M; ++m) {
    for (int64_t n = 0; n < N; ++n) c[m * ldc + n] = bias ? bias[n] : 0.0f;
  }
  for (int64_t j = 0; j < N; j += kPanel, packed += K * kPanel) {
    for (int64_t k = 0; k < K; k += kBlock) {
      int64_t depth = K - k < kBlock ? K - k : kBlock;
      for (int64_t m = 0; m < M; m += kRows) {
        int64_t rows = M - m < kRows ? M - m : kRows;
        for (int64_t i = 0; i < rows; ++i) shifted[i] = a[m + i] + k;
        tile_for<false>(rows, N - j)(shifted, 0, packed + k * kPanel, kPanel, depth,
                                     c + m * ldc + j, ldc, N - j, true);
      }
    }
  }
}

// c, (M, N), N <= kPanel, += a^T b. a and b: K pointers to rows of M and of N floats.
void add_columns(const float *const *a, const float *const *b, float *c, int64_t ldc, int64_t K,
                 int64_t M, int64_t N) {
  alignas(64) float block[kBlock * kPanel];
  for (int64_t k = 0; k < K; k += kBlock) {
    int64_t depth = K - k < kBlock ? K - k : kBlock;
    for (int64_t i = 0; i < depth; ++i) {
      for (int64_t v = 0; v < N; v += kLanes) {
        store(block + i * kPanel + v, load_n(b[k + i] + v, N - v));
      }
    }
    for (int64_t m = 0; m < M; m += kRows) {
      int64_t rows = M - m < kRows ? M - m : kRows;
      tile_for<true>(rows, N)(a + k, m, block, kPanel, depth, c + m * ldc, ldc, N, true);
    }
  }
}

// The same with c = instead of c +=.
void gemm_columns(const float *const *a, const float *const *b, float *c, int64_t ldc, int64_t K,
                  int64_t M, int64_t N) {
  for (int64_t m = 0; m < M; ++m) {
    for (int64_t n = 0; n < N; ++n) c[m * ldc + n] = 0.0f;
  }
  add_columns(a, b, c, ldc, K, M, N);
}
