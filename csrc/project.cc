#include <algorithm>
#include <vector>

#include "operations.h"
#include "parallel.h"

namespace bothways {
namespace {
#include "buffer-inl.h"

constexpr int64_t kChunk = 96;  // rows of a task: their part of the inputs fits L2

// c, (M, N), = a b + bias with row m of a at row(m).
template <class Row>
void multiply(Row row, const float *packed, const float *bias, int64_t M, int64_t K, int64_t N,
              float *c, int threads) {
  const Kernels &k = active();
  parallel_for((M + kChunk - 1) / kChunk, threads, [&](int64_t task) {
    const int64_t first = task * kChunk, rows = std::min(kChunk, M - first);
    const float *a[kChunk];
    for (int64_t m = 0; m < rows; ++m) a[m] = row(first + m);
    k.gemm_rows(a, packed, bias, c + first * N, N, rows, K, N);
  });
}

}  // namespace

void project_forward(const float *x, const int32_t *rows, const float *kernel, const float *bias,
                     int64_t M, int64_t I, int64_t G, float *out, int threads) {
  const Kernels &k = active();
  Buffer<float> packed(k.gemm_packed_size(I, G));
  k.gemm_pack(kernel, G, false, I, G, packed.get());
  auto row = [&](int64_t m) { return x + (rows ? rows[m] : m) * I; };
  multiply(row, packed.get(), bias, M, I, G, out, threads);
}

void project_backward_input(const float *d_out, const float *kernel, int64_t M, int64_t I,
                            int64_t G, float *d_x, int threads) {
  const Kernels &k = active();
  Buffer<float> packed(k.gemm_packed_size(G, I));
  k.gemm_pack(kernel, G, true, G, I, packed.get());
  auto row = [&](int64_t m) { return d_out + m * G; };
  multiply(row, packed.get(), nullptr, M, G, I, d_x, threads);
}

void project_backward_kernel(const float *x, const int32_t *rows, const float *d_out, int64_t M,
                             int64_t I, int64_t G, float *d_kernel, float *d_bias, int threads) {
  const Kernels &k = active();
  const float one = 1.0f;
  const int64_t panels = (G + k.gemm_panel - 1) / k.gemm_panel;
  const int64_t height = 132, bands = (I + height - 1) / height;
  // A task owns a tile of d_kernel and sums over all rows; the last tasks own d_bias.
  parallel_for(panels * (bands + 1), threads, [&](int64_t task) {
    const int64_t column = task % panels * k.gemm_panel, width = std::min(k.gemm_panel, G - column);
    const int64_t band = task / panels * height;
    std::vector<const float *> a(M), b(M);
    for (int64_t m = 0; m < M; ++m) {
      a[m] = task / panels == bands ? &one : x + (rows ? rows[m] : m) * I + band;
      b[m] = d_out + m * G + column;
    }
    if (task / panels == bands) {
      k.gemm_columns(a.data(), b.data(), d_bias + column, G, M, 1, width);
    } else {
      k.gemm_columns(a.data(), b.data(), d_kernel + band * G + column, G, M,
                     std::min(height, I - band), width);
    }
  });
}

}  // namespace bothways
