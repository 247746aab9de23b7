#include "text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "parallel.h"

namespace bothways {
namespace {

bool is_space(int c, bool separators) {
  return c == ' ' || (c >= '\t' && c <= '\r') || (separators && c >= 0x1c && c <= 0x1f);
}

bool is_punctuation(int c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

// For every byte: what it becomes, and whether it stays. White space becomes a blank.
struct ByteTable {
  struct Entry {
    uint8_t to, keep;
  };
  std::array<Entry, 256> entries;

  explicit ByteTable(const TextRules &rules) {
    for (int c = 0; c < 256; ++c) {
      const bool upper = rules.lower && c >= 'A' && c <= 'Z';
      const bool space = !rules.characters && is_space(c, rules.separators);
      entries[c].to = static_cast<uint8_t>(space ? ' ' : upper ? c + 'a' - 'A' : c);
      entries[c].keep = !(rules.strip && is_punctuation(c));
    }
  }
};

// A text by the rules, before it is split; kept from text to text, so that none allocates.
class Standardized {
 public:
  Standardized(std::string_view text, const ByteTable &table, std::string &scratch) {
    const size_t slack = 2 * TOKEN_SLACK;
    if (scratch.size() < text.size() + slack) {
      scratch.clear();  // nothing to copy when it grows
      scratch.resize(text.size() + slack);
    }
    begin = end = scratch.data();
    for (const char raw : text) {  // no branch: what vanishes is overwritten by what follows
      const ByteTable::Entry entry = table.entries[static_cast<uint8_t>(raw)];
      *end = static_cast<char>(entry.to);
      end += entry.keep;
    }
    std::memset(end, ' ', TOKEN_SLACK);
  }
  char *begin, *end;  // TOKEN_SLACK blanks behind the end, and as many readable bytes more
};

// The bytes of `word` that are blanks, each marked by its highest bit. Exact: no carry leaves
// a byte.
uint64_t blanks(uint64_t word) {
  constexpr uint64_t BLANKS = 0x2020202020202020u, LOW = 0x7f7f7f7f7f7f7f7fu;
  const uint64_t zero = word ^ BLANKS;
  return ~(((zero & LOW) + LOW) | zero | LOW);
}

template <class Token>
void for_each_word(const Standardized &text, Token token) {
  const char *start = text.begin;
  for (const char *p = text.begin; p <= text.end; p += 8) {  // the end itself is a blank
    uint64_t word;
    std::memcpy(&word, p, 8);
    for (uint64_t marks = blanks(word); marks; marks &= marks - 1) {
      const char *blank = p + std::countr_zero(marks) / 8;
      if (blank > start) token(std::string_view(start, blank - start));
      start = blank + 1;
    }
  }
}

template <class Token>
void for_each_character(const Standardized &text, Token token) {
  for (const char *p = text.begin; p < text.end;) {
    const char *start = p++;
    while (p < text.end && (static_cast<uint8_t>(*p) & 0xc0) == 0x80) ++p;
    token(std::string_view(start, p - start));
  }
}

// Call token(view) for each token of `text`. Linear, whatever the text.
template <class Token>
void for_each_token(std::string_view text, const ByteTable &table, bool characters,
                    std::string &scratch, Token token) {
  const Standardized standardized(text, table, scratch);
  characters ? for_each_character(standardized, token) : for_each_word(standardized, token);
}

}  // namespace

std::vector<std::string> split_text(std::string_view text, const TextRules &rules) {
  std::vector<std::string> tokens;
  std::string word;
  for_each_token(text, ByteTable(rules), rules.characters, word,
                 [&](std::string_view token) { tokens.emplace_back(token); });
  return tokens;
}

TokenCounts count_tokens(const std::vector<std::string_view> &texts, const TextRules &rules) {
  const ByteTable table(rules);
  TokenCounts result;
  std::string word;
  for (const std::string_view text : texts) {
    for_each_token(text, table, rules.characters, word, [&](std::string_view token) {
      const size_t number = result.table.insert(token);
      if (number == result.counts.size()) result.counts.push_back(0);
      ++result.counts[number];
    });
  }
  return result;
}

EncodedTexts encode_texts(const std::vector<std::string_view> &texts, const TextRules &rules,
                          const TokenTable &table, int32_t first, int32_t unknown, int64_t length,
                          int threads) {
  const ByteTable bytes(rules);
  const int64_t N = static_cast<int64_t>(texts.size());
  const int64_t chunk = threads > 1 ? 128 : std::max<int64_t>(N, 1);
  std::vector<EncodedTexts> parts((N + chunk - 1) / chunk);
  parallel_for(static_cast<int64_t>(parts.size()), threads, [&](int64_t p) {
    EncodedTexts &part = parts[p];
    std::string scratch;
    std::array<std::string_view, TokenTable::BLOCK> tokens;
    for (int64_t n = p * chunk; n < std::min(N, (p + 1) * chunk); ++n) {
      int64_t seen = 0;
      size_t waiting = 0;
      const auto look_up = [&] {
        const size_t before = part.ids.size();
        part.ids.resize(before + waiting);
        int32_t *ids = part.ids.data() + before;
        table.find(tokens.data(), waiting, ids);
        for (size_t i = 0; i < waiting; ++i) ids[i] = ids[i] < 0 ? unknown : ids[i] + first;
        waiting = 0;
      };
      for_each_token(texts[n], bytes, rules.characters, scratch, [&](std::string_view token) {
        if (seen++ >= length && length >= 0) return;
        tokens[waiting++] = token;
        if (waiting == tokens.size()) look_up();
      });
      look_up();
      const int64_t cut = length < 0 ? 0 : std::max<int64_t>(0, seen - length);
      part.cut_tokens += cut;
      part.cut_texts += cut > 0;
      part.offsets.push_back(static_cast<int64_t>(part.ids.size()));
    }
  });
  EncodedTexts all;
  all.offsets.reserve(N + 1);
  all.offsets.push_back(0);
  for (const EncodedTexts &part : parts) {
    const int64_t begin = all.offsets.back();
    for (const int64_t end : part.offsets) all.offsets.push_back(begin + end);
    all.cut_texts += part.cut_texts;
    all.cut_tokens += part.cut_tokens;
  }
  if (parts.size() == 1) {
    all.ids = std::move(parts[0].ids);
  } else {
    all.ids.reserve(all.offsets.back());
    for (const EncodedTexts &part : parts) {
      all.ids.insert(all.ids.end(), part.ids.begin(), part.ids.end());
    }
  }
  all.tokens = all.offsets.back() + all.cut_tokens;
  return all;
}

}  // namespace bothways
