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

// Both halves of the 128-bit product, folded: every bit of a and b reaches every bit.
uint64_t mix(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Odd numbers with about as many ones as zeros.
constexpr uint64_t ONE = 0x9e3779b97f4a7c15u, TWO = 0xc4ceb9fe1a85ec53u;

}  // namespace

TokenTable::TokenTable() : slots_(1024, Slot{0, 0, -1}) {
  std::random_device random;
  seed_ = static_cast<uint64_t>(random()) << 32 | random();
}

std::string_view TokenTable::token(int64_t number) const {
  const int64_t begin = number ? ends_[number - 1] : 0;
  return std::string_view(bytes_).substr(begin, ends_[number] - begin);
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
         (token.size() <= 8 || this->token(slot.number) == token);
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
  if (2 * ends_.size() >= slots_.size()) {
    // A slot has 32 bits for the number, and is found by 32 bits of the hash.
    if (size() >= std::numeric_limits<int32_t>::max() / 2) {
      throw std::length_error("the texts hold more than a thousand million distinct tokens");
    }
    grow();
  }
  const int32_t number = static_cast<int32_t>(size());
  slots_[place(head, token, hash)] = Slot{head, static_cast<uint32_t>(token.size()), number};
  bytes_.append(token);
  hashes_.push_back(static_cast<uint32_t>(hash));
  ends_.push_back(static_cast<int64_t>(bytes_.size()));
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
