// Matrix products over register tiles of kRows x (kVecs * kLanes) results.
//
// P is F32 or Bf16 (bf16-inl.h): how the numbers travel. The inner dimension is counted in
// words: one float32, or two bfloat16. Sums are float32.
//
// The order of additions in one result never depends on which other rows or columns are
// computed beside it, so a row has the same bits alone and in any batch.
//
// kBlock steps of the inner dimension are summed in registers before they are added to
// memory: the packed block of the right-hand side then stays in L1, and the rounding
// error grows with K / kBlock + kBlock instead of K.
constexpr int64_t kBlock = 64;
constexpr int64_t kPanel = kVecs * kLanes;  // columns of a packed panel

// Ask for `floats` floats before they are needed; `Write` says that they will be written.
template <bool Write>
inline void prefetch(const float *p, int64_t floats) {
  for (int64_t j = 0; j < floats && j < 1024; j += 16) __builtin_prefetch(p + j, Write, 2);
}

// Where row m of a tile's left-hand side has word k: in rows, lda apart, or transposed, in
// the columns of K rows.
struct Rows {
  const float *a;
  int64_t lda;
  float operator()(int64_t m, int64_t k) const { return a[m * lda + k]; }
};

struct Columns {
  const float *const *a;
  int64_t first;
  float operator()(int64_t m, int64_t k) const { return a[k][first + m]; }
};

// acc[m][v] += sum over k of left(m, k) * b[k][v]; b has kPanel words a row.
template <class P, int M, int NV, class Left>
[[gnu::always_inline]] inline void multiply_words(Vec (&acc)[M][NV], Left left, const float *b,
                                                  int64_t words) {
  for (int64_t k = 0; k < words; ++k, b += kPanel) {
    Vec right[NV];
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) right[v] = load(b + v * kLanes);
#pragma GCC unroll 8
    for (int m = 0; m < M; ++m) {
      const Vec one = set1(left(m, k));
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) acc[m][v] = P::multiply_add(one, right[v], acc[m][v]);
    }
  }
}

// c[m] = or += the sums; `columns` of the kPanel columns exist.
template <class P, int M, int NV, class Left>
void tile(Left left, const float *b, int64_t words, float *c, int64_t ldc, int64_t columns,
          bool add) {
  Vec acc[M][NV];
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) acc[m][v] = set1(0.0f);
  }
  multiply_words<P, M, NV>(acc, left, b, words);
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      float *to = c + m * ldc + v * kLanes;
      const int64_t n = columns - v * kLanes;
      store_n(to, add ? load_n(to, n) + acc[m][v] : acc[m][v], n);
    }
  }
}

template <class P, class Left>
using Tile = void (*)(Left, const float *, int64_t, float *, int64_t, int64_t, bool);

template <class P, class Left, int NV>
Tile<P, Left> tile_of(int64_t rows) {
  if constexpr (kRows >= 6) {
    if (rows >= 6) return tile<P, 6, NV, Left>;
    if (rows == 5) return tile<P, 5, NV, Left>;
    if (rows == 4) return tile<P, 4, NV, Left>;
  }
  if constexpr (kRows >= 3) {
    if (rows >= 3) return tile<P, 3, NV, Left>;
  }
  return rows >= 2 ? tile<P, 2, NV, Left> : tile<P, 1, NV, Left>;
}

// The tile for `rows` x `columns` results, with as few vectors as the columns need.
template <class P, class Left>
Tile<P, Left> tile_for(int64_t rows, int64_t columns) {
  if (columns > 3 * kLanes) return tile_of<P, Left, 4>(rows);
  if (columns > 2 * kLanes) return tile_of<P, Left, 3>(rows);
  if (columns > kLanes) return tile_of<P, Left, 2>(rows);
  return tile_of<P, Left, 1>(rows);
}

// c, (M, columns), = or += a times one packed panel; a has rows of `words` words, lda apart.
template <class P>
void multiply_panel(const float *a, int64_t lda, const float *panel, int64_t words, float *c,
                    int64_t ldc, int64_t M, int64_t columns, bool add) {
  if constexpr (P::kTiles) {
    P::multiply_panel(a, lda, panel, words, c, ldc, M, columns, add);
    return;
  }
  for (int64_t k = 0; k < words; k += kBlock) {
    const int64_t depth = words - k < kBlock ? words - k : kBlock;
    for (int64_t m = 0; m < M; m += kRows) {
      tile_for<P, Rows>(M - m, columns)({a + m * lda + k, lda}, panel + k * kPanel, depth,
                                        c + m * ldc, ldc, columns, add || k > 0);
    }
  }
}

// Floats of a packed right-hand side of K rows and N columns.
template <class P>
int64_t gemm_packed_size(int64_t K, int64_t N) {
  return (N + kPanel - 1) / kPanel * P::words(K) * kPanel;
}

// b, (K, N) with ldb floats a row, or its transpose (N, K), into panels of kPanel columns:
// panel j holds all words of columns j * kPanel and on, the missing columns 0.
template <class P>
void gemm_pack(const float *b, int64_t ldb, bool transposed, int64_t K, int64_t N, float *packed) {
  alignas(64) float block[kBlock * P::kDepth * kPanel];
  const int64_t words = P::words(K);
  for (int64_t j = 0; j < N; j += kPanel) {
    const int64_t columns = N - j < kPanel ? N - j : kPanel;
    for (int64_t w = 0; w < words; w += kBlock) {
      float *to = packed + j * words + w * kPanel;
      const int64_t depth = words - w < kBlock ? words - w : kBlock, first = w * P::kDepth;
      // The rows from `first` on, those beyond the last one and the missing columns 0.
      const int64_t rows = K - first < depth * P::kDepth ? K - first : depth * P::kDepth;
      if (columns < kPanel || rows < depth * P::kDepth) std::memset(block, 0, sizeof block);
      for (int64_t k = 0; !transposed && k < rows; ++k) {
        std::memcpy(block + k * kPanel, b + (first + k) * ldb + j, columns * sizeof(float));
      }
      for (int64_t n = 0; transposed && n < columns; ++n) {
        const float *from = b + (j + n) * ldb + first;
        for (int64_t k = 0; k < rows; ++k) block[k * kPanel + n] = from[k];
      }
      for (int64_t k = 0; k < depth; ++k) {
        const float *row = block + k * P::kDepth * kPanel;
        P::pack_words(row, row + (P::kDepth - 1) * kPanel, kPanel, to + k * kPanel);
      }
    }
  }
}

// c, (M, N), = a b + bias. a: M pointers to rows of K floats; bias (N,) or null.
template <class P>
void gemm_rows(const float *const *a, const float *packed, const float *bias, float *c, int64_t ldc,
               int64_t M, int64_t K, int64_t N) {
  const typename P::Session session;
  const int64_t words = P::words(K);
  Buffer<float> rows((M + P::kSlack) * words);
  for (int64_t m = 0; m < M; ++m) {
    if (m + 4 < M) prefetch<false>(a[m + 4], K);  // rows of a table lie anywhere
    P::pack_row(a[m], K, rows.get() + m * words);
    for (int64_t n = 0; n < N; ++n) c[m * ldc + n] = bias ? bias[n] : 0.0f;
  }
  for (int64_t j = 0; j < N; j += kPanel, packed += words * kPanel) {
    multiply_panel<P>(rows.get(), words, packed, words, c + j, ldc, M,
                      N - j < kPanel ? N - j : kPanel, true);
  }
}

// c, (M, N), += a^T b. a and b: K pointers to rows of M and of N floats.
template <class P>
void add_columns(const float *const *a, const float *const *b, float *c, int64_t ldc, int64_t K,
                 int64_t M, int64_t N) {
  alignas(64) float panel[kBlock * kPanel];
  const float *left[kBlock];
  Buffer<float> pairs(P::kDepth > 1 ? kBlock * M : 0);
  for (int64_t k = 0; k < K; k += kBlock * P::kDepth, a += kBlock * P::kDepth) {
    const int64_t depth = P::words(K - k) < kBlock ? P::words(K - k) : kBlock;
    const auto second = [&](const float *const *x, int64_t word, int64_t from) {
      const int64_t at = P::kDepth * word + P::kDepth - 1;
      return k + at < K ? x[at] + from : nullptr;
    };
    for (int64_t w = 0; w < depth; ++w) {
      left[w] = a[P::kDepth * w];
      if constexpr (P::kDepth > 1) {
        P::pack_words(left[w], second(a, w, 0), M, pairs.get() + w * M);
        left[w] = pairs.get() + w * M;
      }
    }
    for (int64_t j = 0; j < N; j += kPanel) {
      const int64_t columns = N - j < kPanel ? N - j : kPanel;
      for (int64_t w = 0; w < depth; ++w) {
        P::pack_words(b[k + P::kDepth * w] + j, second(b + k, w, j), columns, panel + w * kPanel);
      }
      for (int64_t m = 0; m < M; m += kRows) {
        tile_for<P, Columns>(M - m, columns)({left, m}, panel, depth, c + m * ldc + j, ldc, columns,
                                             true);
      }
    }
  }
}

// The same with c = instead of c +=.
template <class P>
void gemm_columns(const float *const *a, const float *const *b, float *c, int64_t ldc, int64_t K,
                  int64_t M, int64_t N) {
  for (int64_t m = 0; m < M; ++m) {
    for (int64_t n = 0; n < N; ++n) c[m * ldc + n] = 0.0f;
  }
  add_columns<P>(a, b, c, ldc, K, M, N);
}
