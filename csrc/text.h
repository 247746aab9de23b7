// Standardize, split, look up: UTF-8 in, ids out. The rules are those of Keras's
// TextVectorization, and one more (`separate`): lower case, punctuation and white space are ASCII's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "token_table.h"

namespace bothways {

// What is done to a text, in this order, before its tokens are looked up.
struct TextRules {
  bool lower;       // A-Z to a-z
  bool strip;       // the 32 punctuation characters of ASCII vanish; words they join stay joined
  bool separate;    // or apostrophes alone vanish, and the other 31 become blanks
  bool characters;  // a token is one code point; otherwise a run without white space
  bool separators;  // U+001C to U+001F are white space too, as in Unicode and not in ASCII
};

// The tokens of one text, in order.
std::vector<std::string> split_text(std::string_view text, const TextRules &rules);

// How often each token occurs in the texts that were added, wherever a limit would cut them.
struct TokenCounts {
  // How many tokens the texts have, and what a limit of `length` tokens would cut off.
  struct Added {
    int64_t tokens = 0, cut_texts = 0, cut_tokens = 0;
  };
  // length < 0: no limit.
  Added add(const std::vector<std::string_view> &texts, const TextRules &rules, int64_t length);

  TokenTable table;
  std::vector<int64_t> counts;
};

// The ids of all texts one after another, and what a limit of `length` tokens cut off.
struct EncodedTexts {
  std::vector<int32_t> ids;
  std::vector<int64_t> offsets;
  int64_t tokens = 0, cut_texts = 0, cut_tokens = 0;
};
// A token's id is its number in `table` plus `first`, or `unknown`. length < 0: no limit.
EncodedTexts encode_texts(const std::vector<std::string_view> &texts, const TextRules &rules,
                          const TokenTable &table, int32_t first, int32_t unknown, int64_t length,
                          int threads);

}  // namespace bothways
