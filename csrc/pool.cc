// Pooling over the tokens of each sequence. Memory sets the pace here, so plain loops do.
#include <algorithm>
#include <cstring>

#include "operations.h"

namespace bothways {

void mean_forward(const float *x, const int64_t *offsets, int64_t N, int64_t F, float *out) {
  std::memset(out, 0, N * F * sizeof(float));
  for (int64_t n = 0; n < N; ++n, out += F) {
    for (int64_t t = offsets[n]; t < offsets[n + 1]; ++t) {
      for (int64_t f = 0; f < F; ++f) out[f] += x[t * F + f];
    }
    const float count = static_cast<float>(offsets[n + 1] - offsets[n]);
    for (int64_t f = 0; f < F && count > 0; ++f) out[f] /= count;
  }
}

void mean_backward(const float *d_out, const int64_t *offsets, int64_t N, int64_t F, float *d_x) {
  for (int64_t n = 0; n < N; ++n, d_out += F) {
    const float count = static_cast<float>(offsets[n + 1] - offsets[n]);
    for (int64_t t = offsets[n]; t < offsets[n + 1]; ++t) {
      for (int64_t f = 0; f < F; ++f) d_x[t * F + f] = d_out[f] / count;
    }
  }
}

void max_forward(const float *x, const int64_t *offsets, int64_t N, int64_t F, float *out,
                 int64_t *where) {
  for (int64_t n = 0; n < N; ++n, out += F, where += F) {
    const int64_t first = offsets[n], last = offsets[n + 1];
    for (int64_t f = 0; f < F; ++f) {
      out[f] = first < last ? x[first * F + f] : 0.0f;
      where[f] = first < last ? first : -1;
    }
    for (int64_t t = first + 1; t < last; ++t) {
      const float *row = x + t * F;
      for (int64_t f = 0; f < F; ++f) {
        // A NaN wins, and once in it stays: it must not hide behind a larger number. No branch:
        // which of two outputs is larger cannot be foreseen.
        const bool wins = (row[f] > out[f]) | ((row[f] != row[f]) & (out[f] == out[f]));
        out[f] = wins ? row[f] : out[f];
        where[f] = wins ? t : where[f];
      }
    }
  }
}

void max_backward(const float *d_out, const int64_t *where, int64_t N, int64_t T, int64_t F,
                  float *d_x) {
  std::memset(d_x, 0, T * F * sizeof(float));
  for (int64_t n = 0; n < N; ++n, d_out += F, where += F) {
    for (int64_t f = 0; f < F; ++f) {
      if (where[f] >= 0) d_x[where[f] * F + f] = d_out[f];
    }
  }
}

void last_forward(const float *x, const int64_t *offsets, int64_t N, int64_t F, float *out) {
  std::memset(out, 0, N * F * sizeof(float));
  for (int64_t n = 0; n < N; ++n) {
    if (offsets[n + 1] == offsets[n]) continue;
    std::memcpy(out + n * F, x + (offsets[n + 1] - 1) * F, F * sizeof(float));
  }
}

void last_backward(const float *d_out, const int64_t *offsets, int64_t N, int64_t T, int64_t F,
                   float *d_x) {
  std::memset(d_x, 0, T * F * sizeof(float));
  for (int64_t n = 0; n < N; ++n) {
    if (offsets[n + 1] == offsets[n]) continue;
    std::memcpy(d_x + (offsets[n + 1] - 1) * F, d_out + n * F, F * sizeof(float));
  }
}

void softmax_forward(const float *x, int64_t N, int64_t C, float *out) {
  for (int64_t n = 0; n < N; ++n, x += C, out += C) {
    const float largest = *std::max_element(x, x + C);
    for (int64_t c = 0; c < C; ++c) out[c] = x[c] - largest;
    active().exp_forward(out, out, C);
    float sum = 0;
    for (int64_t c = 0; c < C; ++c) sum += out[c];
    for (int64_t c = 0; c < C; ++c) out[c] /= sum;
  }
}

}  // namespace bothways
