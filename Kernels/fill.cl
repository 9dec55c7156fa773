// fill.cl: every element of a strided view becomes one value.
//
// Work: as in map.cl.  Build-time: ITEMS, ELEMENT = storage type (ushort holds bfloat16).
#define RANK 6

typedef struct {
  long first;  // axes before this one have size 1
  long shape[RANK];
  long stride[RANK];
  long offset, outer;
} FillPlan;

__kernel void fill(const FillPlan plan, __global ELEMENT *y, const ELEMENT value) {
  const long first = (long)get_group_id(0) * (get_local_size(0) * ITEMS) + get_local_id(0);
  for (long outer = get_global_id(1); outer < plan.outer; outer += get_global_size(1)) {
    long to = plan.offset, rest = outer;
    for (int axis = RANK - 2; axis >= plan.first; --axis) {
      const long next = axis > plan.first ? rest / plan.shape[axis] : 0;
      to += (rest - next * plan.shape[axis]) * plan.stride[axis];
      rest = next;
    }
    for (int t = 0; t < ITEMS; ++t) {
      const long i = first + t * (long)get_local_size(0);
      if (i < plan.shape[RANK - 1]) y[to + i * plan.stride[RANK - 1]] = value;
    }
  }
}
