// The recurrence of a long short-term memory with forget gates (Hochreiter & Schmidhuber
// 1997; Gers, Schmidhuber & Cummins 2000), over sequences of different lengths:
//
//   i, f, o = sigmoid(projected + h R),  g = tanh(projected + h R)
//   c' = f c + i g,  h' = o tanh(c')
//
// The sequences of a group come longest first, so those still alive at step t are the first
// ones, and no step is ever spent on padding. A row's arithmetic does not depend on the
// rows beside it.

static_assert(kVecs == 4, "a panel of a product is one vector of each of the four gates");

// Position in the batch of step t of a sequence.
inline int64_t position(const LstmBatch &b, int64_t d, int64_t sequence, int64_t t) {
  return b.from_end(d) ? b.offsets[sequence + 1] - 1 - t : b.offsets[sequence] + t;
}

inline int64_t length(const LstmBatch &b, int64_t sequence) {
  return b.offsets[sequence + 1] - b.offsets[sequence];
}

// The input half of the gates of direction d at one token.
inline int64_t projected_at(const LstmBatch &b, int64_t d, int64_t position) {
  return ((b.index ? b.index[position] : position) * b.D + d) * 4 * b.H;
}

inline int64_t padded(int64_t H) { return (H + kLanes - 1) / kLanes * kLanes; }

// Copy row `sequence` of (D, N, H) `from`, or zeros where it is null, into scratch; what is
// beyond H stays as it is.
inline void load_state(const LstmBatch &b, int64_t d, int64_t sequence, const float *from,
                       float *to) {
  for (int64_t j = 0; j < b.H; ++j) to[j] = from ? from[(d * b.N + sequence) * b.H + j] : 0.0f;
}

inline void store_state(const LstmBatch &b, int64_t d, int64_t sequence, const float *from,
                        float *to) {
  for (int64_t j = 0; j < b.H; ++j) to[(d * b.N + sequence) * b.H + j] = from[j];
}

// Rows of 6H floats, i f g o c h, one for each step and sequence of a group: in the batch's
// trace, or, where steps are computed again, in scratch that begins at step `first`. What a
// step writes lies together: rows in token order would be far apart and, at multiples of a
// power of two, fall into the same few sets of the cache.
struct Trace {
  float *base;
  const int64_t *step_start;
  const int32_t *ranks;
  int64_t first, count, width;

  explicit operator bool() const { return base; }
  float *row(int64_t t, int64_t r) const {
    return base + (step_start ? step_start[t] + ranks[r] : (t - first) * count + r) * width;
  }
};

inline Trace batch_trace(const LstmBatch &b, int64_t d, const int32_t *ranks) {
  return {b.trace ? b.trace + d * b.T * 6 * b.H : nullptr, b.step_start, ranks, 0, 0, 6 * b.H};
}

// The checkpoint, h and c, of the sequence at place `rank` before step t, a multiple of the
// interval.
inline float *checkpoint(const LstmBatch &b, int64_t d, int64_t rank, int64_t t) {
  const int64_t row = b.checkpoint_start[t / b.interval - 1] + rank;
  return b.checkpoints + (d * b.checkpoint_rows + row) * 2 * b.H;
}

template <class P>
int64_t lstm_packed_size(int64_t H) {
  return padded(H) * 4 * P::words(H);
}

// (H, 4H) into panels of kLanes hidden units: [block][word][gate][lane], missing units 0.
template <class P>
void lstm_pack(const float *recurrent, int64_t H, float *packed) {
  for (int64_t j = 0; j < H; j += kLanes) {
    for (int64_t k = 0; k < P::kDepth * P::words(H); k += P::kDepth) {
      for (int64_t gate = 0; gate < 4; ++gate, packed += kLanes) {
        const float *first = recurrent + (k * 4 + gate) * H + j;
        const float *second = k + P::kDepth - 1 < H ? first + (P::kDepth - 1) * 4 * H : nullptr;
        store(packed, set1(0.0f));
        if (k < H) P::pack_words(first, second, H - j < kLanes ? H - j : kLanes, packed);
      }
    }
  }
}

// Where a row reads and writes in the step at hand; null for what is not asked for.
struct StepRow {
  const float *projected;
  float *output, *trace;

  // The same from hidden unit j on.
  StepRow from(int64_t j) const {
    return {projected + j, output ? output + j : nullptr, trace ? trace + j : nullptr};
  }
};

// The sequences of a group on their way: their states, and what is known of the step at hand.
template <class P>
struct Walk {
  const LstmBatch &b;
  const int64_t d, count, width, words;
  const int32_t *ranks;
  Buffer<float> floats;
  Buffer<StepRow> step_rows;
  Buffer<int64_t> places;
  float *c, *pooled, *z;      // (count, width), (count, width), (count, kPanel)
  float *operand, *next;      // (count, words): h as the product reads it, before and after
  float *h;                   // (count, width): h; for F32 the operand itself
  StepRow *rows;
  int64_t *sequences;

  Walk(const LstmBatch &b, int64_t d, const int32_t *ranks, int64_t count)
      : b(b), d(d), count(count), width(padded(b.H)), words(P::words(width)), ranks(ranks),
        floats(count * (3 * width + kPanel) + 2 * (count + P::kSlack) * words),
        step_rows(count), places(count) {
    c = floats.get();
    pooled = c + count * width;
    h = pooled + count * width;
    z = h + count * width;
    operand = z + count * kPanel;
    next = operand + (count + P::kSlack) * words;
    rows = step_rows.get();
    sequences = places.get();
    std::memset(c, 0, (next + (count + P::kSlack) * words - c) * sizeof(float));
    for (int64_t r = 0; r < count; ++r) sequences[r] = b.sorted[ranks[r]];
  }

  const float *state(int64_t r) const {
    return P::kDepth == 1 ? operand + r * words : h + r * width;
  }

  // Begin before step t, the first or one with a checkpoint.
  void begin(int64_t t, int64_t live) {
    for (int64_t r = 0; r < live; ++r) {
      float *h_r = h + r * width;
      if (t == 0) {
        load_state(b, d, sequences[r], b.h0, h_r);
        load_state(b, d, sequences[r], b.c0, c + r * width);
      } else {
        const float *from = checkpoint(b, d, ranks[r], t);
        std::memcpy(h_r, from, b.H * sizeof(float));
        std::memcpy(c + r * width, from + b.H, b.H * sizeof(float));
      }
      P::pack_row(h_r, b.H, operand + r * words);
    }
  }

  void save_checkpoint(int64_t t, int64_t live) const {
    for (int64_t r = 0; r < live; ++r) {
      float *to = checkpoint(b, d, ranks[r], t);
      std::memcpy(to, state(r), b.H * sizeof(float));
      std::memcpy(to + b.H, c + r * width, b.H * sizeof(float));
    }
  }
};

// What lies wherever a token does, so that no hardware prefetcher foresees it: the row of the
// projection that step t reads.
inline void prefetch_step(const LstmBatch &b, int64_t d, int64_t sequence, int64_t t) {
  if (t >= length(b, sequence)) return;
  prefetch<false>(b.projected + projected_at(b, d, position(b, d, sequence, t)), 4 * b.H);
}

// What a step writes beside the states.
struct StepOutput {
  float *output;
  Pool pool;
  Trace trace;
};

// The gates, state and output of hidden units of one row, when z holds h R for them. The
// pointers of `row` and the others are to the first of these units; `n` of them exist.
template <class P>
[[gnu::always_inline]] inline void finish_row(const StepRow row, const Vec (&z)[4], int64_t H,
                                              int64_t n, float *c, float *h_out, uint16_t *halves,
                                              float *pooled, bool most) {
  const float *p = row.projected;
  const Vec i = vsigmoid(z[0] + load_n(p, n)), f = vsigmoid(z[1] + load_n(p + H, n));
  const Vec g = vtanh(z[2] + load_n(p + 2 * H, n)), o = vsigmoid(z[3] + load_n(p + 3 * H, n));
  const Vec cell = fma(f, load(c), i * g);
  const Vec h = o * vtanh(cell);
  store(c, cell);
  store(h_out, h);
  if constexpr (P::kDepth > 1) store_bf16(halves, h, n);
  if (row.output) store_n(row.output, h, n);
  if (pooled) {
    const Vec before = load(pooled);
    // A NaN stays one: what is added is NaN, or zero.
    store(pooled, most ? vmax(before, h) + (before - before) : before + h);
  }
  if (row.trace) {
    store_n(row.trace, i, n);
    store_n(row.trace + H, f, n);
    store_n(row.trace + 2 * H, g, n);
    store_n(row.trace + 3 * H, o, n);
    store_n(row.trace + 4 * H, cell, n);
    store_n(row.trace + 5 * H, h, n);
  }
}

// M rows from r on and the hidden units from j on: the last `words` words of the product, added
// to z where there were `first` before them, and what follows from it, in one pass over
// registers. What `walk` holds is read before anything is written: the compiler must suppose
// that a write changes it.
template <class P, int M>
void finish_tile(const Walk<P> &walk, int64_t r, int64_t j, const float *panel, int64_t first,
                 int64_t words, Pool pool, bool most) {
  const int64_t H = walk.b.H, n = H - j, width = walk.width, stride = walk.words;
  StepRow rows[M];
  Vec acc[M][4];
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m) {
    rows[m] = walk.rows[r + m].from(j);
    const float *z = walk.z + (r + m) * kPanel;
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) acc[m][v] = first ? load(z + v * kLanes) : set1(0.0f);
  }
  float *c = walk.c + r * width + j, *next = walk.next + r * stride;
  float *h = P::kDepth == 1 ? next + j : walk.h + r * width + j;
  float *pooled = pool == Pool::kNone ? nullptr : walk.pooled + r * width + j;
  const int64_t h_stride = P::kDepth == 1 ? stride : width;
  const Rows left{walk.operand + r * stride + first, stride};
  multiply_words<P, M, 4>(acc, left, panel + first * kPanel, words);
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m) {
    finish_row<P>(rows[m], acc[m], H, n, c + m * width, h + m * h_stride,
                  reinterpret_cast<uint16_t *>(next + m * stride) + j,
                  pooled ? pooled + m * width : nullptr, most);
  }
}

template <class P>
using FinishTile = void (*)(const Walk<P> &, int64_t, int64_t, const float *, int64_t, int64_t,
                            Pool, bool);

template <class P, int M = kRows>
FinishTile<P> finish_tile_for(int64_t rows) {
  if constexpr (M > 1) {
    if (rows < M) return finish_tile_for<P, M - 1>(rows);
  }
  return finish_tile<P, M>;
}

// Step t of the first `live` sequences.
template <class P>
void forward_step(Walk<P> &walk, int64_t t, int64_t live, const float *packed,
                  const StepOutput &to) {
  const LstmBatch &b = walk.b;
  const int64_t H = b.H, words = P::words(H);
  // Without an initial state the first product is zero. The last block of words is left to
  // the register tile that goes on with the sums.
  const int64_t used = t > 0 || b.h0 ? words : 0;
  const int64_t first = P::kTiles ? used : used > 0 ? (used - 1) / kBlock * kBlock : 0;
  for (int64_t r = 0; r < live; ++r) {
    const int64_t at = position(b, walk.d, walk.sequences[r], t);
    walk.rows[r] = {b.projected + projected_at(b, walk.d, at),
                    to.output ? to.output + (at * b.D + walk.d) * H : nullptr,
                    to.trace ? to.trace.row(t, r) : nullptr};
    prefetch_step(b, walk.d, walk.sequences[r], t + 1);
  }
  for (int64_t j = 0; j < H; j += kLanes, packed += kPanel * words) {
    if (first > 0) {
      multiply_panel<P>(walk.operand, walk.words, packed, first, walk.z, kPanel, live, kPanel,
                        false);
    }
    for (int64_t r = 0; r < live; r += kRows) {
      finish_tile_for<P>(live - r)(walk, r, j, packed, first, used - first, to.pool,
                                   to.pool == Pool::kMax && t > 0);
    }
  }
  float *swap = walk.operand;
  walk.operand = walk.next;
  walk.next = swap;
}

template <class P>
void lstm_forward(const LstmForward &b, int64_t d, const int32_t *ranks, int64_t count,
                  const float *packed) {
  const typename P::Session session;
  Walk<P> walk(b, d, ranks, count);
  const StepOutput to{b.output, b.pool, batch_trace(b, d, ranks)};
  walk.begin(0, count);
  for (int64_t t = 0, live = count;; ++t) {
    for (; live > 0 && length(b, walk.sequences[live - 1]) == t; --live) {
      const int64_t r = live - 1, sequence = walk.sequences[r];
      if (b.h_n) store_state(b, d, sequence, walk.state(r), b.h_n);
      if (b.c_n) store_state(b, d, sequence, walk.c + r * walk.width, b.c_n);
      const float tokens = b.pool == Pool::kMean && t > 0 ? static_cast<float>(t) : 1.0f;
      for (int64_t j = 0; b.pooled && j < b.H; ++j) {
        b.pooled[(sequence * b.D + d) * b.H + j] = walk.pooled[r * walk.width + j] / tokens;
      }
    }
    if (live == 0) break;
    if (b.interval && t > 0 && t % b.interval == 0) walk.save_checkpoint(t, live);
    forward_step<P>(walk, t, live, packed, to);
  }
}
