#include <algorithm>
#include <optional>
#include <vector>

#include "memory.h"
#include "operations.h"
#include "parallel.h"

namespace bothways {
namespace {
#include "buffer-inl.h"

using Groups = std::vector<std::vector<int32_t>>;

// The sequences, longest first, and where each step, and each checkpoint, begins in their
// order.
struct Order {
  std::vector<int32_t> sorted;
  std::vector<int64_t> step_start, checkpoint_start;

  explicit Order(LstmBatch &b) : sorted(b.N) {
    auto length = [&](int32_t n) { return b.offsets[n + 1] - b.offsets[n]; };
    for (int64_t n = 0; n < b.N; ++n) sorted[n] = static_cast<int32_t>(n);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](int32_t i, int32_t j) { return length(i) > length(j); });
    int64_t start = 0, live = b.N;
    b.checkpoint_rows = 0;
    for (int64_t t = 0; b.N && t < length(sorted[0]); ++t, start += live) {
      while (length(sorted[live - 1]) <= t) --live;
      step_start.push_back(start);
      if (!b.interval || t == 0 || t % b.interval) continue;
      checkpoint_start.push_back(b.checkpoint_rows);
      b.checkpoint_rows += live;
    }
    b.sorted = sorted.data();
    b.step_start = step_start.data();
    b.checkpoint_start = checkpoint_start.data();
  }
};

// Places in the order, in groups whose state stays in L1. Where there are no more groups
// than threads, the sequences are dealt out in turn, so that the groups weigh the same;
// otherwise neighbours in length stay together, so that few rows are alone alive.
Groups forward_groups(const LstmBatch &b, int threads) {
  const int64_t rows = 8 * active().rows;
  const int64_t needed = (b.N + rows - 1) / rows, per_direction = (threads + b.D - 1) / b.D;
  const int64_t count = std::min(b.N, std::max(needed, per_direction));
  Groups groups(count);
  for (int64_t n = 0; n < b.N; ++n) {
    groups[needed <= per_direction ? n % count : n / rows].push_back(static_cast<int32_t>(n));
  }
  return groups;
}

// The sums of the backward pass run over a group, so the groups must not depend on the
// number of threads, or the last bits would: one for every 32 sequences, four at most, as
// each has a copy of the gradients.
Groups backward_groups(const LstmBatch &b) {
  const int64_t count = std::min<int64_t>(4, (b.N + 31) / 32);
  Groups groups(count);
  for (int64_t n = 0; n < b.N; ++n) groups[n % count].push_back(static_cast<int32_t>(n));
  return groups;
}

// to += from and from = 0 before it is first used, both in pieces of a task each.
constexpr int64_t kPiece = 1 << 16;

void clear(float *to, int64_t count, int threads) {
  parallel_for((count + kPiece - 1) / kPiece, threads, [&](int64_t p) {
    std::fill(to + p * kPiece, to + std::min(count, (p + 1) * kPiece), 0.0f);
  });
}

void add(const float *from, float *to, int64_t count, int threads) {
  parallel_for((count + kPiece - 1) / kPiece, threads, [&](int64_t p) {
    for (int64_t i = p * kPiece; i < std::min(count, (p + 1) * kPiece); ++i) to[i] += from[i];
  });
}


void pack(const Products &p, const float *recurrent, int64_t D, int64_t H, float *packed,
          int threads) {
  parallel_for(D, threads, [&](int64_t d) {
    p.lstm_pack(recurrent + d * 4 * H * H, H, packed + d * p.lstm_packed_size(H));
  });
}

// The recurrent weights of every direction as the forward pass reads them.
class Packed {
 public:
  Packed(const Products &p, const LstmBatch &b, int threads)
      : size_(p.lstm_packed_size(b.H)),
        own_(b.packed ? 0 : b.D * size_),
        data_(b.packed ? b.packed : own_.get()) {
    if (!b.packed) pack(p, b.recurrent, b.D, b.H, own_.get(), threads);
  }
  const float *of(int64_t d) const { return data_ + d * size_; }

 private:
  int64_t size_;
  Buffer<float> own_;
  const float *data_;
};

}  // namespace

int64_t lstm_packed_size(int64_t H, Precision precision) {
  return products(precision).lstm_packed_size(H);
}

void lstm_pack(const float *recurrent, int64_t D, int64_t H, Precision precision, float *packed,
               int threads) {
  pack(products(precision), recurrent, D, H, packed, threads);
}

void lstm_forward(LstmForward b, int threads) {
  // Asked for once: another thread may choose another tier meanwhile.
  const Products &p = products(b.precision);
  const Order order(b);
  const Packed packed(p, b, threads);
  const Groups groups = forward_groups(b, threads);
  parallel_for(b.D * groups.size(), threads, [&](int64_t task) {
    const std::vector<int32_t> &g = groups[task / b.D];
    const int64_t d = task % b.D;
    p.lstm_forward(b, d, g.data(), g.size(), packed.of(d));
  });
}

void lstm_backward(LstmBackward b, int64_t U, float *d_projected, float *d_recurrent,
                   int threads) {
  const Products &p = products(b.precision);
  const Order order(b);
  const int64_t H = b.H, size = p.gemm_packed_size(4 * H, H);
  Buffer<float> transposed(b.D * size);
  parallel_for(b.D, threads, [&](int64_t d) {
    p.gemm_pack(b.recurrent + d * 4 * H * H, 4 * H, true, 4 * H, H, transposed.get() + d * size);
  });
  std::optional<Packed> forward;
  if (b.interval) forward.emplace(p, b, threads);
  // The first group adds to the results, each other to a copy; the copies are added in turn.
  // Without an index each token has a row of its own, and no copy of d_projected is needed.
  const Groups groups = backward_groups(b);
  const int64_t copies = groups.empty() ? 0 : static_cast<int64_t>(groups.size()) - 1;
  const int64_t rows = U * b.D * 4 * H, weights = b.D * 4 * H * H;
  Buffer<float> row_copies(b.index ? copies * rows : 0), weight_copies(copies * weights);
  if (b.index) clear(d_projected, rows, threads);
  clear(d_recurrent, weights, threads);
  if (b.index) clear(row_copies.get(), copies * rows, threads);
  clear(weight_copies.get(), copies * weights, threads);
  parallel_for(b.D * groups.size(), threads, [&](int64_t task) {
    const int64_t g = task / b.D, d = task % b.D;
    float *to_rows = g && b.index ? row_copies.get() + (g - 1) * rows : d_projected;
    float *to_weights = g ? weight_copies.get() + (g - 1) * weights : d_recurrent;
    p.lstm_backward(b, d, groups[g].data(), groups[g].size(), transposed.get() + d * size,
                    forward ? forward->of(d) : nullptr, to_rows, to_weights + d * 4 * H * H);
  });
  for (int64_t c = 0; c < copies; ++c) {
    if (b.index) add(row_copies.get() + c * rows, d_projected, rows, threads);
    add(weight_copies.get() + c * weights, d_recurrent, weights, threads);
  }
}

}  // namespace bothways
