#include "token_table.h"

#include <bit>
#include <limits>
#include <random>
#include <stdexcept>

namespace bothways {
namespace {

static_assert(std::endian::native == std::endian::little,
              "masked() keeps the bytes that come first in memory");

uint64_t load(const char *p) {
  uint64_t word;
  std::memcpy(&word, p, 8);
  return word;
}

// The first n bytes at p, at most eight, zeros behind them; no branch that the length decides.
uint64_t masked(const char *p, size_t n) {
  constexpr uint64_t ALL = ~uint64_t{0};
  static constexpr uint64_t MASKS[9] = {0,         ALL >> 56, ALL >> 48, ALL >> 40, ALL >> 32,
                                        ALL >> 24, ALL >> 16, ALL >> 8,  ALL};
  return load(p) & MASKS[n < 8 ? n : 8];
}

uint64_t head_of(std::string_view token) { return masked(token.data(), token.size()); }

// Whether two tokens of more than eight bytes are the same beyond the eighth. Most are short
// enough for one round, which costs less than the call of memcmp.
bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const char *p = a.data(), *q = b.data();
  for (size_t i = 8; i < a.size(); i += 8) {
    if (masked(p + i, a.size() - i) != masked(q + i, a.size() - i)) return false;
  }
  return true;
}

// Both halves of the 128-bit product, folded: every bit of a and b reaches every bit.
uint64_t mix(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Odd numbers with about as many ones as zeros.
constexpr uint64_t ONE = 0x9e3779b97f4a7c15u, TWO = 0xc4ceb9fe1a85ec53u;

}  // namespace

TokenTable::TokenTable() : slots_(1024, Slot{0, 0, -1}), starts_{0}, bytes_(TOKEN_SLACK, '\0') {
  std::random_device random;
  seed_ = static_cast<uint64_t>(random()) << 32 | random();
}

std::string_view TokenTable::token(int64_t number) const {
  const int64_t start = starts_[number];
  return {bytes_.data() + start, static_cast<size_t>(starts_[number + 1] - start)};
}

uint64_t TokenTable::hash_of(uint64_t head, std::string_view token) const {
  uint64_t h = mix(head ^ seed_, token.size() ^ ONE);
  size_t n = token.size();
  if (n > 8) {
    const char *p = token.data() + 8;
    for (n -= 8; n >= 8; n -= 8, p += 8) h = mix(h ^ load(p), seed_ ^ TWO);
    h = mix(h ^ masked(p, n), seed_ ^ TWO);
  }
  return h;
}

bool TokenTable::holds(const Slot &slot, uint64_t head, std::string_view token) const {
  return slot.head == head && slot.length == static_cast<uint32_t>(token.size()) &&
         (token.size() <= 8 || same(this->token(slot.number), token));
}

size_t TokenTable::place(uint64_t head, std::string_view token, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].number >= 0 && !holds(slots_[at], head, token)) at = (at + 1) & mask;
  return at;
}

TokenTable::Keys TokenTable::fetch(const std::string_view *tokens, size_t count) const {
  Keys keys;
  for (size_t i = 0; i < count; ++i) {
    keys.heads[i] = head_of(tokens[i]);
    keys.hashes[i] = hash_of(keys.heads[i], tokens[i]);
    __builtin_prefetch(&slots_[keys.hashes[i] & (slots_.size() - 1)]);
  }
  return keys;
}

void TokenTable::find(const std::string_view *tokens, size_t count, int32_t *numbers) const {
  const Keys keys = fetch(tokens, count);
  for (size_t i = 0; i < count; ++i) {
    numbers[i] = slots_[place(keys.heads[i], tokens[i], keys.hashes[i])].number;
  }
}

void TokenTable::insert(const std::string_view *tokens, size_t count, int32_t *numbers) {
  const Keys keys = fetch(tokens, count);
  for (size_t i = 0; i < count; ++i) {
    numbers[i] = slots_[place(keys.heads[i], tokens[i], keys.hashes[i])].number;
    if (numbers[i] < 0) numbers[i] = add(keys.heads[i], tokens[i], keys.hashes[i]);
  }
}

int32_t TokenTable::add(uint64_t head, std::string_view token, uint64_t hash) {
  if (2 * hashes_.size() >= slots_.size()) {
    // A slot has 32 bits for the number, and is found by 32 bits of the hash.
    if (size() >= std::numeric_limits<int32_t>::max() / 2) {
      throw std::length_error("the texts hold more than a thousand million distinct tokens");
    }
    grow();
  }
  const int32_t number = static_cast<int32_t>(size());
  slots_[place(head, token, hash)] = Slot{head, static_cast<uint32_t>(token.size()), number};
  hashes_.push_back(static_cast<uint32_t>(hash));
  bytes_.resize(starts_.back() + token.size() + TOKEN_SLACK);
  std::memcpy(bytes_.data() + starts_.back(), token.data(), token.size());
  starts_.push_back(starts_.back() + static_cast<int64_t>(token.size()));
  return number;
}

void TokenTable::grow() {
  std::vector<Slot> old(slots_.size() * 2, Slot{0, 0, -1});
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot &slot : old) {
    if (slot.number < 0) continue;
    size_t at = hashes_[slot.number] & mask;
    while (slots_[at].number >= 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

}  // namespace bothways
