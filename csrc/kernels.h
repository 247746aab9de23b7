// The border between vector code and everything else: one table of functions per
// instruction set. Letters: N sequences, T tokens in the batch, I input, H hidden,
// D directions, U distinct tokens, V vocabulary. All arrays are contiguous float32 in row
// order unless a comment says otherwise.
#pragma once

#include <cstdint>

namespace bothways {

enum class Pool { kNone, kMean, kMax };

// How the numbers of a product travel: bf16-inl.h.
enum class Precision { kF32, kBf16 };

// What both passes of the recurrence read. Gate order: i, f, g, o. The columns and rows
// of direction 1, which reads from the end, follow those of direction 0.
struct LstmBatch {
  int64_t N, T, H, D;
  bool reversed;            // with D = 1: read from the end
  const int64_t *offsets;   // (N + 1,)
  const float *projected;   // (U, D * 4H): the input half of the gates, bias included
  const int32_t *index;     // (T,) row of projected of each token, or null: row t
  const float *recurrent;   // (D, H, 4H)
  const float *packed;      // the same as the forward pass reads it, or null
  const float *h0, *c0;     // (D, N, H), or null for zeros
  Precision precision;
  // What the forward pass keeps for the backward pass: the whole trace, (D, T, 6H), i f g o
  // c h of each step; or, every `interval` steps, the state that the next step begins with,
  // (D, checkpoint_rows, 2H), h c; or, both being null, nothing. Steps come in the order of
  // step_start and checkpoint_start.
  float *trace, *checkpoints;
  int64_t interval;         // 0: no checkpoints
  // Filled in by lstm.cc: the sequences, longest first, and where each step begins if all
  // first steps are written one after another in that order, then all second steps, ...; the
  // same of the checkpoints.
  const int32_t *sorted;             // (N,)
  const int64_t *step_start;         // (longest,)
  const int64_t *checkpoint_start;   // ((longest - 1) / interval,)
  int64_t checkpoint_rows;

  bool from_end(int64_t d) const { return d == 1 || reversed; }
};

struct LstmForward : LstmBatch {
  float *output;            // (T, D * H), or null
  float *h_n, *c_n;         // (D, N, H), or null
  Pool pool;                // over the tokens of each sequence, each direction by itself
  float *pooled;            // (N, D * H), null where pool is kNone; zeros without tokens
};

struct LstmBackward : LstmBatch {
  const float *d_output;                 // (T, D * H), or null for zeros
  const float *d_h_n, *d_c_n;            // (D, N, H), or null for zeros
  float *d_h0, *d_c0;                    // (D, N, H), or null
};

struct RmspropRows {
  int64_t U, I;
  const int32_t *rows;       // (U,), each row once
  const float *gradient;     // (U, I), or null: only let time pass
  float *weight, *moment;    // (V, I)
  int64_t *seen;             // (V,) the step that the row's moment stands at
  int64_t step;              // this step, counted from 1
  float rate, decay, epsilon;
};

struct AdamRows {
  int64_t U, I;
  const int32_t *rows;            // (U,), each row once
  const float *gradient;          // (U, I)
  float *weight, *first, *second; // (V, I): weights, and the running means of g and g^2
  int64_t *seen;                  // (V,) the step that the row stands at
  int64_t step;                   // this step, counted from 1
  float rate, fade;               // bias correction included; what weight decay takes
  float rest_1, rest_2, epsilon;  // 1 - beta_1, 1 - beta_2
};

// What a row goes through in steps without gradient: reference.py has the equations.
struct AdamMissed {
  float fade, first, second, total, ratio, spread;
};

struct AdamCatchUp {
  int64_t U, I;
  const int32_t *rows;            // (U,), each row once
  float *weight, *first, *second; // (V, I)
  int64_t *seen;                  // (V,) the step that the row stands at
  int64_t step, K;                // the step to bring the rows to
  const AdamMissed *missed;       // (K,): place k is for rows that stand at step - K + k
  float epsilon;
};

// Products and what consists of them, in one precision.
struct Products {
  int64_t panel;             // columns of a packed panel
  int64_t (*gemm_packed_size)(int64_t K, int64_t N);
  void (*gemm_pack)(const float *b, int64_t ldb, bool transposed, int64_t K, int64_t N,
                    float *packed);
  void (*gemm_rows)(const float *const *a, const float *packed, const float *bias, float *c,
                    int64_t ldc, int64_t M, int64_t K, int64_t N);
  void (*gemm_columns)(const float *const *a, const float *const *b, float *c, int64_t ldc,
                       int64_t K, int64_t M, int64_t N);

  // The recurrence over `count` sequences of one direction, given by their places in
  // `sorted`, ascending. `packed` is what lstm_pack (forward) or gemm_pack of the transpose
  // (backward) made of recurrent[d]; with checkpoints the backward pass needs both.
  // The backward pass adds to d_projected, (U, D * 4H), or without an index writes it, and
  // adds to d_recurrent, (H, 4H).
  int64_t (*lstm_packed_size)(int64_t H);
  void (*lstm_pack)(const float *recurrent, int64_t H, float *packed);
  void (*lstm_forward)(const LstmForward &batch, int64_t d, const int32_t *ranks,
                       int64_t count, const float *packed);
  void (*lstm_backward)(const LstmBackward &batch, int64_t d, const int32_t *ranks,
                        int64_t count, const float *packed, const float *packed_forward,
                        float *d_projected, float *d_recurrent);
};

struct Kernels {
  const char *name;
  int64_t rows;              // of a register tile

  void (*sigmoid_forward)(const float *x, float *out, int64_t count);
  void (*tanh_forward)(const float *x, float *out, int64_t count);
  void (*exp_forward)(const float *x, float *out, int64_t count);

  bool dot_is_fast;          // bf16 products have instructions of their own
  Products products[2];      // by Precision

  // out, (U, G): row u is the sum of rows order[starts[u]] ... order[starts[u + 1] - 1] of x.
  void (*sum_rows)(const float *x, const int32_t *order, const int64_t *starts, int64_t U,
                   int64_t G, float *out);
  void (*rmsprop_rows)(const RmspropRows &update);
  void (*adam_rows)(const AdamRows &update);
  void (*adam_catch_up)(const AdamCatchUp &update);
};

extern const Kernels kScalar, kAvx2, kAvx512, kAvx512Bf16, kAmx;
#if defined(BOTHWAYS_TILE_MODEL)
extern const Kernels kAmxModel;
#endif

// The tier in use; the best this CPU has until set_isa says otherwise.
const Kernels &active();
inline const Products &products(Precision precision) {
  return active().products[static_cast<int>(precision)];
}
// Tiers this CPU has, best first, ended by a null pointer.
const Kernels *const *available();
// False if this CPU has no tier of that name.
bool set_isa(const char *name);

}  // namespace bothways
