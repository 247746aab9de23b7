#include <algorithm>

#include "operations.h"
#include "parallel.h"

namespace bothways {

namespace {

// Some rows to a task; `run` does those of one.
template <class Update, class Run>
void by_rows(const Update &update, int threads, const Run &run) {
  const int64_t chunk = std::max<int64_t>(1, 65536 / std::max<int64_t>(1, update.I));
  parallel_for((update.U + chunk - 1) / chunk, threads, [&](int64_t task) {
    Update part = update;
    part.rows += task * chunk;
    part.U = std::min(chunk, update.U - task * chunk);
    run(part, task * chunk * update.I);
  });
}

}  // namespace

void rmsprop_rows_update(const RmspropRows &update, int threads) {
  const Kernels &k = active();
  by_rows(update, threads, [&](RmspropRows &part, int64_t skipped) {
    if (part.gradient) part.gradient += skipped;
    k.rmsprop_rows(part);
  });
}

void adam_rows_update(const AdamRows &update, int threads) {
  const Kernels &k = active();
  by_rows(update, threads, [&](AdamRows &part, int64_t skipped) {
    part.gradient += skipped;
    k.adam_rows(part);
  });
}

void adam_catch_up(const AdamCatchUp &update, int threads) {
  const Kernels &k = active();
  by_rows(update, threads, [&](AdamCatchUp &part, int64_t) { k.adam_catch_up(part); });
}

}  // namespace bothways
