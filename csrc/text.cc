#include "text.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "parallel.h"

namespace bothways {
namespace {

bool is_space(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool is_punctuation(int c) {
  return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
         (c >= '{' && c <= '~');
}

// For every byte: what it becomes, and whether it ends a token or vanishes.
struct ByteTable {
  std::array<uint8_t, 256> to;
  std::array<bool, 256> keep, space;

  explicit ByteTable(const TextRules &rules) {
    for (int c = 0; c < 256; ++c) {
      const bool upper = rules.lower && c >= 'A' && c <= 'Z';
      to[c] = static_cast<uint8_t>(upper ? c + 'a' - 'A' : c);
      space[c] = !rules.characters && is_space(c);
      keep[c] = !space[c] && !(rules.strip && is_punctuation(c));
    }
  }
};

// Call token(view) for each token of `text`; `word` is scratch. One pass, whatever the text.
template <class Token>
void for_each_token(std::string_view text, const ByteTable &table, bool characters,
                    std::string &word, Token token) {
  if (word.size() < text.size()) word.resize(text.size());
  char *begin = word.data(), *end = begin;
  for (const char raw : text) {
    const uint8_t c = static_cast<uint8_t>(raw);
    const bool begins = characters && (c & 0xc0) != 0x80;  // a new code point
    if ((table.space[c] || begins) && end != begin) {
      token(std::string_view(begin, end - begin));
      end = begin;
    }
    *end = static_cast<char>(table.to[c]);
    end += table.keep[c];
  }
  if (end != begin) token(std::string_view(begin, end - begin));
}

// Multiply and fold eight bytes at a time; the constants are odd numbers with about as many
// ones as zeros.
uint32_t hash_of(std::string_view token) {
  uint64_t h = token.size() * 0x9e3779b97f4a7c15u;
  const char *p = token.data();
  size_t n = token.size();
  for (; n >= 8; n -= 8, p += 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    h = (h ^ word) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  }
  uint64_t rest = 0;
  std::memcpy(&rest, p, n);
  h = (h ^ rest) * 0xc4ceb9fe1a85ec53u;
  return static_cast<uint32_t>(h ^ (h >> 32));
}

}  // namespace

TokenTable::TokenTable() : slots_(1024, Slot{0, -1}) {}

std::string_view TokenTable::token(int64_t number) const {
  const int64_t begin = number ? ends_[number - 1] : 0;
  return std::string_view(bytes_).substr(begin, ends_[number] - begin);
}

size_t TokenTable::place(std::string_view token, uint32_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].number >= 0 &&
         (slots_[at].hash != hash || this->token(slots_[at].number) != token)) {
    at = (at + 1) & mask;
  }
  return at;
}

int64_t TokenTable::find(std::string_view token) const {
  return slots_[place(token, hash_of(token))].number;
}

int64_t TokenTable::insert(std::string_view token) {
  const uint32_t hash = hash_of(token);
  size_t at = place(token, hash);
  if (slots_[at].number >= 0) return slots_[at].number;
  if (2 * ends_.size() >= slots_.size()) {
    grow();
    at = place(token, hash);
  }
  slots_[at] = Slot{hash, static_cast<int32_t>(ends_.size())};
  bytes_.append(token);
  ends_.push_back(static_cast<int64_t>(bytes_.size()));
  return slots_[at].number;
}

void TokenTable::grow() {
  std::vector<Slot> old(slots_.size() * 2, Slot{0, -1});
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot &slot : old) {
    if (slot.number < 0) continue;
    size_t at = slot.hash & mask;
    while (slots_[at].number >= 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

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
  const int64_t N = static_cast<int64_t>(texts.size()), chunk = 128;
  std::vector<EncodedTexts> parts((N + chunk - 1) / chunk);
  parallel_for(static_cast<int64_t>(parts.size()), threads, [&](int64_t p) {
    EncodedTexts &part = parts[p];
    std::string word;
    for (int64_t n = p * chunk; n < std::min(N, (p + 1) * chunk); ++n) {
      int64_t seen = 0;
      for_each_token(texts[n], bytes, rules.characters, word, [&](std::string_view token) {
        if (length >= 0 && seen++ >= length) return;
        const int64_t number = table.find(token);
        part.ids.push_back(number < 0 ? unknown : static_cast<int32_t>(number) + first);
      });
      const int64_t cut = length >= 0 ? std::max<int64_t>(0, seen - length) : 0;
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
  all.ids.reserve(all.offsets.back());
  for (const EncodedTexts &part : parts) {
    all.ids.insert(all.ids.end(), part.ids.begin(), part.ids.end());
  }
  all.tokens = all.offsets.back() + all.cut_tokens;
  return all;
}

}  // namespace bothways
