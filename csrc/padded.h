// The recurrence over a padded batch with any mask, from the inputs to their gradients: the
// masked steps are left out, nothing is read of them, and what is written there is zero.
#pragma once

#include <cstdint>

namespace bothways {

// Letters, gates and directions as in kernels.h; L steps in the padded batch.
struct PaddedLstm {
  int64_t N, L, I, H, D;
  bool reversed;                         // with D = 1: read from the end
  const float *x;                        // (N, L, I)
  const bool *mask;                      // (N, L): true at the steps that count
  const float *kernel, *bias;            // (I, D * 4H), (D * 4H,)
  const float *recurrent;                // (D, H, 4H)
  const float *h0, *c0;                  // (D, N, H)
  float *trace;                          // room for (D, N * L, 6H), filled as far as needed
};

// What comes from above, and where the gradients go; in the shapes of what they belong to.
struct PaddedGradients {
  const float *d_output;                 // (N, L, D * H), or null for zeros
  const float *d_h_n, *d_c_n;            // (D, N, H)
  float *d_x, *d_kernel, *d_bias, *d_recurrent, *d_h0, *d_c0;
};

// output (N, L, D * H), or null; h_n and c_n (D, N, H). The trace may be null here.
void padded_lstm_forward(const PaddedLstm &batch, float *output, float *h_n, float *c_n,
                         int threads);
// With the trace that the forward pass left; the bias is not read.
void padded_lstm_backward(const PaddedLstm &batch, const PaddedGradients &to, int threads);

}  // namespace bothways
