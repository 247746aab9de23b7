#include "arrow.h"

#include <stdexcept>
#include <string>

namespace bothways {
namespace {

template <class Offset>
void append(const ArrowArray &array, std::vector<std::string_view> &texts) {
  const Offset *offsets = static_cast<const Offset *>(array.buffers[1]) + array.offset;
  const char *bytes = static_cast<const char *>(array.buffers[2]);
  for (int64_t i = 0; i < array.length; ++i) {
    texts.emplace_back(bytes + offsets[i], offsets[i + 1] - offsets[i]);
  }
}

}  // namespace

void append_arrow_strings(const ArrowSchema &schema, const ArrowArray &array, int64_t first,
                          std::vector<std::string_view> &texts) {
  const std::string_view format = schema.format;
  if (format != "u" && format != "U") {
    throw std::invalid_argument("the column is not of Arrow's type string or large_string but \"" +
                                std::string(format) + "\" in Arrow's notation");
  }
  if (array.length == 0) return;
  if (const uint8_t *valid = static_cast<const uint8_t *>(array.buffers[0])) {
    for (int64_t i = 0; i < array.length; ++i) {
      const int64_t bit = array.offset + i;
      if (valid[bit / 8] >> (bit % 8) & 1) continue;
      throw std::invalid_argument("text " + std::to_string(first + i) + " is null, not a string");
    }
  }
  format == "u" ? append<int32_t>(array, texts) : append<int64_t>(array, texts);
}

}  // namespace bothways
