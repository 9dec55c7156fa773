// argReduce.cl: where the greatest (or least) element of each row stands; the first one where several tie.
//
//   index[row] = arg max over i of x[row, i]
//
// Work: a work-group owns ROWS rows; LANES lanes of each take every LANES-th element, a tree joins them.
// Deterministic: ties go to the lower index at every step.
// Build-time: RANK = axes of x before the last (1 to 6), ROWS, LANES (powers of two), LEAST (1: arg min).
typedef struct {
  long shape[RANK];
  long stride[RANK];
  long offset, rows, columns, column_stride, index_offset;
} ArgReducePlan;

#if LEAST
#define IS_BETTER(a, i, b, j) ((a) < (b) || ((a) == (b) && (i) < (j)))
#else
#define IS_BETTER(a, i, b, j) ((a) > (b) || ((a) == (b) && (i) < (j)))
#endif

__kernel void argReduce(const ArgReducePlan plan, __global const REAL *x, __global int *index) {
  __local REAL best[LANES][ROWS];
  __local int place[LANES][ROWS];
  const int lane = get_local_id(0) % LANES, owned = get_local_id(0) / LANES;
  const long row = (long)get_group_id(0) * ROWS + owned;

  REAL value = 0;
  int at = INT_MAX;  // none seen yet
  if (row < plan.rows) {
    long start = plan.offset, rest = row;
    for (int axis = RANK - 1; axis >= 0; --axis) {
      const long next = axis > 0 ? rest / plan.shape[axis] : 0;
      start += (rest - next * plan.shape[axis]) * plan.stride[axis];
      rest = next;
    }
    for (long i = lane; i < plan.columns; i += LANES) {
      const REAL candidate = x[start + i * plan.column_stride];
      if (at == INT_MAX || IS_BETTER(candidate, (int)i, value, at)) {
        value = candidate;
        at = i;
      }
    }
  }
  best[lane][owned] = value;
  place[lane][owned] = at;
  for (int span = LANES / 2; span > 0; span /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < span) {
      const REAL other = best[lane + span][owned];
      const int there = place[lane + span][owned];
      if (there != INT_MAX &&
          (place[lane][owned] == INT_MAX || IS_BETTER(other, there, best[lane][owned], place[lane][owned]))) {
        best[lane][owned] = other;
        place[lane][owned] = there;
      }
    }
  }
  if (lane == 0 && row < plan.rows) index[plan.index_offset + row] = place[0][owned];
}
