// Everything that a tier is made of, over its vector type; included inside the tier's
// target region and namespace.
#include "buffer-inl.h"
#include "math-inl.h"
#include "gemm-inl.h"
#include "lstm-inl.h"
#include "lstm_backward-inl.h"
#include "rows-inl.h"

constexpr Kernels table(const char *name) {
  return {name,         kRows,        sigmoid_forward,  tanh_forward,
          exp_forward,  gemm_packed_size, gemm_pack, gemm_rows,       gemm_columns,
          kPanel,       lstm_packed_size, lstm_pack, lstm_forward,    lstm_backward,
          sum_rows,     rmsprop_rows, adam_rows,        adam_catch_up};
}
