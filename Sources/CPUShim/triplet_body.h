// Triplets of points. Included with REAL defined, after vectors.h.

#define LANES NAME(lanes)
#define LOAD(from) (*(const NAME(vector) *)(from))
#define ROW(points, i) ((const REAL *)(points).base + (i) * (points).row)

/// Squared distances of a to p and to n over channels `first ..< last`.
CPU_INLINE void NAME(squared_distances)(const REAL *a, const REAL *p, const REAL *n, int64_t first,
                                        int64_t last, REAL squares[2]) {
  NAME(vector) sums[2] = {{0}};
  int64_t c = first;
  for (; c + LANES <= last; c += LANES) {
    const NAME(vector) from = LOAD(a + c), to_p = from - LOAD(p + c), to_n = from - LOAD(n + c);
    sums[0] += to_p * to_p;
    sums[1] += to_n * to_n;
  }
  squares[0] = squares[1] = 0;
  for (int lane = 0; lane < LANES; ++lane)
    for (int k = 0; k < 2; ++k) squares[k] += sums[k][lane];
  for (; c < last; ++c) {
    const REAL to_p = a[c] - p[c], to_n = a[c] - n[c];
    squares[0] += to_p * to_p;
    squares[1] += to_n * to_n;
  }
}

CPU_KERNEL void NAME(cpu_triplet_distance)(const cpu_triplet *triplet, int64_t rows, void *towards,
                                           void *away, void *difference) {
  REAL *to_p = towards, *to_n = away, *result = difference;
  for (int64_t i = 0; i < rows; ++i) {
    const REAL *a = ROW(triplet->anchor, i), *p = ROW(triplet->positive, i), *n = ROW(triplet->negative, i);
    for (int64_t g = 0; g < triplet->groups; ++g) {
      REAL squares[2];
      NAME(squared_distances)(a, p, n, triplet->bounds[g], triplet->bounds[g + 1], squares);
      const int64_t at = i * triplet->groups + g;
      to_p[at] = real_sqrt(squares[0]);
      to_n[at] = real_sqrt(squares[1]);
      result[at] = to_p[at] - to_n[at];
    }
  }
}

/// Row i of an accumulator, or NULL.
CPU_INLINE REAL *NAME(row_of)(const cpu_accumulator *to, int64_t i) {
  return to->base ? (REAL *)to->base + i * to->row : 0;
}

/// Element or vector x[c] = beta x[c] + value, where there is an x.
#define ACCUMULATE(type, x, beta, value)                        \
  do {                                                          \
    if (!(x)) break;                                            \
    type *const place = (type *)((x) + c);                      \
    *place = (beta) == 0 ? (value) : (beta) * *place + (value); \
  } while (0)

/// All three gradients in one loop: with a loop for each, stores were waited for twice as long.
#define ACCUMULATE_ALL(type)                                                     \
  do {                                                                           \
    const type from = *(const type *)(a + c);                                    \
    const type to_positive = s * (from - *(const type *)(p + c));                \
    const type to_negative = t * (from - *(const type *)(n + c));                \
    ACCUMULATE(type, da, beta[0], to_positive - to_negative);                    \
    ACCUMULATE(type, dp, beta[1], -to_positive);                                 \
    ACCUMULATE(type, dn, beta[2], to_negative);                                  \
  } while (0)

CPU_KERNEL void NAME(cpu_triplet_gradient)(const cpu_triplet *triplet, int64_t rows, const void *towards,
                                           const void *away, const void *upstream,
                                           const cpu_accumulator *anchor, const cpu_accumulator *positive,
                                           const cpu_accumulator *negative) {
  const REAL *to_p = towards, *to_n = away, *slope = upstream;
  const REAL beta[3] = {(REAL)anchor->beta, (REAL)positive->beta, (REAL)negative->beta};
  for (int64_t i = 0; i < rows; ++i) {
    const REAL *a = ROW(triplet->anchor, i), *p = ROW(triplet->positive, i), *n = ROW(triplet->negative, i);
    REAL *da = NAME(row_of)(anchor, i), *dp = NAME(row_of)(positive, i), *dn = NAME(row_of)(negative, i);
    for (int64_t g = 0; g < triplet->groups; ++g) {
      const int64_t at = i * triplet->groups + g, last = triplet->bounds[g + 1];
      const REAL s = to_p[at] == 0 ? 0 : slope[at] / to_p[at], t = to_n[at] == 0 ? 0 : slope[at] / to_n[at];
      int64_t c = triplet->bounds[g];
      for (; c + LANES <= last; c += LANES) ACCUMULATE_ALL(NAME(vector));
      for (; c < last; ++c) ACCUMULATE_ALL(REAL);
    }
  }
}

#undef ACCUMULATE_ALL
#undef ACCUMULATE
#undef ROW
#undef LOAD
#undef LANES
