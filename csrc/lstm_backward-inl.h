// Back-propagation through time, over the groups of lstm-inl.h.
//
// The gate gradients of a step never go to memory: while they are in cache they give the
// state gradients of the step before, are added to the row of the projection that their token
// had read (without an index each token has its own, which is written), and, a block of steps at a time, to the gradient of the recurrent weights.

// Rows of gate gradients that are summed into d_recurrent at once: its own traffic must stay
// small beside the products, and the rows in L2.
inline int64_t flush_rows(int64_t H) { return H <= 64 ? 64 : 256; }

// The step of one sequence: its trace, the state before it (null: zeros), and the gradient
// that comes from above (null: zeros).
struct BackwardStep {
  const float *trace, *h_before, *c_before, *d_output;
};

inline BackwardStep backward_step(const LstmBackward &b, int64_t d, const Trace &trace, int64_t r,
                                  int64_t rank, int64_t sequence, int64_t t) {
  const int64_t H = b.H, state = (d * b.N + sequence) * H;
  BackwardStep step{trace.row(t, r), nullptr, nullptr, nullptr};
  if (t > trace.first) {
    step.c_before = trace.row(t - 1, r) + 4 * H;
    step.h_before = step.c_before + H;
  } else if (t > 0) {
    step.h_before = checkpoint(b, d, rank, t);
    step.c_before = step.h_before + H;
  } else if (b.h0) {
    step.h_before = b.h0 + state;
    step.c_before = b.c0 + state;
  }
  if (b.d_output) step.d_output = b.d_output + (position(b, d, sequence, t) * b.D + d) * H;
  return step;
}

// The gate gradients `to`, (4H,), of one row, and what its cell passes on to the step before.
inline void backward_row(const BackwardStep &step, int64_t H, const float *dh, float *dc,
                         float *to) {
  const Vec one = set1(1.0f);
  for (int64_t j = 0; j < H; j += kLanes) {
    const int64_t n = H - j;
    const float *gates = step.trace + j;
    const Vec i = load_n(gates, n), f = load_n(gates + H, n);
    const Vec g = load_n(gates + 2 * H, n), o = load_n(gates + 3 * H, n);
    const Vec tc = vtanh(load_n(gates + 4 * H, n));
    Vec dh_j = load(dh + j);
    if (step.d_output) dh_j = dh_j + load_n(step.d_output + j, n);
    const Vec dc_j = fma(dh_j * o, fnma(tc, tc, one), load(dc + j));
    const Vec c_before = step.c_before ? load_n(step.c_before + j, n) : set1(0.0f);
    store_n(to + j, dc_j * g * i * (one - i), n);
    store_n(to + H + j, dc_j * c_before * f * (one - f), n);
    store_n(to + 2 * H + j, dc_j * i * fnma(g, g, one), n);
    store_n(to + 3 * H + j, dh_j * tc * o * (one - o), n);
    store(dc + j, dc_j * f);
  }
}

inline void add_row(const float *row, float *to, int64_t count) {
  for (int64_t j = 0; j < count; j += kLanes) {
    store_n(to + j, load_n(to + j, count - j) + load_n(row + j, count - j), count - j);
  }
}

// Compute the trace of the steps from `first` to `last` - 1 again from the checkpoint.
template <class P>
void recompute(const LstmBackward &b, int64_t d, const int32_t *ranks, int64_t count,
               const float *packed_forward, int64_t last, const Trace &trace) {
  Walk<P> walk(b, d, ranks, count);
  int64_t live = count;
  while (live > 0 && length(b, walk.sequences[live - 1]) <= trace.first) --live;
  walk.begin(trace.first, live);
  for (int64_t t = trace.first; t < last; ++t) {
    while (live > 0 && length(b, walk.sequences[live - 1]) <= t) --live;
    forward_step<P>(walk, t, live, packed_forward, {nullptr, Pool::kNone, trace});
  }
}

template <class P>
void lstm_backward(const LstmBackward &b, int64_t d, const int32_t *ranks, int64_t count,
                   const float *packed, const float *packed_forward, float *d_projected,
                   float *d_recurrent) {
  const typename P::Session session;
  const int64_t H = b.H, G = 4 * H, width = padded(H), flush = flush_rows(H);
  const int64_t room = flush + count, words = P::words(G);
  Buffer<float> scratch(2 * count * width + room * 5 * H + (P::kDepth > 1 ? (count + P::kSlack) * words : 0));
  Buffer<float> again(b.interval ? b.interval * count * 6 * H : 0);
  Buffer<const float *> pointers(2 * room);
  Buffer<int64_t> sequences(count);
  float *dh = scratch.get(), *dc = dh + count * width, *d_gates = dc + count * width;
  float *before = d_gates + room * G, *operand = before + room * H;
  const float **states = pointers.get(), **gates = states + room;
  std::memset(dh, 0, 2 * count * width * sizeof(float));
  for (int64_t r = 0; r < count; ++r) {
    sequences[r] = b.sorted[ranks[r]];
    load_state(b, d, sequences[r], b.d_h_n, dh + r * width);
    load_state(b, d, sequences[r], b.d_c_n, dc + r * width);
  }
  Trace trace = batch_trace(b, d, ranks);
  if (b.interval) trace = {again.get(), nullptr, ranks, 0, count, 6 * H};
  const int64_t steps = count ? length(b, sequences[0]) : 0;
  // `filled` rows of d_gates are in use, `paired` of them with a state before.
  int64_t live = 0, filled = 0, paired = 0;
  for (int64_t t = steps - 1; t >= 0; --t) {
    if (b.interval && (t == steps - 1 || t % b.interval == b.interval - 1)) {
      trace.first = t / b.interval * b.interval;
      recompute<P>(b, d, ranks, count, packed_forward, t + 1, trace);
    }
    while (live < count && length(b, sequences[live]) > t) ++live;
    float *rows = d_gates + filled * G;
    for (int64_t r = 0; r < live; ++r) {
      const int64_t at = position(b, d, sequences[r], t);
      prefetch<true>(d_projected + projected_at(b, d, at), G);
      const BackwardStep step = backward_step(b, d, trace, r, ranks[r], sequences[r], t);
      backward_row(step, H, dh + r * width, dc + r * width, rows + r * G);
      if (step.h_before) {
        states[paired] = before + paired * H;
        std::memcpy(before + paired * H, step.h_before, H * sizeof(float));
        gates[paired++] = rows + r * G;
      }
      if constexpr (P::kDepth > 1) P::pack_row(rows + r * G, G, operand + r * words);
    }
    if (t > 0 || b.d_h0) {
      for (int64_t j = 0; j < H; j += kPanel) {
        multiply_panel<P>(P::kDepth > 1 ? operand : rows, words, packed + j * words, words, dh + j,
                          width, live, H - j < kPanel ? H - j : kPanel, false);
      }
    }
    for (int64_t r = 0; r < live; ++r) {
      float *to = d_projected + projected_at(b, d, position(b, d, sequences[r], t));
      if (b.index) {
        add_row(rows + r * G, to, G);
      } else {
        std::memcpy(to, rows + r * G, G * sizeof(float));
      }
    }
    filled += live;
    if (filled >= flush || t == 0) {
      add_columns<typename P::Columns>(states, gates, d_recurrent, G, paired, H, G);
      filled = paired = 0;
    }
  }
  for (int64_t r = 0; b.d_h0 && r < count; ++r) {
    store_state(b, d, sequences[r], dh + r * width, b.d_h0);
    store_state(b, d, sequences[r], dc + r * width, b.d_c0);
  }
}
