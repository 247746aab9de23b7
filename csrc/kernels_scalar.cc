// The scalar tier: plain C++, on any machine. The other tiers compile the same algorithms.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels.h"
#include "memory.h"

namespace bothways {
namespace {
#include "vec_scalar.h"
#include "tier-inl.h"
}  // namespace

const Kernels kScalar = table("scalar");

}  // namespace bothways
