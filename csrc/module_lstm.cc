// The border to Python of the projection and the recurrence; see module.cc.
#include "module_arrays.h"

namespace {

// In Python 0 is f32 and 1 bf16.
Precision precision_of(int number) {
  expect(number == 0 || number == 1, "the precision is 0 or 1");
  return static_cast<Precision>(number);
}

void project(Rows x, MaybeIds rows, Rows kernel, MaybeRow bias, int precision,
             OutRows out, int threads) {
  const int64_t I = x.shape(1), G = kernel.shape(1), M = rows ? rows->shape(0) : x.shape(0);
  expect_shape(kernel, "kernel", {I, G});
  expect_shape(out, "out", {M, G});
  project_forward(x.data(), check_ids(rows, x.shape(0), "rows"), kernel.data(),
                  checked(bias, "bias", {G}), M, I, G, precision_of(precision), out.data(), threads);
}

void project_input(Rows d_out, Rows kernel, int precision, OutRows d_x, int threads) {
  const int64_t M = d_out.shape(0), I = kernel.shape(0), G = kernel.shape(1);
  expect_shape(d_out, "d_out", {M, G});
  expect_shape(d_x, "d_x", {M, I});
  project_backward_input(d_out.data(), kernel.data(), M, I, G, precision_of(precision), d_x.data(),
                         threads);
}

void project_kernel(Rows x, MaybeIds rows, Rows d_out, int precision, OutRows d_kernel,
                    OutRow d_bias, int threads) {
  const int64_t M = d_out.shape(0), I = x.shape(1), G = d_out.shape(1);
  expect(M == static_cast<int64_t>(rows ? rows->shape(0) : x.shape(0)),
         "d_out needs a row for each row that was projected");
  expect_shape(d_kernel, "d_kernel", {I, G});
  expect_shape(d_bias, "d_bias", {G});
  project_backward_kernel(x.data(), check_ids(rows, x.shape(0), "rows"), d_out.data(), M, I, G,
                          precision_of(precision), d_kernel.data(), d_bias.data(), threads);
}

// What both passes read. `kept`, (D, rows, width), is what the forward pass leaves to the
// backward pass: the trace, or with an interval the checkpoints.
LstmBatch lstm_batch(Rows projected, MaybeIds index, Offsets offsets,
                     Cube recurrent, MaybeRows packed, MaybeCube h0,
                     MaybeCube c0, bool reversed, int precision, int64_t interval,
                     Maybe<float, 3> kept) {
  LstmBatch b{};
  b.T = index ? index->shape(0) : projected.shape(0);
  b.N = check_offsets(offsets, b.T);
  b.D = recurrent.shape(0);
  b.H = recurrent.shape(1);
  expect(b.D == 1 || (b.D == 2 && !reversed), "recurrent needs one direction, or two");
  expect_shape(recurrent, "recurrent", {b.D, b.H, 4 * b.H});
  const int64_t U = projected.shape(0);
  expect_shape(projected, "projected", {U, b.D * 4 * b.H});
  b.projected = projected.data();
  b.index = check_ids(index, U, "index");
  b.precision = precision_of(precision);
  b.packed = checked(packed, "packed", {b.D, lstm_packed_size(b.H, b.precision)});
  b.reversed = reversed;
  b.offsets = offsets.data();
  b.recurrent = recurrent.data();
  b.h0 = checked(h0, "h0", {b.D, b.N, b.H});
  b.c0 = checked(c0, "c0", {b.D, b.N, b.H});
  expect(h0.has_value() == c0.has_value(), "h0 and c0 are given together or not at all");
  expect(interval >= 0, "the interval of checkpoints must not be negative");
  b.interval = interval;
  if (!kept) return b;
  if (interval == 0) {
    expect_shape(*kept, "trace", {b.D, b.T, 6 * b.H});
    b.trace = kept->data();
    return b;
  }
  int64_t rows = 0;
  for (int64_t n = 0; n < b.N; ++n) {
    const int64_t length = b.offsets[n + 1] - b.offsets[n];
    rows += length > 0 ? (length - 1) / interval : 0;
  }
  expect_shape(*kept, "checkpoints", {b.D, rows, 2 * b.H});
  b.checkpoints = kept->data();
  return b;
}

void forward(Rows projected, MaybeIds index, Offsets offsets, Cube recurrent, MaybeRows packed,
             MaybeCube h0, MaybeCube c0, bool reversed, int precision, int64_t interval,
             Maybe<float, 3> kept, Maybe<float, 2> output, Maybe<float, 3> h_n,
             Maybe<float, 3> c_n, int pool, Maybe<float, 2> pooled, int threads) {
  expect(interval == 0 || kept, "an interval needs checkpoints");
  LstmForward f{lstm_batch(projected, index, offsets, recurrent, packed, h0, c0, reversed,
                           precision, interval, kept),
                {}, {}, {}, {}, {}};
  f.output = checked(output, "output", {f.T, f.D * f.H});
  f.h_n = checked(h_n, "h_n", {f.D, f.N, f.H});
  f.c_n = checked(c_n, "c_n", {f.D, f.N, f.H});
  expect(pool >= 0 && pool <= 2 && (pool > 0) == pooled.has_value(),
         "pooling is 0, none, or 1 or 2, mean or max, with an array for it");
  f.pool = static_cast<Pool>(pool);
  f.pooled = checked(pooled, "pooled", {f.N, f.D * f.H});
  lstm_forward(f, threads);
}

void backward(Rows projected, MaybeIds index, Offsets offsets, Cube recurrent, MaybeCube h0,
              MaybeCube c0, bool reversed, int precision, int64_t interval, Array<float, 3> kept,
              MaybeRows d_output, MaybeCube d_h_n, MaybeCube d_c_n, OutRows d_projected,
              OutCube d_recurrent, Maybe<float, 3> d_h0, Maybe<float, 3> d_c0, int threads) {
  const std::optional<Value<const float, 2>> packed;
  const std::optional<Value<float, 3>> present(kept);
  LstmBackward b{lstm_batch(projected, index, offsets, recurrent, packed, h0, c0, reversed,
                            precision, interval, present),
                 {}, {}, {}, {}, {}};
  const int64_t U = projected.shape(0);
  expect_shape(d_projected, "d_projected", {U, b.D * 4 * b.H});
  expect_shape(d_recurrent, "d_recurrent", {b.D, b.H, 4 * b.H});
  expect(d_h0.has_value() == d_c0.has_value(), "d_h0 and d_c0 are asked for together or not at all");
  b.d_output = checked(d_output, "d_output", {b.T, b.D * b.H});
  b.d_h_n = checked(d_h_n, "d_h_n", {b.D, b.N, b.H});
  b.d_c_n = checked(d_c_n, "d_c_n", {b.D, b.N, b.H});
  b.d_h0 = checked(d_h0, "d_h0", {b.D, b.N, b.H});
  b.d_c0 = checked(d_c0, "d_c0", {b.D, b.N, b.H});
  lstm_backward(b, U, d_projected.data(), d_recurrent.data(), threads);
}

void pack_recurrent(Cube recurrent, int precision, OutRows packed) {
  const int64_t D = recurrent.shape(0), H = recurrent.shape(1);
  expect_shape(recurrent, "recurrent", {D, H, 4 * H});
  expect_shape(packed, "packed", {D, lstm_packed_size(H, precision_of(precision))});
  lstm_pack(recurrent.data(), D, H, precision_of(precision), packed.data(), 1);
}

}  // namespace

void bind_lstm(nb::module_ &m) {
  m.def("project", project, nb::arg("x"), nb::arg("rows").none(), nb::arg("kernel"),
        nb::arg("bias").none(), nb::arg("precision"), nb::arg("out"), nb::arg("threads"),
        Unlocked());
  m.def("project_backward_input", project_input, Unlocked());
  m.def("project_backward_kernel", project_kernel, nb::arg("x"), nb::arg("rows").none(),
        nb::arg("d_out"), nb::arg("precision"), nb::arg("d_kernel"), nb::arg("d_bias"),
        nb::arg("threads"), Unlocked());
  m.def("packed_size", [](int64_t H, int precision) {
    return lstm_packed_size(H, precision_of(precision));
  });
  m.def("pack_recurrent", pack_recurrent, Unlocked());
  m.def("lstm_forward", forward, nb::arg("projected"), nb::arg("index").none(), nb::arg("offsets"),
        nb::arg("recurrent"), nb::arg("packed").none(), nb::arg("h0").none(), nb::arg("c0").none(),
        nb::arg("reversed"), nb::arg("precision"), nb::arg("interval"), nb::arg("kept").none(),
        nb::arg("output").none(), nb::arg("h_n").none(), nb::arg("c_n").none(), nb::arg("pool"),
        nb::arg("pooled").none(), nb::arg("threads"), Unlocked());
  m.def("lstm_backward", backward, nb::arg("projected"), nb::arg("index").none(),
        nb::arg("offsets"), nb::arg("recurrent"), nb::arg("h0").none(), nb::arg("c0").none(),
        nb::arg("reversed"), nb::arg("precision"), nb::arg("interval"), nb::arg("kept"),
        nb::arg("d_output").none(), nb::arg("d_h_n").none(), nb::arg("d_c_n").none(),
        nb::arg("d_projected"), nb::arg("d_recurrent"), nb::arg("d_h0").none(),
        nb::arg("d_c0").none(), nb::arg("threads"), Unlocked());
}
