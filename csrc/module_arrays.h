// What the files of the border share: typed arrays, and the checks of their shapes and
// numbers. Everything has internal linkage, as each file uses a part of it.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include <string>
#include <vector>

#include "operations.h"
#include "without_gil.h"

namespace nb = nanobind;
using namespace bothways;

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

inline void expect(bool holds, const std::string &what) {
  if (!holds) throw std::invalid_argument(what);
}

template <class A>
void expect_shape(const A &array, const char *name, const std::vector<int64_t> &shape) {
  for (size_t i = 0; i < shape.size(); ++i) {
    if (static_cast<int64_t>(array.shape(i)) == shape[i]) continue;
    std::string text = std::string(name) + " has the shape (", wanted = ") and needs (";
    for (size_t j = 0; j < shape.size(); ++j) {
      text.append(j ? ", " : "").append(std::to_string(array.shape(j)));
      wanted.append(j ? ", " : "").append(std::to_string(shape[j]));
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

inline int64_t check_offsets(const Offsets &offsets, int64_t T) {
  const int64_t N = static_cast<int64_t>(offsets.shape(0)) - 1, *p = offsets.data();
  expect(N >= 0 && p[0] == 0 && p[N] == T,
         "offsets must start at 0 and end at the number of tokens, " + std::to_string(T));
  for (int64_t n = 0; n < N; ++n) expect(p[n] <= p[n + 1], "offsets must not fall");
  expect(T < (int64_t{1} << 31) && N < (int64_t{1} << 31),
         "a batch holds fewer than 2**31 tokens: split it");
  return N;
}

inline const int32_t *check_ids(const int32_t *ids, int64_t count, int64_t V, const char *name) {
  for (int64_t t = 0; t < count; ++t) {
    if (ids[t] < 0 || ids[t] >= V) {
      throw std::invalid_argument(std::string(name) + " holds " + std::to_string(ids[t]) +
                                  " at place " + std::to_string(t) + ": ids go from 0 to " +
                                  std::to_string(V - 1));
    }
  }
  return ids;
}

inline const int32_t *check_ids(const MaybeIds &ids, int64_t V, const char *name) {
  return ids ? check_ids(ids->data(), ids->shape(0), V, name) : nullptr;
}
