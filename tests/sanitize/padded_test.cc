// The recurrence over padded batches, which JAX alone reaches, in buffers of exactly their size.
// Run under a sanitizer by run.py; ends with status 0 if a sequence in a padded batch is, bit for
// bit, the same as its steps alone, and nothing is read or written elsewhere.
#include "padded.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

using bothways::PaddedGradients;
using bothways::PaddedLstm;
using Floats = std::vector<float>;

namespace {

std::mt19937 chance(1);

Floats drawn(int64_t size) {
  std::normal_distribution<float> normal;
  Floats values(size);
  for (float &value : values) value = normal(chance);
  return values;
}

void expect(bool holds, const char *what) {
  if (holds) return;
  std::fprintf(stderr, "padded_test: not so: %s\n", what);
  std::exit(1);
}

struct Result {
  Floats output, h_n, d_x, d_h0;
};

// Both passes; x (N, L, I), mask (N, L), h0 (D, N, H), weights as in padded.h.
Result both_ways(int64_t N, int64_t L, int64_t I, int64_t H, int64_t D, const Floats &x,
                 const std::vector<char> &mask, const Floats &h0, const Floats &d_output,
                 const Floats &kernel, const Floats &bias, const Floats &recurrent, int threads) {
  const std::unique_ptr<bool[]> counts(new bool[mask.size()]);
  for (size_t i = 0; i < mask.size(); ++i) counts[i] = mask[i] != 0;
  const Floats c0 = h0, d_h_n(D * N * H, 1.f);
  Floats trace(D * N * L * 6 * H), c_n(D * N * H), d_c0(D * N * H);
  Floats d_kernel(kernel.size()), d_bias(bias.size()), d_recurrent(recurrent.size());
  Result r{Floats(N * L * D * H), Floats(D * N * H), Floats(N * L * I), Floats(D * N * H)};
  PaddedLstm b{N, L, I, H, D, false, x.data(), counts.get(), kernel.data(), bias.data(),
               recurrent.data(), h0.data(), c0.data(), trace.data()};
  padded_lstm_forward(b, r.output.data(), r.h_n.data(), c_n.data(), threads);
  PaddedGradients to{d_output.data(), d_h_n.data(), d_h_n.data(), r.d_x.data(), d_kernel.data(),
                     d_bias.data(), d_recurrent.data(), r.d_h0.data(), d_c0.data()};
  padded_lstm_backward(b, to, threads);
  for (const float value : d_kernel) expect(std::isfinite(value), "no NaN of the padding is read");
  return r;
}

void as_alone(int64_t N, int64_t L, int64_t I, int64_t H, int64_t D, double share, int threads) {
  const Floats kernel = drawn(I * D * 4 * H), bias = drawn(D * 4 * H);
  const Floats recurrent = drawn(D * H * 4 * H), h0 = drawn(D * N * H);
  const int64_t F = D * H;
  Floats x = drawn(N * L * I), d_output = drawn(N * L * F);
  std::vector<char> mask(N * L);
  for (char &counts : mask) counts = std::bernoulli_distribution(share)(chance);
  for (int64_t p = 0; p < N * L; ++p) {
    for (int64_t i = 0; i < I && !mask[p]; ++i) x[p * I + i] = NAN;
  }
  const Result padded = both_ways(N, L, I, H, D, x, mask, h0, d_output, kernel, bias, recurrent,
                                  threads);
  for (int64_t n = 0; n < N; ++n) {
    Floats own_x, own_d, own_h0;
    std::vector<int64_t> places;
    for (int64_t p = n * L; p < (n + 1) * L; ++p) {
      for (int64_t k = 0; k < F && !mask[p]; ++k) {
        expect(padded.output[p * F + k] == 0, "masked output is zero");
      }
      if (!mask[p]) continue;
      places.push_back(p);
      own_x.insert(own_x.end(), &x[p * I], &x[p * I] + I);
      own_d.insert(own_d.end(), &d_output[p * F], &d_output[p * F] + F);
    }
    for (int64_t d = 0; d < D; ++d) {
      own_h0.insert(own_h0.end(), &h0[(d * N + n) * H], &h0[(d * N + n) * H] + H);
    }
    const auto T = static_cast<int64_t>(places.size());
    const Result alone = both_ways(1, T, I, H, D, own_x, std::vector<char>(T, 1), own_h0, own_d,
                                   kernel, bias, recurrent, 1);
    for (int64_t t = 0; t < T; ++t) {
      for (int64_t k = 0; k < F; ++k) {
        expect(padded.output[places[t] * F + k] == alone.output[t * F + k], "the same output");
      }
      for (int64_t i = 0; i < I; ++i) {
        expect(padded.d_x[places[t] * I + i] == alone.d_x[t * I + i], "the same gradient");
      }
    }
    for (int64_t d = 0; d < D; ++d) {
      for (int64_t k = 0; k < H; ++k) {
        const int64_t p = (d * N + n) * H + k, q = d * H + k;
        expect(padded.h_n[p] == alone.h_n[q], "the same last state");
        expect(padded.d_h0[p] == alone.d_h0[q], "the same gradient of the first state");
      }
    }
  }
}

}  // namespace

int main() {
  for (const double share : {0., 0.3, 0.9, 1.}) {
    for (const int threads : {1, 3}) {
      as_alone(5, 7, 3, 4, 2, share, threads);
      as_alone(33, 9, 17, 19, 1, share, threads);
      as_alone(3, 0, 2, 2, 2, share, threads);
    }
  }
  std::puts("padded_test: all holds");
}
