#include <atomic>
#include <cstring>

#include "cpu.h"
#include "kernels.h"

namespace bothways {

const Kernels *const *available() {
  struct Tiers {
    const Kernels *list[7] = {};
    Tiers() {
      int n = 0;
#if defined(__x86_64__)
      if (cpu_features().amx) list[n++] = &kAmx;
      if (cpu_features().bf16) list[n++] = &kAvx512Bf16;
      if (cpu_features().avx512) list[n++] = &kAvx512;
      if (cpu_features().avx2) list[n++] = &kAvx2;
#endif
      list[n++] = &kScalar;
#if defined(__x86_64__) && defined(BOTHWAYS_TILE_MODEL)
      if (cpu_features().avx512) list[n] = &kAmxModel;
#endif
    }
  };
  static const Tiers tiers;
  return tiers.list;
}

static std::atomic<const Kernels *> chosen{nullptr};

const Kernels &active() {
  const Kernels *k = chosen.load(std::memory_order_relaxed);
  return k ? *k : *available()[0];
}

bool set_isa(const char *name) {
  for (const Kernels *const *k = available(); *k; ++k) {
    if (std::strcmp((*k)->name, name) == 0) {
      chosen.store(*k, std::memory_order_relaxed);
      return true;
    }
  }
  return false;
}

}  // namespace bothways
