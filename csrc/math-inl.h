// exp, sigmoid and tanh over Vec. Bounds hold for every float32 argument; the tests use
// these numbers. NaN gives NaN.
//
// Tried and dropped: reciprocals by the estimate of the CPU and a step of Newton. A division
// costs as much as seven products, but in a unit of its own, while the products that would
// replace it compete with those of the recurrence.

// expm1 of r, |r| <= ln(2) / 2: r + r^2 q(r), q of degree 4 by a minimax fit of the
// relative error (1.9e-8 before rounding).
inline Vec expm1_reduced(Vec r) {
  Vec q = set1(0x1.6d995cp-10f);               // 0.00139464973
  q = fma(q, r, set1(0x1.122838p-7f));         // 0.00836661085
  q = fma(q, r, set1(0x1.555486p-5f));         // 0.0416662805
  q = fma(q, r, set1(0x1.5554bp-3f));         // 0.166665435
  q = fma(q, r, set1(0.5f));
  return fma(r * r, q, r);
}

// x = n ln(2) + r with n whole and |r| <= ln(2) / 2; ln(2) in two parts so that r is exact
// to rounding for |x| <= 90. Returns 2^n. Adding 1.5 * 2^23 + 127 rounds to a whole number and
// leaves n + 127, the exponent of 2^n, in the low bits.
inline Vec reduce(Vec x, Vec *r) {
  const Vec magic = set1(12582912.0f + 127.0f);
  const Vec shifted = fma(x, set1(0x1.715476p+0f), magic);
  const Vec n = shifted - magic;
  *r = fnma(n, set1(0x1.62e4p-1f), x);
  *r = fnma(n, set1(0x1.7f7d1cp-20f), *r);
  return bits_up(shifted, 23);
}

// e^x for x in [-87, 88], and e^-87 or e^88 outside. Bound: 2 ulp.
inline Vec vexp(Vec x) {
  Vec r;
  const Vec scale = reduce(vmin(set1(88.0f), vmax(set1(-87.0f), x)), &r);
  return fma(scale, expm1_reduced(r), scale);
}

// 1 / (1 + e^-x). Bound: 4 ulp for x >= -87, and at most 1.7e-38 below.
inline Vec vsigmoid(Vec x) { return set1(1.0f) / (set1(1.0f) + vexp(set1(0.0f) - x)); }

// tanh by expm1(2x) / (expm1(2x) + 2), which loses nothing near zero. Bound: 6 ulp.
inline Vec vtanh(Vec x) {
  Vec r;
  const Vec t = vmin(set1(10.0f), vmax(set1(-10.0f), x));
  const Vec scale = reduce(t + t, &r);
  const Vec e = fma(scale, expm1_reduced(r), scale - set1(1.0f));
  return e / (e + set1(2.0f));
}

void sigmoid_forward(const float *x, float *out, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) {
    int64_t n = count - i;
    store_n(out + i, vsigmoid(load_n(x + i, n)), n);
  }
}

void tanh_forward(const float *x, float *out, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) {
    int64_t n = count - i;
    store_n(out + i, vtanh(load_n(x + i, n)), n);
  }
}

void exp_forward(const float *x, float *out, int64_t count) {
  for (int64_t i = 0; i < count; i += kLanes) {
    int64_t n = count - i;
    store_n(out + i, vexp(load_n(x + i, n)), n);
  }
}
