// The border to Python: typed arrays in, shapes and offsets checked once, GIL released,
// nothing computed here. Results are written into arrays that the caller made. What each
// function does, and the letters of the shapes, stand in operations.h.
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "cpu.h"
#include "memory.h"
#include "module_arrays.h"

void bind_text(nb::module_ &m);  // module_text.cc
void bind_lstm(nb::module_ &m);  // module_lstm.cc
#if defined(BOTHWAYS_JAX)
void bind_jax(nb::module_ &m);   // module_jax.cc
#endif

namespace {

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

void check_adam(const Ids &rows, const OutRows &weight, const OutRows &first,
                const OutRows &second, const Array<int64_t, 1> &seen) {
  const int64_t V = weight.shape(0), I = weight.shape(1);
  check_ids(rows.data(), rows.shape(0), V, "rows");
  expect_shape(first, "first", {V, I});
  expect_shape(second, "second", {V, I});
  expect_shape(seen, "seen", {V});
}

// Each row must stand between two steps, both included.
void check_seen(const Ids &rows, const int64_t *seen, int64_t from, int64_t to,
                const std::string &what) {
  for (size_t r = 0; r < rows.shape(0); ++r) {
    const int64_t row = rows.data()[r], step = seen[row];
    if (step >= from && step <= to) continue;
    throw std::invalid_argument("row " + std::to_string(row) + " stands at step " +
                                std::to_string(step) + what + std::to_string(to));
  }
}

void adam(Ids rows, Rows gradient, OutRows weight, OutRows first, OutRows second,
          Array<int64_t, 1> seen, int64_t step, float rate, float fade, float rest_1,
          float rest_2, float epsilon, int threads) {
  const int64_t U = rows.shape(0), I = weight.shape(1);
  check_adam(rows, weight, first, second, seen);
  check_seen(rows, seen.data(), step - 1, step - 1,
             ": ready brings it, before it is read, to where the last step ended, step ");
  expect_shape(gradient, "gradient", {U, I});
  adam_rows_update({U, I, rows.data(), gradient.data(), weight.data(), first.data(),
                    second.data(), seen.data(), step, rate, fade, rest_1, rest_2, epsilon},
                   threads);
}

void adam_missed(Ids rows, OutRows weight, OutRows first, OutRows second, Array<int64_t, 1> seen,
                 int64_t step, Rows missed, float epsilon, int threads) {
  const int64_t U = rows.shape(0), I = weight.shape(1), K = missed.shape(0);
  static_assert(sizeof(AdamMissed) == 6 * sizeof(float));
  check_adam(rows, weight, first, second, seen);
  expect_shape(missed, "missed", {K, 6});
  check_seen(rows, seen.data(), step - K, step,
             ": missed goes back " + std::to_string(K) + " steps from step ");
  adam_catch_up({U, I, rows.data(), weight.data(), first.data(), second.data(), seen.data(), step,
                 K, reinterpret_cast<const AdamMissed *>(missed.data()), epsilon},
                threads);
}

// An uninitialised array (count,) in memory of allocate().
nb::ndarray<nb::numpy, float> empty(int64_t count) {
  expect(count >= 0, "an array has no negative size");
  void *memory = allocate(count * sizeof(float));
  nb::capsule owner(memory, [](void *p) noexcept { release(p); });
  return nb::ndarray<nb::numpy, float>(memory, {static_cast<size_t>(count)}, owner);
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
  m.def("amx_refused", [] { return cpu_features().amx_refused; });
  m.def("dot_is_fast", [] { return active().dot_is_fast; });
  m.def("available_isas", [] {
    std::vector<std::string> names;
    for (const Kernels *const *k = available(); *k; ++k) names.emplace_back((*k)->name);
    return names;
  });
  m.def("empty", empty);
  m.def("trim_memory", trim_memory);
  m.def("unique", unique, Unlocked());
  m.def("gather", gather, Unlocked());
  m.def("sum_by_token", sum_by_token, Unlocked());
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
  m.def("adam_rows", adam, Unlocked());
  m.def("adam_catch_up", adam_missed, Unlocked());
  bind_lstm(m);
  bind_text(m);
#if defined(BOTHWAYS_JAX)
  bind_jax(m);
#endif
}
