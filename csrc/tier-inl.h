// Everything that a tier is made of, over its vector type; included inside the tier's
// target region and namespace.
#include "buffer-inl.h"
#include "math-inl.h"
#include "bf16-inl.h"
#include "gemm-inl.h"
#include "lstm-inl.h"
#include "lstm_backward-inl.h"
#include "rows-inl.h"

template <class P>
constexpr Products products() {
  return {kPanel,
          gemm_packed_size<P>, gemm_pack<P>, gemm_rows<P>,    gemm_columns<typename P::Columns>,
          lstm_packed_size<P>, lstm_pack<P>, lstm_forward<P>, lstm_backward<P>};
}

template <class Half = Bf16>
constexpr Kernels table(const char *name) {
  return {name,        kRows,      sigmoid_forward, tanh_forward, exp_forward,
          kDotIsFast,  {products<F32>(), products<Half>()},
          sum_rows,    rmsprop_rows, adam_rows, adam_catch_up};
}
