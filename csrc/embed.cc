#include <algorithm>
#include <cstring>
#include <vector>

#include "operations.h"
#include "parallel.h"

namespace bothways {

int64_t unique_forward(const int32_t *ids, int64_t T, int64_t V, int32_t *distinct,
                       int32_t *inverse, int32_t *order, int64_t *starts) {
  // Counting, not sorting: time is linear in T + V. `place` holds the count of each id,
  // then its rank among the distinct ones.
  std::vector<int32_t> place(V, 0);
  for (int64_t t = 0; t < T; ++t) ++place[ids[t]];
  int64_t U = 0, start = 0;
  for (int64_t v = 0; v < V; ++v) {
    if (place[v] == 0) continue;
    distinct[U] = static_cast<int32_t>(v);
    starts[U] = start;
    start += place[v];
    place[v] = static_cast<int32_t>(U++);
  }
  std::vector<int64_t> next(starts, starts + U);
  starts[U] = start;
  for (int64_t t = 0; t < T; ++t) {
    int32_t u = place[ids[t]];
    inverse[t] = u;
    order[next[u]++] = static_cast<int32_t>(t);
  }
  return U;
}

void gather_forward(const float *table, const int32_t *ids, int64_t T, int64_t I, float *out,
                    int threads) {
  const int64_t chunk = 1024;
  parallel_for((T + chunk - 1) / chunk, threads, [&](int64_t task) {
    const int64_t end = std::min(T, (task + 1) * chunk);
    for (int64_t t = task * chunk; t < end; ++t) {
      std::memcpy(out + t * I, table + ids[t] * I, I * sizeof(float));
    }
  });
}

void sum_by_token_forward(const float *x, const int32_t *order, const int64_t *starts, int64_t U,
                          int64_t G, float *out, int threads) {
  // Pieces of about equal numbers of tokens: a few ids have most of them.
  const Kernels &k = active();
  const int64_t T = starts[U], pieces = std::min<int64_t>(U, 16 * std::max(1, threads));
  parallel_for(pieces, threads, [&](int64_t piece) {
    auto first = [&](int64_t p) -> int64_t {
      return p == pieces ? U : std::lower_bound(starts, starts + U, T * p / pieces) - starts;
    };
    const int64_t u = first(piece);
    k.sum_rows(x, order, starts + u, first(piece + 1) - u, G, out + u * G);
  });
}

}  // namespace bothways
