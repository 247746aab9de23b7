#include <algorithm>
#include <vector>

#include "memory.h"
#include "operations.h"
#include "parallel.h"

namespace bothways {
namespace {
#include "buffer-inl.h"

constexpr int64_t kChunk = 96;  // rows of a task: their part of the inputs fits L2

// c, (M, N), = a b + bias with row m of a at row(m).
template <class Row>
void multiply(const Products &k, Row row, const float *packed, const float *bias, int64_t M,
              int64_t K, int64_t N, float *c, int threads) {
  parallel_for((M + kChunk - 1) / kChunk, threads, [&](int64_t task) {
    const int64_t first = task * kChunk, rows = std::min(kChunk, M - first);
    const float *a[kChunk];
    for (int64_t m = 0; m < rows; ++m) a[m] = row(first + m);
    k.gemm_rows(a, packed, bias, c + first * N, N, rows, K, N);
  });
}

// b, (K, N), or its transpose (N, K), as multiply() reads it; a task packs a panel.
void pack(const Products &k, const float *b, bool transposed, int64_t K, int64_t N, float *packed,
          int threads) {
  const int64_t panel = k.panel, ldb = transposed ? K : N;
  parallel_for((N + panel - 1) / panel, threads, [&](int64_t task) {
    const int64_t j = task * panel;
    k.gemm_pack(b + (transposed ? j * ldb : j), ldb, transposed, K, std::min(panel, N - j),
                packed + k.gemm_packed_size(K, j));
  });
}

}  // namespace

void project_forward(const float *x, const int32_t *rows, const float *kernel, const float *bias,
                     int64_t M, int64_t I, int64_t G, Precision precision, float *out,
                     int threads) {
  const Products &k = products(precision);
  Buffer<float> packed(k.gemm_packed_size(I, G));
  pack(k, kernel, false, I, G, packed.get(), threads);
  auto row = [&](int64_t m) { return x + (rows ? rows[m] : m) * I; };
  multiply(k, row, packed.get(), bias, M, I, G, out, threads);
}

void project_backward_input(const float *d_out, const float *kernel, int64_t M, int64_t I,
                            int64_t G, Precision precision, float *d_x, int threads) {
  const Products &k = products(precision);
  Buffer<float> packed(k.gemm_packed_size(G, I));
  pack(k, kernel, true, G, I, packed.get(), threads);
  auto row = [&](int64_t m) { return d_out + m * G; };
  multiply(k, row, packed.get(), nullptr, M, G, I, d_x, threads);
}

void project_backward_kernel(const float *x, const int32_t *rows, const float *d_out, int64_t M,
                             int64_t I, int64_t G, Precision precision, float *d_kernel,
                             float *d_bias, int threads) {
  // A task owns a piece of d_kernel that fits L2, and sums over all rows; one more for each
  // column piece owns that of d_bias, which is summed in float32.
  const int64_t height = std::min<int64_t>(132, std::max<int64_t>(24, (I + threads - 1) / threads));
  const Products &sums = products(Precision::kF32), &k = products(precision);
  const int64_t width = 512, bands = (I + height - 1) / height, pieces = (G + width - 1) / width;
  parallel_for(pieces * (bands + 1), threads, [&](int64_t task) {
    const float one = 1.0f;
    const int64_t column = task % pieces * width, band = task / pieces * height;
    const int64_t columns = std::min(width, G - column);
    const bool bias = task / pieces == bands;
    std::vector<const float *> a(M), b(M);
    for (int64_t m = 0; m < M; ++m) {
      a[m] = bias ? &one : x + (rows ? rows[m] : m) * I + band;
      b[m] = d_out + m * G + column;
    }
    (bias ? sums : k)
        .gemm_columns(a.data(), b.data(), bias ? d_bias + column : d_kernel + band * G + column, G,
                      M, bias ? 1 : std::min(height, I - band), columns);
  });
}

}  // namespace bothways
