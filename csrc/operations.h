// What Python can ask for: whole operations on whole batches, on `threads` threads.
// They divide the work and call the active tier; results never depend on `threads`.
// Letters and layouts as in kernels.h.
#pragma once

#include <cstdint>

#include "kernels.h"

namespace bothways {

// embed.cc
// Distinct ids in ascending order, (U,), and for each of the T ids its place among them,
// (T,); order, (T,), lists the tokens of each distinct id, those of id u at starts[u] to
// starts[u + 1] - 1. distinct and starts have room for T and T + 1. Returns U.
int64_t unique_forward(const int32_t *ids, int64_t T, int64_t V, int32_t *distinct,
                       int32_t *inverse, int32_t *order, int64_t *starts);
// out, (T, I): row ids[t] of table, (V, I).
void gather_forward(const float *table, const int32_t *ids, int64_t T, int64_t I, float *out,
                    int threads);
// out, (U, G): the sum of the rows of x, (T, G), of each distinct id.
void sum_by_token_forward(const float *x, const int32_t *order, const int64_t *starts, int64_t U,
                          int64_t G, float *out, int threads);

// project.cc
// out, (M, G), = x[rows] kernel + bias. x (V, I); rows (M,), or null for all of x;
// kernel (I, G); bias (G,) or null.
void project_forward(const float *x, const int32_t *rows, const float *kernel, const float *bias,
                     int64_t M, int64_t I, int64_t G, Precision precision, float *out,
                     int threads);
// d_x, (M, I), = d_out kernel^T: the gradient of the rows that were read.
void project_backward_input(const float *d_out, const float *kernel, int64_t M, int64_t I,
                            int64_t G, Precision precision, float *d_x, int threads);
// d_kernel, (I, G), = x[rows]^T d_out, and d_bias, (G,), the sum of the rows of d_out.
void project_backward_kernel(const float *x, const int32_t *rows, const float *d_out, int64_t M,
                             int64_t I, int64_t G, Precision precision, float *d_kernel,
                             float *d_bias, int threads);

// lstm.cc
// Floats of the packed recurrent weights of one direction, and the weights, (D, H, 4H), packed
// for LstmBatch::packed; good for the active tier alone.
int64_t lstm_packed_size(int64_t H, Precision precision);
void lstm_pack(const float *recurrent, int64_t D, int64_t H, Precision precision, float *packed,
               int threads);
void lstm_forward(LstmForward batch, int threads);
// d_projected, (U, D * 4H), is the gradient of what the tokens read; d_recurrent, (D, H, 4H).
void lstm_backward(LstmBackward batch, int64_t U, float *d_projected, float *d_recurrent,
                   int threads);

// pool.cc; a sequence without tokens pools to zeros. x (T, F), out (N, F).
void mean_forward(const float *x, const int64_t *offsets, int64_t N, int64_t F, float *out);
void mean_backward(const float *d_out, const int64_t *offsets, int64_t N, int64_t F, float *d_x);
// where, (N, F): the token that had the largest value (the first of equals), -1 if none.
void max_forward(const float *x, const int64_t *offsets, int64_t N, int64_t F, float *out,
                 int64_t *where);
void max_backward(const float *d_out, const int64_t *where, int64_t N, int64_t T, int64_t F,
                  float *d_x);
void last_forward(const float *x, const int64_t *offsets, int64_t N, int64_t F, float *out);
void last_backward(const float *d_out, const int64_t *offsets, int64_t N, int64_t T, int64_t F,
                   float *d_x);

// Each row of x, (N, C), to probabilities, in place of out; the largest is subtracted first.
void softmax_forward(const float *x, int64_t N, int64_t C, float *out);

// optimize.cc
void rmsprop_rows_update(const RmspropRows &update, int threads);
void adam_rows_update(const AdamRows &update, int threads);
void adam_catch_up(const AdamCatchUp &update, int threads);

}  // namespace bothways
