// The border to JAX: handlers that XLA calls from inside a compiled program, without Python.
// Compiled where jaxlib's headers are; see https://docs.jax.dev/en/latest/ffi.html.
#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>

#include <algorithm>
#include <initializer_list>
#include <stdexcept>
#include <string>

#include "memory.h"
#include "padded.h"
#include "xla/ffi/api/ffi.h"

namespace nb = nanobind;
namespace ffi = xla::ffi;
using namespace bothways;

namespace {

template <size_t Dimensions>
using Floats = ffi::Buffer<ffi::F32, Dimensions>;
template <size_t Dimensions>
using OutFloats = ffi::Result<Floats<Dimensions>>;
using Mask = ffi::Buffer<ffi::PRED, 2>;

template <class Buffer>
void expect_shape(const Buffer &buffer, const char *name, std::initializer_list<int64_t> shape) {
  const auto found = buffer.dimensions();
  if (!std::equal(found.begin(), found.end(), shape.begin(), shape.end())) {
    throw std::invalid_argument(std::string(name) + " has another shape than the others need");
  }
}

// An array that was not asked for comes as one without elements.
template <size_t Dimensions>
float *data_or_null(Floats<Dimensions> &buffer) {
  return buffer.element_count() ? buffer.typed_data() : nullptr;
}

PaddedLstm padded(const Floats<3> &x, const Mask &mask, const Floats<2> &kernel,
                  const Floats<3> &recurrent, const Floats<3> &h0, const Floats<3> &c0,
                  bool reversed) {
  PaddedLstm b{};
  b.N = x.dimensions()[0];
  b.L = x.dimensions()[1];
  b.I = x.dimensions()[2];
  b.D = recurrent.dimensions()[0];
  b.H = recurrent.dimensions()[1];
  if (b.N * b.L >= int64_t{1} << 31) {
    throw std::invalid_argument("a batch holds fewer than 2**31 steps: split it");
  }
  if (b.D != 1 && (b.D != 2 || reversed)) {
    throw std::invalid_argument("recurrent needs one direction, or two");
  }
  expect_shape(mask, "mask", {b.N, b.L});
  expect_shape(kernel, "kernel", {b.I, b.D * 4 * b.H});
  expect_shape(recurrent, "recurrent", {b.D, b.H, 4 * b.H});
  expect_shape(h0, "h0", {b.D, b.N, b.H});
  expect_shape(c0, "c0", {b.D, b.N, b.H});
  b.reversed = reversed;
  b.x = x.typed_data();
  b.mask = mask.typed_data();
  b.kernel = kernel.typed_data();
  b.recurrent = recurrent.typed_data();
  b.h0 = h0.typed_data();
  b.c0 = c0.typed_data();
  return b;
}

// The memory of a program is new each time it runs: filling it page by page would take longer
// than the recurrence.
void fresh(Floats<3> &buffer) {
  prefer_large_pages(buffer.typed_data(), static_cast<int64_t>(buffer.size_bytes()));
}

// XLA knows no exceptions.
template <class Function>
ffi::Error guarded(const Function &function) {
  try {
    function();
    return ffi::Error::Success();
  } catch (const std::invalid_argument &error) {
    return ffi::Error::InvalidArgument(error.what());
  } catch (const std::exception &error) {
    return ffi::Error::Internal(error.what());
  }
}

ffi::Error forward(Floats<3> x, Mask mask, Floats<2> kernel, Floats<1> bias, Floats<3> recurrent,
                   Floats<3> h0, Floats<3> c0, OutFloats<3> output, OutFloats<3> h_n,
                   OutFloats<3> c_n, OutFloats<3> trace, bool reversed, int64_t threads) {
  return guarded([&] {
    PaddedLstm b = padded(x, mask, kernel, recurrent, h0, c0, reversed);
    expect_shape(bias, "bias", {b.D * 4 * b.H});
    expect_shape(*h_n, "h_n", {b.D, b.N, b.H});
    expect_shape(*c_n, "c_n", {b.D, b.N, b.H});
    if (output->element_count()) expect_shape(*output, "output", {b.N, b.L, b.D * b.H});
    if (trace->element_count()) expect_shape(*trace, "trace", {b.D, b.N * b.L, 6 * b.H});
    fresh(*output);
    fresh(*trace);
    b.bias = bias.typed_data();
    b.trace = data_or_null(*trace);
    padded_lstm_forward(b, data_or_null(*output), h_n->typed_data(), c_n->typed_data(),
                        static_cast<int>(threads));
  });
}

ffi::Error backward(Floats<3> x, Mask mask, Floats<2> kernel, Floats<3> recurrent, Floats<3> h0,
                    Floats<3> c0, Floats<3> trace, Floats<3> d_output, Floats<3> d_h_n,
                    Floats<3> d_c_n, OutFloats<3> d_x, OutFloats<2> d_kernel, OutFloats<1> d_bias,
                    OutFloats<3> d_recurrent, OutFloats<3> d_h0, OutFloats<3> d_c0, bool reversed,
                    int64_t threads) {
  return guarded([&] {
    PaddedLstm b = padded(x, mask, kernel, recurrent, h0, c0, reversed);
    expect_shape(trace, "trace", {b.D, b.N * b.L, 6 * b.H});
    if (d_output.element_count()) expect_shape(d_output, "d_output", {b.N, b.L, b.D * b.H});
    for (const auto *d : {&d_h_n, &d_c_n, &*d_h0, &*d_c0}) {
      expect_shape(*d, "a gradient of the states", {b.D, b.N, b.H});
    }
    expect_shape(*d_x, "d_x", {b.N, b.L, b.I});
    expect_shape(*d_kernel, "d_kernel", {b.I, b.D * 4 * b.H});
    expect_shape(*d_bias, "d_bias", {b.D * 4 * b.H});
    expect_shape(*d_recurrent, "d_recurrent", {b.D, b.H, 4 * b.H});
    fresh(*d_x);
    b.trace = trace.typed_data();
    const PaddedGradients to{data_or_null(d_output), d_h_n.typed_data(), d_c_n.typed_data(),
                             d_x->typed_data(), d_kernel->typed_data(), d_bias->typed_data(),
                             d_recurrent->typed_data(), d_h0->typed_data(), d_c0->typed_data()};
    padded_lstm_backward(b, to, static_cast<int>(threads));
  });
}

XLA_FFI_DEFINE_HANDLER(kForward, forward,
                       ffi::Ffi::Bind()
                           .Arg<Floats<3>>()   // x
                           .Arg<Mask>()
                           .Arg<Floats<2>>()   // kernel
                           .Arg<Floats<1>>()   // bias
                           .Arg<Floats<3>>()   // recurrent
                           .Arg<Floats<3>>()   // h0
                           .Arg<Floats<3>>()   // c0
                           .Ret<Floats<3>>()   // output
                           .Ret<Floats<3>>()   // h_n
                           .Ret<Floats<3>>()   // c_n
                           .Ret<Floats<3>>()   // trace
                           .Attr<bool>("reversed")
                           .Attr<int64_t>("threads"));

XLA_FFI_DEFINE_HANDLER(kBackward, backward,
                       ffi::Ffi::Bind()
                           .Arg<Floats<3>>()   // x
                           .Arg<Mask>()
                           .Arg<Floats<2>>()   // kernel
                           .Arg<Floats<3>>()   // recurrent
                           .Arg<Floats<3>>()   // h0
                           .Arg<Floats<3>>()   // c0
                           .Arg<Floats<3>>()   // trace
                           .Arg<Floats<3>>()   // d_output
                           .Arg<Floats<3>>()   // d_h_n
                           .Arg<Floats<3>>()   // d_c_n
                           .Ret<Floats<3>>()   // d_x
                           .Ret<Floats<2>>()   // d_kernel
                           .Ret<Floats<1>>()   // d_bias
                           .Ret<Floats<3>>()   // d_recurrent
                           .Ret<Floats<3>>()   // d_h0
                           .Ret<Floats<3>>()   // d_c0
                           .Attr<bool>("reversed")
                           .Attr<int64_t>("threads"));

}  // namespace

void bind_jax(nb::module_ &m) {
  m.def("jax_handlers", [] {
    return std::pair(nb::capsule(reinterpret_cast<void *>(+kForward)),
                     nb::capsule(reinterpret_cast<void *>(+kBackward)));
  });
}
