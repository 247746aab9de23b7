// String columns through Arrow's C data interface: no Arrow library is needed.
// https://arrow.apache.org/docs/format/CDataInterface.html
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

extern "C" {
struct ArrowSchema {
  const char *format, *name, *metadata;
  int64_t flags, n_children;
  ArrowSchema **children, *dictionary;
  void (*release)(ArrowSchema *);
  void *private_data;
};

struct ArrowArray {
  int64_t length, null_count, offset, n_buffers, n_children;
  const void **buffers;
  ArrowArray **children, *dictionary;
  void (*release)(ArrowArray *);
  void *private_data;
};
}

namespace bothways {

// Views of the strings of one array, added to `texts`; they live as long as the array.
// Throws std::invalid_argument for another type than string or large_string, and for a
// null, naming its row (`first` is the row of the array's first item).
void append_arrow_strings(const ArrowSchema &schema, const ArrowArray &array, int64_t first,
                          std::vector<std::string_view> &texts);

}  // namespace bothways
