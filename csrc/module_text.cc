// The border to Python of text.cc: strings in, arrays out.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "arrow.h"
#include "text.h"
#include "without_gil.h"

namespace nb = nanobind;
using namespace bothways;

namespace {

// The texts of one call: views of UTF-8 that live in the Python objects behind them.
class Texts {
 public:
  // Items that are not strings, or hold a lone surrogate, are named by their place.
  explicit Texts(nb::list list) {
    views_.reserve(nb::len(list));
    for (nb::handle item : list) add_string(item);
    owner_ = list;
  }

  // A pair of PyCapsules (schema, array) of Arrow's C data interface.
  static Texts from_arrow_array(nb::object schema, nb::object array) {
    Texts texts;
    append_arrow_strings(*pointer<ArrowSchema>(schema, "arrow_schema"),
                         *pointer<ArrowArray>(array, "arrow_array"), texts.views_);
    texts.owner_ = array;  // the capsule releases the array
    return texts;
  }

  // A PyCapsule of Arrow's C stream interface; it is read to its end.
  static Texts from_arrow_stream(nb::object stream) {
    Texts texts;
    texts.column_ = std::make_unique<ArrowColumn>(
        *pointer<ArrowArrayStream>(stream, "arrow_array_stream"), texts.views_);
    return texts;
  }

  const std::vector<std::string_view> &views() const { return views_; }
  int64_t size() const { return static_cast<int64_t>(views_.size()); }

  nb::list strings() const {
    nb::list list;
    for (const std::string_view text : views_) list.append(nb::str(text.data(), text.size()));
    return list;
  }

 private:
  Texts() = default;

  void add_string(nb::handle item) {
    const auto place = [&] { return "text " + std::to_string(views_.size()); };
    if (!PyUnicode_Check(item.ptr())) {
      throw std::invalid_argument(place() + " is not a string but " +
                                  nb::cast<std::string>(nb::str(item.type().attr("__name__"))));
    }
    // CPython keeps the UTF-8 of a string that is not ASCII beside it, as long as the string
    // lives: one copy, made once, and not again in the next epoch.
    Py_ssize_t size;
    const char *bytes = PyUnicode_AsUTF8AndSize(item.ptr(), &size);
    if (!bytes) {
      if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) throw nb::python_error();
      PyErr_Clear();
      throw std::invalid_argument(place() + " holds a lone surrogate, which no encoding has");
    }
    views_.emplace_back(bytes, size);
  }

  template <class T>
  static T *pointer(nb::handle capsule, const char *name) {
    auto *found = static_cast<T *>(PyCapsule_GetPointer(capsule.ptr(), name));
    if (!found) throw nb::python_error();
    return found;
  }

  std::vector<std::string_view> views_;
  nb::object owner_;
  std::unique_ptr<ArrowColumn> column_;
};

template <class T>
nb::ndarray<nb::numpy, T, nb::ndim<1>> to_numpy(std::vector<T> &&values) {
  auto *kept = new std::vector<T>(std::move(values));
  nb::capsule owner(kept, [](void *p) noexcept { delete static_cast<std::vector<T> *>(p); });
  return {kept->data(), {kept->size()}, owner};
}

nb::tuple encode(const Texts &texts, const TextRules &rules, const TokenTable &table, int32_t first,
                 int32_t unknown, int64_t length, int threads) {
  EncodedTexts encoded;
  {
    WithoutGil unlocked;
    encoded = encode_texts(texts.views(), rules, table, first, unknown, length, threads);
  }
  return nb::make_tuple(to_numpy(std::move(encoded.ids)), to_numpy(std::move(encoded.offsets)),
                        encoded.tokens, encoded.cut_texts, encoded.cut_tokens);
}

nb::bytes as_bytes(std::string_view token) { return nb::bytes(token.data(), token.size()); }

nb::tuple add(TokenCounts &counts, const Texts &texts, const TextRules &rules, int64_t length) {
  TokenCounts::Added added;
  {
    WithoutGil unlocked;
    added = counts.add(texts.views(), rules, length);
  }
  return nb::make_tuple(added.tokens, added.cut_texts, added.cut_tokens);
}

// The bytes of all tokens one after another, where each begins and the last ends, and how often
// each was counted: copies.
nb::tuple arrays_of(const TokenCounts &counts) {
  const std::string_view arena = counts.table.arena();
  return nb::make_tuple(to_numpy(std::vector<uint8_t>(arena.begin(), arena.end())),
                        to_numpy(std::vector<int64_t>(counts.table.starts())),
                        to_numpy(std::vector<int64_t>(counts.counts)));
}

nb::list tokens_of(const TokenTable &table, nb::ndarray<const int64_t, nb::ndim<1>> numbers) {
  nb::list tokens;
  for (size_t i = 0; i < numbers.shape(0); ++i) {
    if (numbers(i) < 0 || numbers(i) >= table.size()) throw nb::index_error("no such token");
    tokens.append(as_bytes(table.token(numbers(i))));
  }
  return tokens;
}

}  // namespace

void bind_text(nb::module_ &m) {
  nb::class_<TextRules>(m, "TextRules")
      .def("__init__", [](TextRules *self, bool lower, bool strip, bool separate,
                          bool characters, bool separators) {
        new (self) TextRules{lower, strip, separate, characters, separators};
      });
  nb::class_<Texts>(m, "Texts")
      .def(nb::init<nb::list>())
      .def_static("from_arrow_array", &Texts::from_arrow_array)
      .def_static("from_arrow_stream", &Texts::from_arrow_stream)
      .def("strings", &Texts::strings)
      .def("__len__", &Texts::size);
  nb::class_<TokenTable>(m, "TokenTable")
      .def("__init__", [](TokenTable *self, nb::list tokens) {
        new (self) TokenTable();
        for (nb::handle item : tokens) {
          const auto bytes = nb::cast<nb::bytes>(item);
          std::string token(bytes.c_str(), bytes.size());
          token.resize(bytes.size() + TOKEN_SLACK);
          const std::string_view view(token.data(), bytes.size());
          int32_t number;
          self->insert(&view, 1, &number);
        }
      })
      .def("tokens", tokens_of)
      .def("__len__", &TokenTable::size);
  nb::class_<TokenCounts>(m, "TokenCounts")
      .def(nb::init<>())
      .def("add", add)
      .def("tokens", [](const TokenCounts &counts, nb::ndarray<const int64_t, nb::ndim<1>> numbers) {
        return tokens_of(counts.table, numbers);
      })
      .def("arrays", arrays_of)
      .def("__len__", [](const TokenCounts &counts) { return counts.table.size(); });
  m.def("text_encode", encode);
  m.def("text_split", [](const Texts &texts, const TextRules &rules) {
    nb::list tokens;
    for (const std::string_view text : texts.views()) {
      for (const std::string &token : split_text(text, rules)) {
        tokens.append(nb::str(token.data(), token.size()));
      }
    }
    return tokens;
  });
}
