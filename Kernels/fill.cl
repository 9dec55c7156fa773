// fill.cl: every element of a strided view becomes one value.
//
// Work: as in map.cl.  Build-time: RANK (1 to 6), ITEMS, ELEMENT = storage type (ushort holds bfloat16).
typedef struct {
  long shape[RANK];
  long stride[RANK];
  long offset, outer;
} FillPlan;

__kernel void fill(const FillPlan plan, __global ELEMENT *y, const ELEMENT value) {
  const long first = (long)get_group_id(0) * (get_local_size(0) * ITEMS) + get_local_id(0);
  for (long outer = get_global_id(1); outer < plan.outer; outer += get_global_size(1)) {
    long to = plan.offset, rest = outer;
    for (int axis = RANK - 2; axis >= 0; --axis) {
      const long next = axis > 0 ? rest / plan.shape[axis] : 0;
      to += (rest - next * plan.shape[axis]) * plan.stride[axis];
      rest = next;
    }
    for (int t = 0; t < ITEMS; ++t) {
      const long i = first + t * (long)get_local_size(0);
      if (i < plan.shape[RANK - 1]) y[to + i * plan.stride[RANK - 1]] = value;
    }
  }
}
