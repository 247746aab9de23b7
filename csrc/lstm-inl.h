// The recurrence of a long short-term memory with forget gates (Hochreiter & Schmidhuber
// 1997; Gers, Schmidhuber & Cummins 2000), over sequences of different lengths:
//
//   i, f, o = sigmoid(projected + h R),  g = tanh(projected + h R)
//   c' = f c + i g,  h' = o tanh(c')
//
// The sequences of a group come longest first, so those still alive at step t are the first
// ones, and no step is ever spent on padding. A row's arithmetic does not depend on the
// rows beside it.

// Position in the batch of step t of a sequence.
inline int64_t position(const LstmBatch &b, int64_t d, int64_t sequence, int64_t t) {
  return b.from_end(d) ? b.offsets[sequence + 1] - 1 - t : b.offsets[sequence] + t;
}

inline int64_t length(const LstmBatch &b, int64_t sequence) {
  return b.offsets[sequence + 1] - b.offsets[sequence];
}

// Row of gates and cells for step t of the sequence at place `rank` of the sorted ones. What
// a step writes lies together: rows in token order would be far apart and, at multiples of a
// power of two, fall into the same few sets of the cache.
inline int64_t saved_row(const LstmBatch &b, int64_t d, int64_t rank, int64_t t) {
  return d * b.T + b.step_start[t] + rank;
}

inline int64_t padded(int64_t H) { return (H + kLanes - 1) / kLanes * kLanes; }

// Copy row `sequence` of (D, N, H) `from`, or zeros where it is null, into scratch of
// `width` floats; what is beyond H stays as it is.
inline void load_state(const LstmBatch &b, int64_t d, int64_t sequence, const float *from,
                       float *to) {
  for (int64_t j = 0; j < b.H; ++j) to[j] = from ? from[(d * b.N + sequence) * b.H + j] : 0.0f;
}

inline void store_state(const LstmBatch &b, int64_t d, int64_t sequence, const float *from,
                        float *to) {
  for (int64_t j = 0; j < b.H; ++j) to[(d * b.N + sequence) * b.H + j] = from[j];
}

static_assert(kVecs == 4, "one vector of each of the four gates");

int64_t lstm_packed_size(int64_t H) { return padded(H) * 4 * H; }

// (H, 4H) into blocks of kLanes hidden units: [block][k][gate][lane], missing units 0.
void lstm_pack(const float *recurrent, int64_t H, float *packed) {
  for (int64_t j = 0; j < H; j += kLanes) {
    for (int64_t k = 0; k < H; ++k) {
      for (int64_t gate = 0; gate < 4; ++gate, packed += kLanes) {
        store(packed, load_n(recurrent + (k * 4 + gate) * H + j, H - j));
      }
    }
  }
}

// One step of M rows and the hidden units j to j + kLanes - 1: gates, state and output in
// one pass over registers.
template <int M>
void forward_block(const LstmForward &b, int64_t d, const int64_t *position,
                   const int64_t *saved, const float *h_in, float *h_out, float *c,
                   const float *packed, int64_t j) {
  const int64_t H = b.H, W = b.D * H, width = padded(H), n = H - j;
  Vec acc[M][4];
  const float *rows[M];
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m) {
    int64_t row = b.index ? b.index[position[m]] : position[m];
    const float *p = b.projected + row * 4 * W + d * 4 * H + j;
#pragma GCC unroll 4
    for (int gate = 0; gate < 4; ++gate) acc[m][gate] = load_n(p + gate * H, n);
    rows[m] = h_in + m * width;
  }
  fma_rows<M, 4>(acc, rows, packed, 4 * kLanes, H);
#pragma GCC unroll 8
  for (int m = 0; m < M; ++m) {
    Vec i = vsigmoid(acc[m][0]), f = vsigmoid(acc[m][1]);
    Vec g = vtanh(acc[m][2]), o = vsigmoid(acc[m][3]);
    Vec cell = fma(f, load(c + m * width + j), i * g);
    Vec h = o * vtanh(cell);
    store(c + m * width + j, cell);
    store(h_out + m * width + j, h);
    if (b.gates) {
      float *to = b.gates + saved[m] * 4 * H + j;
      store_n(to, i, n);
      store_n(to + H, f, n);
      store_n(to + 2 * H, g, n);
      store_n(to + 3 * H, o, n);
      store_n(b.cells + saved[m] * H + j, cell, n);
    }
    if (b.output) store_n(b.output + position[m] * W + d * H + j, h, n);
  }
}

template <int M>
void forward_rows(const LstmForward &b, int64_t d, const int64_t *position, const int64_t *saved,
                  const float *h_in, float *h_out, float *c, const float *packed, int64_t j,
                  int64_t live) {
  if constexpr (M > 0) {
    if (live >= M) {
      forward_block<M>(b, d, position, saved, h_in, h_out, c, packed, j);
    } else {
      forward_rows<M - 1>(b, d, position, saved, h_in, h_out, c, packed, j, live);
    }
  }
}

// Ask for `floats` floats before they are needed; `Write` says that they will be written.
template <bool Write>
inline void prefetch(const float *p, int64_t floats) {
  for (int64_t j = 0; j < floats && j < 1024; j += 16) __builtin_prefetch(p + j, Write, 2);
}

// What lies wherever a token does, so that no hardware prefetcher foresees it: the row of the
// projection that step t reads, and the output that it writes.
inline void prefetch_step(const LstmForward &b, int64_t d, int64_t sequence, int64_t t) {
  if (t >= length(b, sequence)) return;
  const int64_t H = b.H, W = b.D * H, at = position(b, d, sequence, t);
  prefetch<false>(b.projected + (b.index ? b.index[at] : at) * 4 * W + d * 4 * H, 4 * H);
  if (b.output) prefetch<true>(b.output + at * W + d * H, H);
}

void lstm_forward(const LstmForward &b, int64_t d, const int32_t *ranks, int64_t count,
                  const float *packed) {
  const int64_t H = b.H, width = padded(H);
  Buffer<float> scratch(3 * count * width);
  Buffer<int64_t> places(2 * count), sequences(count);
  int64_t *positions = places.get(), *saved = positions + count;
  float *h = scratch.get(), *h_next = h + count * width, *c = h_next + count * width;
  std::memset(h, 0, 3 * count * width * sizeof(float));
  for (int64_t r = 0; r < count; ++r) {
    sequences[r] = b.sorted[ranks[r]];
    load_state(b, d, sequences[r], b.h0, h + r * width);
    load_state(b, d, sequences[r], b.c0, c + r * width);
  }
  int64_t live = count;
  for (int64_t t = 0;; ++t) {
    while (live > 0 && length(b, sequences[live - 1]) == t) {
      --live;
      store_state(b, d, sequences[live], h + live * width, b.h_n);
      store_state(b, d, sequences[live], c + live * width, b.c_n);
    }
    if (live == 0) break;
    for (int64_t r = 0; r < live; ++r) {
      positions[r] = position(b, d, sequences[r], t);
      saved[r] = saved_row(b, d, ranks[r], t);
      prefetch_step(b, d, sequences[r], t + 1);
    }
    for (int64_t j = 0; j < H; j += kLanes) {
      const float *block = packed + j * 4 * H;
      for (int64_t r = 0; r < live; r += kRows) {
        forward_rows<kRows>(b, d, positions + r, saved + r, h + r * width, h_next + r * width,
                            c + r * width, block, j, live - r);
      }
    }
    float *swap = h;
    h = h_next;
    h_next = swap;
  }
}
