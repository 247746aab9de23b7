#include "text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
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

// For every byte: what it becomes, and whether it stays. What ends a word becomes a blank.
struct ByteTable {
  struct Entry {
    uint8_t to, keep;
  };
  std::array<Entry, 256> entries;

  explicit ByteTable(const TextRules &rules) {
    for (int c = 0; c < 256; ++c) {
      const bool upper = rules.lower && c >= 'A' && c <= 'Z';
      const bool mark = is_punctuation(c), apostrophe = c == '\'';
      const bool space = (!rules.characters && is_space(c, rules.separators)) ||
                         (rules.separate && mark && !apostrophe);
      entries[c].to = static_cast<uint8_t>(space ? ' ' : upper ? c + 'a' - 'A' : c);
      entries[c].keep = !(rules.strip && mark) && !(rules.separate && apostrophe);
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

// Between two blanks there is an empty word.
template <class Token>
void for_each_word(const Standardized &text, Token token) {
  const char *start = text.begin;
  for (const char *p = text.begin; p <= text.end; p += 8) {  // the end itself is a blank
    uint64_t word;
    std::memcpy(&word, p, 8);
    for (uint64_t marks = blanks(word); marks; marks &= marks - 1) {
      const char *blank = p + std::countr_zero(marks) / 8;
      token(std::string_view(start, blank - start));
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

// What turns texts into tokens; one for each thread.
class Splitter {
 public:
  explicit Splitter(const TextRules &rules) : table_(rules), characters_(rules.characters) {}

  // Call block(tokens, count) with the first `limit` tokens of `text`, at most
  // TokenTable::BLOCK at a time; returns how many there are in all. Linear, whatever the text.
  template <class Block>
  int64_t split(std::string_view text, int64_t limit, Block block) {
    const Standardized standardized(text, table_, scratch_);
    int64_t seen = 0;
    size_t waiting = 0;
    // No branch tells empty words from others: where words end at punctuation, which is often
    // beside a blank, the processor would guess wrong.
    const auto add = [&](std::string_view token) {
      const bool there = !token.empty();
      waiting_[waiting] = token;
      waiting += there & (seen < limit);
      seen += there;
      if (waiting < waiting_.size()) return;
      block(waiting_.data(), waiting);
      waiting = 0;
    };
    characters_ ? for_each_character(standardized, add) : for_each_word(standardized, add);
    block(waiting_.data(), waiting);
    return seen;
  }

 private:
  const ByteTable table_;
  const bool characters_;
  std::string scratch_;
  std::array<std::string_view, TokenTable::BLOCK> waiting_;
};

constexpr int64_t ALL = std::numeric_limits<int64_t>::max();

}  // namespace

std::vector<std::string> split_text(std::string_view text, const TextRules &rules) {
  std::vector<std::string> all;
  Splitter(rules).split(text, ALL, [&](const std::string_view *tokens, size_t count) {
    all.insert(all.end(), tokens, tokens + count);
  });
  return all;
}

TokenCounts::Added TokenCounts::add(const std::vector<std::string_view> &texts,
                                    const TextRules &rules, int64_t length) {
  const int64_t limit = length < 0 ? ALL : length;
  Splitter splitter(rules);
  Added added;
  std::array<int32_t, TokenTable::BLOCK> numbers;
  for (const std::string_view text : texts) {
    const int64_t there =
        splitter.split(text, ALL, [&](const std::string_view *tokens, size_t count) {
          table.insert(tokens, count, numbers.data());
          counts.resize(table.size());
          for (size_t i = 0; i < count; ++i) ++counts[numbers[i]];
        });
    added.tokens += there;
    added.cut_texts += there > limit;
    added.cut_tokens += std::max<int64_t>(0, there - limit);
  }
  return added;
}

EncodedTexts encode_texts(const std::vector<std::string_view> &texts, const TextRules &rules,
                          const TokenTable &table, int32_t first, int32_t unknown, int64_t length,
                          int threads) {
  const int64_t N = static_cast<int64_t>(texts.size()), limit = length < 0 ? ALL : length;
  const int64_t chunk = threads > 1 ? 128 : std::max<int64_t>(N, 1);
  std::vector<EncodedTexts> parts((N + chunk - 1) / chunk);
  const int64_t tasks = static_cast<int64_t>(parts.size());
  // No more threads than there is work for: a thread that is asked for is made.
  parallel_for(tasks, static_cast<int>(std::min<int64_t>(threads, tasks)), [&](int64_t p) {
    EncodedTexts &part = parts[p];
    Splitter splitter(rules);
    const auto look_up = [&](const std::string_view *tokens, size_t count) {
      part.ids.resize(part.ids.size() + count);
      int32_t *ids = part.ids.data() + part.ids.size() - count;
      table.find(tokens, count, ids);
      for (size_t i = 0; i < count; ++i) ids[i] = ids[i] < 0 ? unknown : ids[i] + first;
    };
    const int64_t begin = p * chunk, end = std::min(N, begin + chunk);
    int64_t likely = 0;  // a token for every four bytes: room that is not touched costs nothing,
    for (int64_t n = begin; n < end; ++n) {  // and growing would copy all that is there
      likely += std::min(limit, static_cast<int64_t>(texts[n].size() / 4 + 1));
    }
    part.ids.reserve(likely);
    for (int64_t n = begin; n < end; ++n) {
      const int64_t cut = std::max<int64_t>(0, splitter.split(texts[n], limit, look_up) - limit);
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
