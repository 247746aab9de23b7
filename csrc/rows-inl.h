// Rows of a table: sums of the rows of one token, and optimizers that touch only the rows
// that a batch used.

void sum_rows(const float *x, const int32_t *order, const int64_t *starts, int64_t U, int64_t G,
              float *out) {
  for (int64_t u = 0; u < U; ++u) {
    const int32_t *first = order + starts[u], *last = order + starts[u + 1];
    for (int64_t j = 0; j < G; j += kPanel) {
      const int64_t n = G - j;
      Vec sum[kVecs];
      for (int v = 0; v < kVecs; ++v) sum[v] = set1(0.0f);
      for (const int32_t *row = first; row < last; ++row) {
        const float *p = x + *row * G + j;
        for (int v = 0; v < kVecs && v * kLanes < n; ++v) {
          sum[v] = sum[v] + load_n(p + v * kLanes, n - v * kLanes);
        }
      }
      for (int v = 0; v < kVecs && v * kLanes < n; ++v) {
        store_n(out + u * G + j + v * kLanes, sum[v], n - v * kLanes);
      }
    }
  }
}

// Rows lie anywhere in a table that no cache holds: ask for one while others are computed.
constexpr int64_t kAhead = 4;

inline void prefetch_row(const float *table, int64_t row, int64_t I) {
  prefetch<true>(table + row * I, I);
}

// m times decay, `times` times over: the roundings of the dense optimizer, which does it
// once a step. It ends early where the products no longer move (at 0 or among the smallest
// subnormal numbers). Several vectors at once, as each product waits for the one before it.
inline void make_up(Vec (&m)[kVecs], Vec decay, int64_t times) {
  constexpr int64_t kStride = 8;
  for (; times >= kStride; times -= kStride) {
    bool moved = false;
    for (int v = 0; v < kVecs; ++v) {
      const Vec before = m[v];
      for (int64_t i = 0; i < kStride; ++i) m[v] = m[v] * decay;
      moved |= !all_equal(m[v], before);
    }
    if (!moved) return;
  }
  for (; times > 0; --times) {
    for (int v = 0; v < kVecs; ++v) m[v] = m[v] * decay;
  }
}

// RMSprop as Keras defines it: m' = decay m + (1 - decay) g^2, w' = w - rate g / sqrt(m' + epsilon).
// A row without gradient keeps its weights and its moment decays, which is done when the
// row is next seen: every bit is that of the dense optimizer.
void rmsprop_rows(const RmspropRows &u) {
  const Vec decay = set1(u.decay), rest = set1(1.0f - u.decay);
  const Vec rate = set1(u.rate), epsilon = set1(u.epsilon);
  for (int64_t r = 0; r < u.U; ++r) {
    if (r + kAhead < u.U) {
      prefetch_row(u.weight, u.rows[r + kAhead], u.I);
      prefetch_row(u.moment, u.rows[r + kAhead], u.I);
    }
    const int64_t row = u.rows[r];
    float *weight = u.weight + row * u.I, *moment = u.moment + row * u.I;
    const int64_t missed = u.step - u.seen[row] - (u.gradient ? 1 : 0);
    u.seen[row] = u.step;
    for (int64_t j = 0; j < u.I; j += kPanel) {
      Vec m[kVecs];
      for (int v = 0; v < kVecs; ++v) {
        const int64_t at = j + v * kLanes;
        m[v] = at < u.I ? load_n(moment + at, u.I - at) : set1(0.0f);
      }
      make_up(m, decay, missed);
      for (int v = 0; v < kVecs && j + v * kLanes < u.I; ++v) {
        const int64_t at = j + v * kLanes, n = u.I - at;
        if (u.gradient) {
          const Vec g = load_n(u.gradient + r * u.I + at, n);
          m[v] = m[v] * decay + rest * (g * g);
          store_n(weight + at, load_n(weight + at, n) - rate * g / vsqrt(m[v] + epsilon), n);
        }
        store_n(moment + at, m[v], n);
      }
    }
  }
}

// Adam as Keras defines it, with bias correction in `rate` and AdamW's decay in `fade`.
void adam_rows(const AdamRows &u) {
  const Vec rest_1 = set1(u.rest_1), rest_2 = set1(u.rest_2), fade = set1(u.fade);
  const Vec rate = set1(u.rate), epsilon = set1(u.epsilon);
  for (int64_t r = 0; r < u.U; ++r) {
    if (r + kAhead < u.U) {
      const int64_t next = u.rows[r + kAhead];
      prefetch_row(u.weight, next, u.I);
      prefetch_row(u.first, next, u.I);
      prefetch_row(u.second, next, u.I);
    }
    const int64_t row = u.rows[r];
    float *weight = u.weight + row * u.I, *first = u.first + row * u.I;
    float *second = u.second + row * u.I;
    u.seen[row] = u.step;
    for (int64_t j = 0; j < u.I; j += kLanes) {
      const int64_t n = u.I - j;
      Vec g = load_n(u.gradient + r * u.I + j, n), w = load_n(weight + j, n);
      Vec m = load_n(first + j, n), v = load_n(second + j, n);
      m = m + rest_1 * (g - m);
      v = v + rest_2 * (g * g - v);
      w = w - fade * w;
      w = w - rate * m / (vsqrt(v) + epsilon);
      store_n(first + j, m, n);
      store_n(second + j, v, n);
      store_n(weight + j, w, n);
    }
  }
}

// The steps that rows missed, at once: what momentum and weight decay did to them meanwhile.
void adam_catch_up(const AdamCatchUp &u) {
  const Vec one = set1(1.0f), epsilon = set1(u.epsilon);
  for (int64_t r = 0; r < u.U; ++r) {
    const int64_t row = u.rows[r], behind = u.step - u.seen[row];
    if (behind == 0) continue;
    const AdamMissed &missed = u.missed[u.K - behind];
    const Vec fade = set1(missed.fade), total = set1(missed.total);
    const Vec ratio = set1(missed.ratio), spread = set1(missed.spread);
    float *weight = u.weight + row * u.I, *first = u.first + row * u.I;
    float *second = u.second + row * u.I;
    u.seen[row] = u.step;
    for (int64_t j = 0; j < u.I; j += kLanes) {
      const int64_t n = u.I - j;
      Vec w = load_n(weight + j, n), m = load_n(first + j, n), v = load_n(second + j, n);
      Vec inverse = one / (vsqrt(v) * ratio + epsilon), e = epsilon * inverse;
      w = w - fade * w;
      w = w - total * m * inverse * (one - spread * (e - e * e));
      store_n(first + j, m * set1(missed.first), n);
      store_n(second + j, v * set1(missed.second), n);
      store_n(weight + j, w, n);
    }
  }
}
