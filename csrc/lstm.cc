#include <algorithm>
#include <vector>

#include "operations.h"
#include "parallel.h"

namespace bothways {
namespace {
#include "buffer-inl.h"

using Groups = std::vector<std::vector<int32_t>>;

// Sequences, longest first, in groups whose state stays in L1. Where there are no more
// groups than threads, the sequences are dealt out in turn, so that the groups weigh the
// same; otherwise neighbours in length stay together, so that few rows are alone alive.
Groups group(const LstmBatch &b, int threads) {
  const int64_t rows = 8 * active().rows;
  std::vector<int32_t> sorted(b.N);
  for (int64_t n = 0; n < b.N; ++n) sorted[n] = static_cast<int32_t>(n);
  std::stable_sort(sorted.begin(), sorted.end(), [&](int32_t i, int32_t j) {
    return b.offsets[i + 1] - b.offsets[i] > b.offsets[j + 1] - b.offsets[j];
  });
  const int64_t needed = (b.N + rows - 1) / rows, per_direction = (threads + b.D - 1) / b.D;
  const int64_t count = std::min(b.N, std::max(needed, per_direction));
  Groups groups(count);
  for (int64_t n = 0; n < b.N; ++n) {
    groups[needed <= per_direction ? n % count : n / rows].push_back(sorted[n]);
  }
  return groups;
}

// The token before each token as its direction reads, and the first tokens left out unless
// there is an initial state: pairs of rows whose outer products sum to the gradient.
void collect_rows(const LstmBackward &b, int64_t d, std::vector<const float *> &before,
                  std::vector<const float *> &gates) {
  const int64_t W = b.D * b.H;
  for (int64_t n = 0; n < b.N; ++n) {
    for (int64_t t = b.offsets[n]; t < b.offsets[n + 1]; ++t) {
      const bool first = b.from_end(d) ? t + 1 == b.offsets[n + 1] : t == b.offsets[n];
      if (first && !b.h0) continue;
      const int64_t neighbour = b.from_end(d) ? t + 1 : t - 1;
      before.push_back(first ? b.h0 + (d * b.N + n) * b.H : b.output + neighbour * W + d * b.H);
      gates.push_back(b.d_gates + t * 4 * W + d * 4 * b.H);
    }
  }
}

}  // namespace

void lstm_forward(const LstmForward &b, int threads) {
  const Kernels &k = active();
  const int64_t size = k.lstm_packed_size(b.H);
  Buffer<float> packed(b.D * size);
  for (int64_t d = 0; d < b.D; ++d) {
    k.lstm_pack(b.recurrent + d * 4 * b.H * b.H, b.H, packed.get() + d * size);
  }
  const Groups groups = group(b, threads);
  parallel_for(b.D * groups.size(), threads, [&](int64_t task) {
    const std::vector<int32_t> &g = groups[task / b.D];
    const int64_t d = task % b.D;
    k.lstm_forward(b, d, g.data(), g.size(), packed.get() + d * size);
  });
}

void lstm_backward(const LstmBackward &b, int threads) {
  const Kernels &k = active();
  const int64_t size = k.gemm_packed_size(4 * b.H, b.H);
  Buffer<float> packed(b.D * size);
  for (int64_t d = 0; d < b.D; ++d) {
    k.gemm_pack(b.recurrent + d * 4 * b.H * b.H, 4 * b.H, true, 4 * b.H, b.H,
                packed.get() + d * size);
  }
  const Groups groups = group(b, threads);
  parallel_for(b.D * groups.size(), threads, [&](int64_t task) {
    const std::vector<int32_t> &g = groups[task / b.D];
    const int64_t d = task % b.D;
    k.lstm_backward(b, d, g.data(), g.size(), packed.get() + d * size);
  });
}

void lstm_backward_recurrent(const LstmBackward &b, float *d_recurrent, int threads) {
  const Kernels &k = active();
  const int64_t G = 4 * b.H, panels = (G + k.gemm_panel - 1) / k.gemm_panel;
  std::vector<std::vector<const float *>> before(b.D), gates(b.D);
  for (int64_t d = 0; d < b.D; ++d) collect_rows(b, d, before[d], gates[d]);
  parallel_for(b.D * panels, threads, [&](int64_t task) {
    const int64_t d = task / panels, column = task % panels * k.gemm_panel;
    std::vector<const float *> shifted(gates[d]);
    for (const float *&row : shifted) row += column;
    k.gemm_columns(before[d].data(), shifted.data(), d_recurrent + d * b.H * G + column, G,
                   shifted.size(), b.H, std::min(k.gemm_panel, G - column));
  });
}

}  // namespace bothways
