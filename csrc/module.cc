// The border to Python: typed arrays in, shapes and offsets checked once, GIL released,
// nothing computed here. Results are written into arrays that the caller made. What each
// function does, and the letters of the shapes, stand in operations.h.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "operations.h"
#include "without_gil.h"

namespace nb = nanobind;
using namespace bothways;

void bind_text(nb::module_ &m);  // module_text.cc

namespace {

// By reference: an array that came by value would be released while the interpreter's lock
// is given up, and each would have to take the lock for it.
template <class T, int Dimensions>
using Value = nb::ndarray<T, nb::ndim<Dimensions>, nb::c_contig, nb::device::cpu>;
template <class T, int Dimensions>
using Array = const Value<T, Dimensions> &;
template <class T, int Dimensions>
using Maybe = const std::optional<Value<T, Dimensions>> &;

using Row = Array<const float, 1>;
using Rows = Array<const float, 2>;
using Cube = Array<const float, 3>;
using MaybeRow = Maybe<const float, 1>;
using MaybeRows = Maybe<const float, 2>;
using MaybeCube = Maybe<const float, 3>;
using Ids = Array<const int32_t, 1>;
using MaybeIds = Maybe<const int32_t, 1>;
using Offsets = Array<const int64_t, 1>;
using OutRow = Array<float, 1>;
using OutRows = Array<float, 2>;
using OutCube = Array<float, 3>;
using Unlocked = nb::call_guard<WithoutGil>;

void expect(bool holds, const std::string &what) {
  if (!holds) throw std::invalid_argument(what);
}

template <class A>
void expect_shape(const A &array, const char *name, const std::vector<int64_t> &shape) {
  for (size_t i = 0; i < shape.size(); ++i) {
    if (static_cast<int64_t>(array.shape(i)) == shape[i]) continue;
    std::string text = std::string(name) + " has the shape (", wanted = ") and needs (";
    for (size_t j = 0; j < shape.size(); ++j) {
      text += (j ? ", " : "") + std::to_string(array.shape(j));
      wanted += (j ? ", " : "") + std::to_string(shape[j]);
    }
    throw std::invalid_argument(text + wanted + ")");
  }
}

template <class A>
auto pointer(const std::optional<A> &array) -> decltype(array->data()) {
  return array ? array->data() : nullptr;
}

template <class A>
auto checked(const std::optional<A> &array, const char *name, const std::vector<int64_t> &shape) {
  if (array) expect_shape(*array, name, shape);
  return pointer(array);
}

int64_t check_offsets(const Offsets &offsets, int64_t T) {
  const int64_t N = static_cast<int64_t>(offsets.shape(0)) - 1, *p = offsets.data();
  expect(N >= 0 && p[0] == 0 && p[N] == T,
         "offsets must start at 0 and end at the number of tokens, " + std::to_string(T));
  for (int64_t n = 0; n < N; ++n) expect(p[n] <= p[n + 1], "offsets must not fall");
  expect(T < (int64_t{1} << 31) && N < (int64_t{1} << 31),
         "a batch holds fewer than 2**31 tokens: split it");
  return N;
}

const int32_t *check_ids(const int32_t *ids, int64_t count, int64_t V, const char *name) {
  for (int64_t t = 0; t < count; ++t) {
    if (ids[t] < 0 || ids[t] >= V) {
      throw std::invalid_argument(std::string(name) + " holds " + std::to_string(ids[t]) +
                                  " at place " + std::to_string(t) + ": ids go from 0 to " +
                                  std::to_string(V - 1));
    }
  }
  return ids;
}

const int32_t *check_ids(const MaybeIds &ids, int64_t V, const char *name) {
  return ids ? check_ids(ids->data(), ids->shape(0), V, name) : nullptr;
}

int64_t unique(Ids ids, int64_t V, Array<int32_t, 1> distinct, Array<int32_t, 1> inverse,
               Array<int32_t, 1> order, Array<int64_t, 1> starts) {
  const int64_t T = ids.shape(0);
  check_ids(ids.data(), T, V, "ids");
  expect_shape(distinct, "distinct", {T});
  expect_shape(inverse, "inverse", {T});
  expect_shape(order, "order", {T});
  expect_shape(starts, "starts", {T + 1});
  return unique_forward(ids.data(), T, V, distinct.data(), inverse.data(), order.data(),
                        starts.data());
}

void gather(Rows table, Ids ids, OutRows out, int threads) {
  const int64_t T = ids.shape(0), I = table.shape(1);
  check_ids(ids.data(), T, table.shape(0), "ids");
  expect_shape(out, "out", {T, I});
  gather_forward(table.data(), ids.data(), T, I, out.data(), threads);
}

void sum_by_token(Rows x, Ids order, Offsets starts, OutRows out, int threads) {
  const int64_t T = x.shape(0), G = x.shape(1), U = check_offsets(starts, T);
  expect_shape(order, "order", {T});
  check_ids(order.data(), T, T, "order");
  expect_shape(out, "out", {U, G});
  sum_by_token_forward(x.data(), order.data(), starts.data(), U, G, out.data(), threads);
}

void project(Rows x, MaybeIds rows, Rows kernel, MaybeRow bias, OutRows out, int threads) {
  const int64_t I = x.shape(1), G = kernel.shape(1), M = rows ? rows->shape(0) : x.shape(0);
  expect_shape(kernel, "kernel", {I, G});
  expect_shape(out, "out", {M, G});
  project_forward(x.data(), check_ids(rows, x.shape(0), "rows"), kernel.data(),
                  checked(bias, "bias", {G}), M, I, G, out.data(), threads);
}

void project_input(Rows d_out, Rows kernel, OutRows d_x, int threads) {
  const int64_t M = d_out.shape(0), I = kernel.shape(0), G = kernel.shape(1);
  expect_shape(d_out, "d_out", {M, G});
  expect_shape(d_x, "d_x", {M, I});
  project_backward_input(d_out.data(), kernel.data(), M, I, G, d_x.data(), threads);
}

void project_kernel(Rows x, MaybeIds rows, Rows d_out, OutRows d_kernel, OutRow d_bias,
                    int threads) {
  const int64_t M = d_out.shape(0), I = x.shape(1), G = d_out.shape(1);
  expect(M == static_cast<int64_t>(rows ? rows->shape(0) : x.shape(0)),
         "d_out needs a row for each row that was projected");
  expect_shape(d_kernel, "d_kernel", {I, G});
  expect_shape(d_bias, "d_bias", {G});
  project_backward_kernel(x.data(), check_ids(rows, x.shape(0), "rows"), d_out.data(), M, I, G,
                          d_kernel.data(), d_bias.data(), threads);
}

LstmBatch lstm_batch(const Offsets &offsets, int64_t T, const Cube &recurrent, const MaybeCube &h0,
                     const MaybeCube &c0, bool reversed) {
  LstmBatch b{};
  b.N = check_offsets(offsets, T);
  b.T = T;
  b.D = recurrent.shape(0);
  b.H = recurrent.shape(1);
  expect(b.D == 1 || (b.D == 2 && !reversed), "recurrent needs one direction, or two");
  expect_shape(recurrent, "recurrent", {b.D, b.H, 4 * b.H});
  b.reversed = reversed;
  b.offsets = offsets.data();
  b.recurrent = recurrent.data();
  b.h0 = checked(h0, "h0", {b.D, b.N, b.H});
  b.c0 = checked(c0, "c0", {b.D, b.N, b.H});
  return b;
}

void forward(Rows projected, MaybeIds index, Offsets offsets, Cube recurrent, MaybeCube h0,
             MaybeCube c0, bool reversed, Maybe<float, 2> output, OutCube h_n, OutCube c_n,
             Maybe<float, 3> gates, Maybe<float, 3> cells, int threads) {
  const int64_t T = index ? index->shape(0) : projected.shape(0);
  LstmForward f{lstm_batch(offsets, T, recurrent, h0, c0, reversed), {}, {}, {}, {}, {}, {}, {}};
  const int64_t W = f.D * f.H;
  expect_shape(projected, "projected", {static_cast<int64_t>(projected.shape(0)), 4 * W});
  expect_shape(h_n, "h_n", {f.D, f.N, f.H});
  expect_shape(c_n, "c_n", {f.D, f.N, f.H});
  expect(gates.has_value() == cells.has_value(), "gates and cells are kept together or not at all");
  f.projected = projected.data();
  f.index = check_ids(index, projected.shape(0), "index");
  f.output = checked(output, "output", {T, W});
  f.h_n = h_n.data();
  f.c_n = c_n.data();
  f.gates = checked(gates, "gates", {f.D, T, 4 * f.H});
  f.cells = checked(cells, "cells", {f.D, T, f.H});
  lstm_forward(f, threads);
}

void backward(Cube gates, Cube cells, Rows output, MaybeIds index, Offsets offsets, Cube recurrent,
              MaybeCube h0, MaybeCube c0, bool reversed, MaybeRows d_output, MaybeCube d_h_n,
              MaybeCube d_c_n, OutRows d_projected, OutCube d_recurrent, Maybe<float, 3> d_h0,
              Maybe<float, 3> d_c0, int threads) {
  const int64_t T = output.shape(0), U = d_projected.shape(0);
  LstmBackward b{lstm_batch(offsets, T, recurrent, h0, c0, reversed), {}, {}, {}, {}, {}, {}, {},
                 {}, {}};
  const int64_t W = b.D * b.H;
  expect_shape(gates, "gates", {b.D, T, 4 * b.H});
  expect_shape(cells, "cells", {b.D, T, b.H});
  expect_shape(output, "output", {T, W});
  expect_shape(d_projected, "d_projected", {index ? U : T, 4 * W});
  expect_shape(d_recurrent, "d_recurrent", {b.D, b.H, 4 * b.H});
  expect(d_h0.has_value() == d_c0.has_value(), "d_h0 and d_c0 are asked for together or not at all");
  if (index) expect_shape(*index, "index", {T});
  b.gates = gates.data();
  b.cells = cells.data();
  b.output = output.data();
  b.d_output = checked(d_output, "d_output", {T, W});
  b.d_h_n = checked(d_h_n, "d_h_n", {b.D, b.N, b.H});
  b.d_c_n = checked(d_c_n, "d_c_n", {b.D, b.N, b.H});
  b.index = check_ids(index, U, "index");
  b.d_h0 = checked(d_h0, "d_h0", {b.D, b.N, b.H});
  b.d_c0 = checked(d_c0, "d_c0", {b.D, b.N, b.H});
  lstm_backward(b, U, d_projected.data(), d_recurrent.data(), threads);
}

// x (T, F) and pooled (N, F) of one batch; returns N.
template <class X, class Pooled>
int64_t check_pool(const X &x, const Offsets &offsets, const Pooled &pooled) {
  const int64_t N = check_offsets(offsets, x.shape(0));
  expect_shape(pooled, "the pooled array", {N, static_cast<int64_t>(x.shape(1))});
  return N;
}

void rmsprop(Ids rows, MaybeRows gradient, OutRows weight, OutRows moment, Array<int64_t, 1> seen,
             int64_t step, float rate, float decay, float epsilon, int threads) {
  const int64_t U = rows.shape(0), V = weight.shape(0), I = weight.shape(1);
  check_ids(rows.data(), U, V, "rows");
  expect_shape(moment, "moment", {V, I});
  expect_shape(seen, "seen", {V});
  rmsprop_rows_update({U, I, rows.data(), checked(gradient, "gradient", {U, I}), weight.data(),
                       moment.data(), seen.data(), step, rate, decay, epsilon},
                      threads);
}

template <void (*Kernels::*Function)(const float *, float *, int64_t)>
void elementwise(Row x, OutRow out) {
  expect_shape(out, "out", {static_cast<int64_t>(x.shape(0))});
  (active().*Function)(x.data(), out.data(), x.shape(0));
}

}  // namespace

NB_MODULE(_kernels, m) {
  m.doc() = "Bothways' compiled kernels; use them through bothways.kernels";
  // A daemon thread in a kernel keeps its arguments when the interpreter ends: that is no leak.
  nb::set_leak_warnings(false);
  m.def("isa", [] { return std::string(active().name); });
  m.def("set_isa", [](const std::string &name) { return set_isa(name.c_str()); });
  m.def("available_isas", [] {
    std::vector<std::string> names;
    for (const Kernels *const *k = available(); *k; ++k) names.emplace_back((*k)->name);
    return names;
  });
  m.def("unique", unique, Unlocked());
  m.def("gather", gather, Unlocked());
  m.def("sum_by_token", sum_by_token, Unlocked());
  m.def("project", project, nb::arg("x"), nb::arg("rows").none(), nb::arg("kernel"),
        nb::arg("bias").none(), nb::arg("out"), nb::arg("threads"), Unlocked());
  m.def("project_backward_input", project_input, Unlocked());
  m.def("project_backward_kernel", project_kernel, nb::arg("x"), nb::arg("rows").none(),
        nb::arg("d_out"), nb::arg("d_kernel"), nb::arg("d_bias"), nb::arg("threads"), Unlocked());
  m.def("lstm_forward", forward, nb::arg("projected"), nb::arg("index").none(), nb::arg("offsets"),
        nb::arg("recurrent"), nb::arg("h0").none(), nb::arg("c0").none(), nb::arg("reversed"),
        nb::arg("output").none(), nb::arg("h_n"), nb::arg("c_n"), nb::arg("gates").none(),
        nb::arg("cells").none(), nb::arg("threads"), Unlocked());
  m.def("lstm_backward", backward, nb::arg("gates"), nb::arg("cells"), nb::arg("output"),
        nb::arg("index").none(), nb::arg("offsets"), nb::arg("recurrent"), nb::arg("h0").none(), nb::arg("c0").none(),
        nb::arg("reversed"), nb::arg("d_output").none(), nb::arg("d_h_n").none(),
        nb::arg("d_c_n").none(), nb::arg("d_projected"), nb::arg("d_recurrent"),
        nb::arg("d_h0").none(), nb::arg("d_c0").none(), nb::arg("threads"), Unlocked());
  m.def("mean_forward", [](Rows x, Offsets offsets, OutRows out) {
    const int64_t N = check_pool(x, offsets, out);
    mean_forward(x.data(), offsets.data(), N, x.shape(1), out.data());
  }, Unlocked());
  m.def("mean_backward", [](Rows d_out, Offsets offsets, OutRows d_x) {
    const int64_t N = check_pool(d_x, offsets, d_out);
    mean_backward(d_out.data(), offsets.data(), N, d_x.shape(1), d_x.data());
  }, Unlocked());
  m.def("last_forward", [](Rows x, Offsets offsets, OutRows out) {
    const int64_t N = check_pool(x, offsets, out);
    last_forward(x.data(), offsets.data(), N, x.shape(1), out.data());
  }, Unlocked());
  m.def("last_backward", [](Rows d_out, Offsets offsets, OutRows d_x) {
    const int64_t N = check_pool(d_x, offsets, d_out);
    last_backward(d_out.data(), offsets.data(), N, d_x.shape(0), d_x.shape(1), d_x.data());
  }, Unlocked());
  m.def("max_forward", [](Rows x, Offsets offsets, OutRows out, Array<int64_t, 2> where) {
    const int64_t N = check_pool(x, offsets, out), F = x.shape(1);
    expect_shape(where, "where", {N, F});
    max_forward(x.data(), offsets.data(), N, F, out.data(), where.data());
  }, Unlocked());
  m.def("max_backward", [](Rows d_out, Array<const int64_t, 2> where, OutRows d_x) {
    const int64_t N = d_out.shape(0), T = d_x.shape(0), F = d_x.shape(1);
    expect_shape(d_out, "d_out", {N, F});
    expect_shape(where, "where", {N, F});
    for (int64_t i = 0; i < N * F; ++i) {
      expect(where.data()[i] >= -1 && where.data()[i] < T, "where holds a token that is not there");
    }
    max_backward(d_out.data(), where.data(), N, T, F, d_x.data());
  }, Unlocked());
  m.def("softmax", [](Rows x, OutRows out) {
    const int64_t N = x.shape(0), C = x.shape(1);
    expect_shape(out, "out", {N, C});
    if (C) softmax_forward(x.data(), N, C, out.data());
  }, Unlocked());
  m.def("sigmoid", elementwise<&Kernels::sigmoid_forward>, Unlocked());
  m.def("tanh", elementwise<&Kernels::tanh_forward>, Unlocked());
  m.def("exp", elementwise<&Kernels::exp_forward>, Unlocked());
  m.def("rmsprop_rows", rmsprop, nb::arg("rows"), nb::arg("gradient").none(), nb::arg("weight"),
        nb::arg("moment"), nb::arg("seen"), nb::arg("step"), nb::arg("rate"), nb::arg("decay"),
        nb::arg("epsilon"), nb::arg("threads"), Unlocked());
  bind_text(m);
}
