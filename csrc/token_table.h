// Tokens to numbers: an open-addressing table over one arena of bytes.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace bothways {

// The table reads a token eight bytes at a time: this many bytes behind its end must be
// readable, whatever they hold.
inline constexpr int64_t TOKEN_SLACK = 8;

// A hash table from the bytes of a token to a number: 0, 1, 2 ... in order of arrival.
// The hash is seeded anew in each table, so that no text can be made to fill one place;
// numbers do not depend on the seed.
class TokenTable {
 public:
  TokenTable();
  // The numbers of at most BLOCK tokens, or -1. Many at once: their slots are fetched together.
  static constexpr size_t BLOCK = 32;
  void find(const std::string_view *tokens, size_t count, int32_t *numbers) const;
  // The numbers of at most BLOCK tokens; those that were not there are new.
  void insert(const std::string_view *tokens, size_t count, int32_t *numbers);
  int64_t size() const { return static_cast<int64_t>(hashes_.size()); }
  std::string_view token(int64_t number) const;
  // The bytes of all tokens one after another, and where each begins, and the last one's end.
  std::string_view arena() const { return {bytes_.data(), static_cast<size_t>(starts_.back())}; }
  const std::vector<int64_t> &starts() const { return starts_; }

 private:
  // Most words have at most eight bytes: a slot holds them whole, so that finding one
  // touches one cache line.
  struct Slot {
    uint64_t head;    // the first eight bytes, zeros behind a shorter token
    uint32_t length;  // in bytes, modulo 2**32
    int32_t number;   // -1: free
  };
  struct Keys {
    std::array<uint64_t, BLOCK> heads, hashes;
  };
  Keys fetch(const std::string_view *tokens, size_t count) const;
  bool holds(const Slot &slot, uint64_t head, std::string_view token) const;
  size_t place(uint64_t head, std::string_view token, uint64_t hash) const;
  uint64_t hash_of(uint64_t head, std::string_view token) const;
  int32_t add(uint64_t head, std::string_view token, uint64_t hash);
  void grow();

  uint64_t seed_;
  std::vector<Slot> slots_;       // a power of two, at most half full
  std::vector<uint32_t> hashes_;  // of each token
  std::vector<int64_t> starts_;   // of each token in bytes_, and the end of the last
  std::string bytes_;             // TOKEN_SLACK bytes behind the last token
};

}  // namespace bothways
