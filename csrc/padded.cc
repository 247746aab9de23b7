#include "padded.h"

#include <cstring>
#include <vector>

#include "memory.h"
#include "operations.h"
#include "parallel.h"

namespace bothways {
namespace {
#include "buffer-inl.h"

// The steps that count, one after another, as places in the padded batch, and where each
// sequence begins among them.
struct Steps {
  std::vector<int32_t> places;
  std::vector<int64_t> offsets;
  bool all;  // nothing is masked: the padded batch and the steps are the same

  explicit Steps(const PaddedLstm &b) : offsets(1, 0) {
    for (int64_t n = 0; n < b.N; ++n) {
      for (int64_t place = n * b.L; place < (n + 1) * b.L; ++place) {
        if (b.mask[place]) places.push_back(static_cast<int32_t>(place));
      }
      offsets.push_back(static_cast<int64_t>(places.size()));
    }
    all = count() == b.N * b.L;
  }
  int64_t count() const { return static_cast<int64_t>(places.size()); }
  const int32_t *rows() const { return all ? nullptr : places.data(); }
};

// padded, (N, L, F): the rows of values, (T, F), at their places, and zeros elsewhere.
void spread(const PaddedLstm &b, const Steps &steps, const float *values, int64_t F,
            float *padded, int threads) {
  parallel_for(b.N, threads, [&](int64_t n) {
    const float *from = values + steps.offsets[n] * F;
    for (int64_t place = n * b.L; place < (n + 1) * b.L; ++place) {
      if (b.mask[place]) {
        std::memcpy(padded + place * F, from, F * sizeof(float));
        from += F;
      } else {
        std::memset(padded + place * F, 0, F * sizeof(float));
      }
    }
  });
}

LstmBatch ragged(const PaddedLstm &b, const Steps &steps) {
  LstmBatch r{};
  r.N = b.N;
  r.T = steps.count();
  r.H = b.H;
  r.D = b.D;
  r.reversed = b.reversed;
  r.offsets = steps.offsets.data();
  r.recurrent = b.recurrent;
  r.h0 = b.h0;
  r.c0 = b.c0;
  r.precision = Precision::kF32;
  r.trace = b.trace;
  return r;
}

}  // namespace

void padded_lstm_forward(const PaddedLstm &b, float *output, float *h_n, float *c_n,
                         int threads) {
  const Steps steps(b);
  const int64_t T = steps.count(), G = b.D * 4 * b.H, F = b.D * b.H;
  Buffer<float> projected(T * G), values(output && !steps.all ? T * F : 0);
  project_forward(b.x, steps.rows(), b.kernel, b.bias, T, b.I, G, Precision::kF32,
                  projected.get(), threads);
  LstmForward f{ragged(b, steps), {}, h_n, c_n, {}, {}};
  f.projected = projected.get();
  f.output = output && !steps.all ? values.get() : output;
  lstm_forward(f, threads);
  if (output && !steps.all) spread(b, steps, values.get(), F, output, threads);
}

void padded_lstm_backward(const PaddedLstm &b, const PaddedGradients &to, int threads) {
  const Steps steps(b);
  const int64_t T = steps.count(), G = b.D * 4 * b.H, F = b.D * b.H;
  const bool gathered = to.d_output && !steps.all;
  Buffer<float> d_projected(T * G), d_values(gathered ? T * F : 0), d_x(steps.all ? 0 : T * b.I);
  if (gathered) gather_forward(to.d_output, steps.rows(), T, F, d_values.get(), threads);
  LstmBackward r{ragged(b, steps), {}, to.d_h_n, to.d_c_n, to.d_h0, to.d_c0};
  r.d_output = gathered ? d_values.get() : to.d_output;
  lstm_backward(r, T, d_projected.get(), to.d_recurrent, threads);
  project_backward_kernel(b.x, steps.rows(), d_projected.get(), T, b.I, G, Precision::kF32,
                          to.d_kernel, to.d_bias, threads);
  project_backward_input(d_projected.get(), b.kernel, T, b.I, G, Precision::kF32,
                         steps.all ? to.d_x : d_x.get(), threads);
  if (!steps.all) spread(b, steps, d_x.get(), b.I, to.d_x, threads);
}

}  // namespace bothways
