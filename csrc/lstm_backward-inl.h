// Back-propagation through time, over the groups of lstm-inl.h.
//
// The gate gradients of a step never go to memory: while they are in cache they give the
// state gradients of the step before, are added to the row of the projection that their token
// had read, and, kBlock rows at a time, to the gradient of the recurrent weights.

// The gate gradients `to`, (4H,), of one row at step t, and what its cell passes on to
// step t - 1.
inline void backward_row(const LstmBackward &b, int64_t d, int64_t rank, int64_t t,
                         const float *dh, float *dc, float *to) {
  const int64_t H = b.H, sequence = b.sorted[rank], saved = saved_row(b, d, rank, t);
  const float *gates = b.gates + saved * 4 * H, *cells = b.cells + saved * H;
  const float *before = t > 0  ? b.cells + saved_row(b, d, rank, t - 1) * H
                        : b.c0 ? b.c0 + (d * b.N + sequence) * H
                               : nullptr;
  const float *d_out =
      b.d_output ? b.d_output + (position(b, d, sequence, t) * b.D + d) * H : nullptr;
  const Vec one = set1(1.0f);
  for (int64_t j = 0; j < H; j += kLanes) {
    const int64_t n = H - j;
    Vec i = load_n(gates + j, n), f = load_n(gates + H + j, n);
    Vec g = load_n(gates + 2 * H + j, n), o = load_n(gates + 3 * H + j, n);
    Vec tc = vtanh(load_n(cells + j, n));
    Vec dh_j = load(dh + j);
    if (d_out) dh_j = dh_j + load_n(d_out + j, n);
    Vec dc_j = fma(dh_j * o, fnma(tc, tc, one), load(dc + j));
    Vec c_before = before ? load_n(before + j, n) : set1(0.0f);
    store_n(to + j, dc_j * g * i * (one - i), n);
    store_n(to + H + j, dc_j * c_before * f * (one - f), n);
    store_n(to + 2 * H + j, dc_j * i * fnma(g, g, one), n);
    store_n(to + 3 * H + j, dh_j * tc * o * (one - o), n);
    store(dc + j, dc_j * f);
  }
}

// What lies wherever a token does: the row of the projection that step t adds to, the output
// of the step before it, and the gradient of its own.
inline void prefetch_step(const LstmBackward &b, int64_t d, int64_t sequence, int64_t t,
                          const float *d_projected) {
  const int64_t H = b.H, W = b.D * H, at = position(b, d, sequence, t);
  prefetch<true>(d_projected + (b.index ? b.index[at] : at) * 4 * W + d * 4 * H, 4 * H);
  if (t > 0) prefetch<false>(b.output + position(b, d, sequence, t - 1) * W + d * H, H);
  if (b.d_output) prefetch<false>(b.d_output + at * W + d * H, H);
}

// The state before step t; null if it is zero.
inline const float *state_before(const LstmBackward &b, int64_t d, int64_t sequence, int64_t t) {
  if (t > 0) return b.output + (position(b, d, sequence, t - 1) * b.D + d) * b.H;
  return b.h0 ? b.h0 + (d * b.N + sequence) * b.H : nullptr;
}

inline void add_row(const float *row, float *to, int64_t count) {
  for (int64_t j = 0; j < count; j += kLanes) {
    store_n(to + j, load_n(to + j, count - j) + load_n(row + j, count - j), count - j);
  }
}

// d_recurrent += the outer products of `count` states and gate gradients.
inline void add_outer_products(const float *const *states, const float *const *gates,
                               const float **shifted, int64_t count, int64_t H,
                               float *d_recurrent) {
  for (int64_t j = 0; j < 4 * H; j += kPanel) {
    for (int64_t i = 0; i < count; ++i) shifted[i] = gates[i] + j;
    const int64_t columns = 4 * H - j < kPanel ? 4 * H - j : kPanel;
    add_columns(states, shifted, d_recurrent + j, 4 * H, count, H, columns);
  }
}

void lstm_backward(const LstmBackward &b, int64_t d, const int32_t *ranks, int64_t count,
                   const float *packed, float *d_projected, float *d_recurrent) {
  const int64_t H = b.H, G = 4 * H, width = padded(H), room = kBlock + count;
  Buffer<float> scratch(2 * count * width + room * G);
  Buffer<const float *> pointers(4 * room);
  Buffer<int64_t> sequences(count);
  float *dh = scratch.get(), *dc = dh + count * width, *d_gates = dc + count * width;
  const float **rows = pointers.get(), **states = rows + room;
  const float **gates = states + room, **shifted = gates + room;
  std::memset(dh, 0, 2 * count * width * sizeof(float));
  for (int64_t r = 0; r < count; ++r) {
    sequences[r] = b.sorted[ranks[r]];
    load_state(b, d, sequences[r], b.d_h_n, dh + r * width);
    load_state(b, d, sequences[r], b.d_c_n, dc + r * width);
  }
  // `filled` rows of d_gates are in use, `paired` of them with a state before.
  int64_t live = 0, filled = 0, paired = 0;
  for (int64_t t = count ? length(b, sequences[0]) - 1 : -1; t >= 0; --t) {
    while (live < count && length(b, sequences[live]) > t) ++live;
    for (int64_t r = 0; r < live; ++r) {
      float *row = d_gates + (filled + r) * G;
      if (t > 0) prefetch_step(b, d, sequences[r], t - 1, d_projected);
      backward_row(b, d, ranks[r], t, dh + r * width, dc + r * width, row);
      rows[r] = row;
      if (const float *state = state_before(b, d, sequences[r], t)) {
        states[paired] = state;
        gates[paired++] = row;
      }
    }
    if (t > 0 || b.d_h0) gemm_rows(rows, packed, nullptr, dh, width, live, G, H);
    for (int64_t r = 0; r < live; ++r) {
      const int64_t at = position(b, d, sequences[r], t), to = b.index ? b.index[at] : at;
      add_row(rows[r], d_projected + (to * b.D + d) * G, G);
    }
    filled += live;
    if (filled >= kBlock || t == 0) {
      add_outer_products(states, gates, shifted, paired, H, d_recurrent);
      filled = paired = 0;
    }
  }
  for (int64_t r = 0; b.d_h0 && r < count; ++r) {
    store_state(b, d, sequences[r], dh + r * width, b.d_h0);
    store_state(b, d, sequences[r], dc + r * width, b.d_c0);
  }
}
