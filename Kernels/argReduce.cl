// argReduce.cl: where the greatest (or least) element of each row stands; the first one where several tie.
//
//   index[row] = arg max over i of x[row, i]
//
// Work: a work-group of GROUP items owns GROUP / lanes rows; the lanes of a row take every lanes-th element,
// a tree in local memory joins them. Deterministic: ties go to the lower index at every step. Build-time:
// GROUP (a power of two), LEAST (1: arg min).
#define RANK 6

typedef struct {
  long first;  // axes before this one have size 1
  long shape[RANK];
  long stride[RANK];  // of the axes of x before the last
  long offset, rows, columns, column_stride, index_offset;
  long lanes;  // a power of two
} ArgReducePlan;

#if LEAST
#define IS_BETTER(a, i, b, j) ((a) < (b) || ((a) == (b) && (i) < (j)))
#else
#define IS_BETTER(a, i, b, j) ((a) > (b) || ((a) == (b) && (i) < (j)))
#endif

__kernel void argReduce(const ArgReducePlan plan, __global const REAL *x, __global int *index) {
  __local REAL best[GROUP];
  __local int place[GROUP];
  const int item = get_local_id(0), lanes = plan.lanes, lane = item & (lanes - 1);
  const long row = ((long)get_group_id(0) * GROUP + item) / lanes;

  REAL value = 0;
  int at = INT_MAX;  // none seen yet
  if (row < plan.rows) {
    long start = plan.offset, rest = row;
    for (int axis = RANK - 1; axis >= plan.first; --axis) {
      const long next = axis > plan.first ? rest / plan.shape[axis] : 0;
      start += (rest - next * plan.shape[axis]) * plan.stride[axis];
      rest = next;
    }
    for (long i = lane; i < plan.columns; i += lanes) {
      const REAL candidate = x[start + i * plan.column_stride];
      if (at == INT_MAX || IS_BETTER(candidate, (int)i, value, at)) {
        value = candidate;
        at = i;
      }
    }
  }
  best[item] = value;
  place[item] = at;
  for (int span = lanes / 2; span > 0; span /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < span) {
      const REAL other = best[item + span];
      const int there = place[item + span];
      if (there != INT_MAX && (place[item] == INT_MAX || IS_BETTER(other, there, best[item], place[item]))) {
        best[item] = other;
        place[item] = there;
      }
    }
  }
  if (lane == 0 && row < plan.rows) index[plan.index_offset + row] = place[item];
}
