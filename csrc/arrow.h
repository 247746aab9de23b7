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

struct ArrowArrayStream {
  int (*get_schema)(ArrowArrayStream *, ArrowSchema *);
  int (*get_next)(ArrowArrayStream *, ArrowArray *);
  const char *(*get_last_error)(ArrowArrayStream *);
  void (*release)(ArrowArrayStream *);
  void *private_data;
};
}

namespace bothways {

// Views of the strings of one array, added to `texts`; they live as long as the array.
// Takes string, large_string and string_view. Throws std::invalid_argument for another type,
// for a null and for bytes that are not UTF-8, naming the row, counted from `texts`'s begin.
void append_arrow_strings(const ArrowSchema &schema, const ArrowArray &array,
                          std::vector<std::string_view> &texts);

// The arrays of a stream, read to its end and kept.
class ArrowColumn {
 public:
  // Appends views of the strings to `texts`, as above. The stream remains the caller's.
  ArrowColumn(ArrowArrayStream &stream, std::vector<std::string_view> &texts);
  ArrowColumn(const ArrowColumn &) = delete;
  ArrowColumn &operator=(const ArrowColumn &) = delete;
  ~ArrowColumn();

 private:
  void release();
  ArrowSchema schema_{};
  std::vector<ArrowArray> arrays_;
};

}  // namespace bothways
