#include <algorithm>

#include "operations.h"
#include "parallel.h"

namespace bothways {

void rmsprop_rows_update(const RmspropRows &update, int threads) {
  const Kernels &k = active();
  const int64_t chunk = std::max<int64_t>(1, 65536 / std::max<int64_t>(1, update.I));
  parallel_for((update.U + chunk - 1) / chunk, threads, [&](int64_t task) {
    RmspropRows part = update;
    part.rows += task * chunk;
    part.U = std::min(chunk, update.U - task * chunk);
    if (part.gradient) part.gradient += task * chunk * update.I;
    k.rmsprop_rows(part);
  });
}

}  // namespace bothways
