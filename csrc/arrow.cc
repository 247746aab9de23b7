#include "arrow.h"

#include <cstring>
#include <stdexcept>
#include <string>

namespace bothways {
namespace {

[[noreturn]] void refuse(size_t row, const char *why) {
  throw std::invalid_argument("text " + std::to_string(row) + " " + why);
}

bool is_ascii(std::string_view bytes) {
  const char *p = bytes.data(), *end = p + bytes.size();
  uint64_t high = 0, word;
  for (; end - p >= 8; p += 8) {
    std::memcpy(&word, p, 8);
    high |= word;
  }
  for (; p < end; ++p) high |= static_cast<uint64_t>(static_cast<uint8_t>(*p));
  return !(high & 0x8080808080808080u);
}

// Table 3-7 of the Unicode standard: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(std::string_view bytes) {
  const auto *p = reinterpret_cast<const uint8_t *>(bytes.data()), *end = p + bytes.size();
  while (p < end) {
    const uint8_t lead = *p++;
    if (lead < 0x80) continue;
    const int more = lead < 0xc2 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : -1;
    if (more < 0 || end - p < more) return false;
    const uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (*p < low || *p > high) return false;
    for (int i = 1; i < more; ++i) {
      if ((p[i] & 0xc0) != 0x80) return false;
    }
    p += more;
  }
  return true;
}

template <class Offset>
std::string_view by_offsets(const ArrowArray &array, int64_t item) {
  const Offset *offsets = static_cast<const Offset *>(array.buffers[1]) + item;
  const char *bytes = static_cast<const char *>(array.buffers[2]);
  if (offsets[0] < 0 || offsets[1] < offsets[0]) {
    throw std::invalid_argument("the column's offsets fall: it is not a whole Arrow array");
  }
  return {bytes + offsets[0], static_cast<size_t>(offsets[1] - offsets[0])};
}

// Sixteen bytes an item: the length, and then the string where it is short, or else its first
// four bytes, the number of its buffer and its place there.
std::string_view by_views(const ArrowArray &array, int64_t item) {
  const char *view = static_cast<const char *>(array.buffers[1]) + 16 * item;
  int32_t length, buffer, place;
  std::memcpy(&length, view, 4);
  if (length <= 12) return {view + 4, static_cast<size_t>(length)};
  std::memcpy(&buffer, view + 8, 4);
  std::memcpy(&place, view + 12, 4);
  return {static_cast<const char *>(array.buffers[2 + buffer]) + place,
          static_cast<size_t>(length)};
}

}  // namespace

void append_arrow_strings(const ArrowSchema &schema, const ArrowArray &array,
                          std::vector<std::string_view> &texts) {
  const std::string_view format = schema.format;
  const auto item = format == "u"    ? by_offsets<int32_t>
                    : format == "U"  ? by_offsets<int64_t>
                    : format == "vu" ? by_views
                                     : nullptr;
  if (!item || schema.dictionary) {
    throw std::invalid_argument(
        "the column must be of Arrow's type string, large_string or string_view, got " +
        (schema.dictionary ? "a dictionary" : "\"" + std::string(format) + "\"") +
        " (in Arrow's notation): cast it to string");
  }
  const auto *valid = static_cast<const uint8_t *>(array.length ? array.buffers[0] : nullptr);
  for (int64_t i = array.offset; i < array.offset + array.length; ++i) {
    if (valid && !(valid[i / 8] >> (i % 8) & 1)) refuse(texts.size(), "is null, not a string");
    const std::string_view text = item(array, i);
    if (!is_ascii(text) && !is_utf8(text)) refuse(texts.size(), "is not UTF-8");
    texts.push_back(text);
  }
}

ArrowColumn::ArrowColumn(ArrowArrayStream &stream, std::vector<std::string_view> &texts) {
  const auto check = [&](int failed) {
    if (!failed) return;
    const char *why = stream.get_last_error(&stream);
    throw std::invalid_argument("the column cannot be read: " +
                                std::string(why ? why : "its source does not say why"));
  };
  try {
    check(stream.get_schema(&stream, &schema_));
    for (;;) {
      ArrowArray array{};
      check(stream.get_next(&stream, &array));
      if (!array.release) break;
      arrays_.push_back(array);
      append_arrow_strings(schema_, arrays_.back(), texts);
    }
  } catch (...) {  // a constructor that throws is not followed by its destructor
    release();
    throw;
  }
}

ArrowColumn::~ArrowColumn() { release(); }

void ArrowColumn::release() {
  for (ArrowArray &array : arrays_) {
    if (array.release) array.release(&array);
  }
  if (schema_.release) schema_.release(&schema_);
}

}  // namespace bothways
