// reduce.cl: a chain of arithmetic, reduced over some axes of its domain.
//
//   output_j[kept] = reduction over the reduced axes of OUT_j(inputs, scalars)
//
// Work: a work-group owns KEPT_LANES outputs and one chunk of the reduced elements. Each of its REDUCED_LANES
// lanes combines every REDUCED_LANES-th element of the chunk; a tree in local memory combines the lanes. With
// several chunks the results are partial, [chunk, kept], and the host reduces them in a second stage.
// Deterministic: chunks and trees depend on the shape alone.
// Build-time: KEPT_RANK, REDUCED_RANK (1 to 6), KEPT_LANES, REDUCED_LANES (powers of two), KEPT_IS_FAST (1:
// neighbouring work-items own neighbouring outputs; 0: neighbouring reduced elements), OUTPUTS (1 to 4),
// REDUCTION (0 sum, 1 maximum, 2 minimum), BODY, OUT<j>. Inputs: see operands.cl.
typedef struct {
  long kept_shape[KEPT_RANK];
  long reduced_shape[REDUCED_RANK];
  long kept_stride[AT_LEAST_ONE(INPUTS)][KEPT_RANK];
  long reduced_stride[AT_LEAST_ONE(INPUTS)][REDUCED_RANK];
  long offset[AT_LEAST_ONE(INPUTS)];
  long output_offset[OUTPUTS];
  long kept;     // product of the kept axes
  long reduced;  // product of the reduced axes
  long chunk;    // reduced elements per chunk
  REAL scalar[AT_LEAST_ONE(SCALARS)];
} ReducePlan;

// A NaN wins every maximum and minimum, so that none is hidden.
#if REDUCTION == 0
#define INITIAL ((REAL)0)
#define COMBINE(a, b) ((a) + (b))
#elif REDUCTION == 1
#define INITIAL ((REAL)(-INFINITY))
#define COMBINE(a, b) ((b) > (a) || (b) != (b) ? (b) : (a))
#else
#define INITIAL ((REAL)INFINITY)
#define COMBINE(a, b) ((b) < (a) || (b) != (b) ? (b) : (a))
#endif

#define AT(k) (at[k])

#define VALUES_1 OUT0
#define VALUES_2 VALUES_1, OUT1
#define VALUES_3 VALUES_2, OUT2
#define VALUES_4 VALUES_3, OUT3

#define RESULTS_1 , __global REAL *y0
#define RESULTS_2 RESULTS_1, __global REAL *y1
#define RESULTS_3 RESULTS_2, __global REAL *y2
#define RESULTS_4 RESULTS_3, __global REAL *y3

#define POINTERS_1 y0
#define POINTERS_2 POINTERS_1, y1
#define POINTERS_3 POINTERS_2, y2
#define POINTERS_4 POINTERS_3, y3

__kernel void reduce(const ReducePlan plan INPUT_PARAMETERS JOIN(RESULTS_, OUTPUTS)) {
  __local REAL partial[OUTPUTS][REDUCED_LANES][KEPT_LANES];
  READ_SCALARS
#if KEPT_IS_FAST
  const int kept_lane = get_local_id(0) % KEPT_LANES, reduced_lane = get_local_id(0) / KEPT_LANES;
#else
  const int reduced_lane = get_local_id(0) % REDUCED_LANES, kept_lane = get_local_id(0) / REDUCED_LANES;
#endif
  const long kept = (long)get_group_id(0) * KEPT_LANES + kept_lane;
  const long begin = get_group_id(1) * plan.chunk;
  const long end = min(begin + plan.chunk, plan.reduced);

  REAL sum[OUTPUTS];
  for (int j = 0; j < OUTPUTS; ++j) sum[j] = INITIAL;
  if (kept < plan.kept) {
    long base[AT_LEAST_ONE(INPUTS)];
    for (int k = 0; k < INPUTS; ++k) base[k] = plan.offset[k];
    long rest = kept;
    for (int axis = KEPT_RANK - 1; axis >= 0; --axis) {
      const long next = axis > 0 ? rest / plan.kept_shape[axis] : 0;
      const long coordinate = rest - next * plan.kept_shape[axis];
      for (int k = 0; k < INPUTS; ++k) base[k] += coordinate * plan.kept_stride[k][axis];
      rest = next;
    }
    for (long r = begin + reduced_lane; r < end; r += REDUCED_LANES) {
      long at[AT_LEAST_ONE(INPUTS)];
      for (int k = 0; k < INPUTS; ++k) at[k] = base[k];
      rest = r;
      for (int axis = REDUCED_RANK - 1; axis >= 0; --axis) {
        const long next = axis > 0 ? rest / plan.reduced_shape[axis] : 0;
        const long coordinate = rest - next * plan.reduced_shape[axis];
        for (int k = 0; k < INPUTS; ++k) at[k] += coordinate * plan.reduced_stride[k][axis];
        rest = next;
      }
      READ_INPUTS
      BODY const REAL value[OUTPUTS] = {JOIN(VALUES_, OUTPUTS)};
      for (int j = 0; j < OUTPUTS; ++j) sum[j] = COMBINE(sum[j], value[j]);
    }
  }

  for (int j = 0; j < OUTPUTS; ++j) partial[j][reduced_lane][kept_lane] = sum[j];
  for (int span = REDUCED_LANES / 2; span > 0; span /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (reduced_lane < span)
      for (int j = 0; j < OUTPUTS; ++j) {
        const REAL other = partial[j][reduced_lane + span][kept_lane];
        partial[j][reduced_lane][kept_lane] = COMBINE(partial[j][reduced_lane][kept_lane], other);
      }
  }
  if (reduced_lane == 0 && kept < plan.kept) {
    __global REAL *y[OUTPUTS] = {JOIN(POINTERS_, OUTPUTS)};
    for (int j = 0; j < OUTPUTS; ++j)
      y[j][plan.output_offset[j] + get_group_id(1) * plan.kept + kept] = partial[j][0][kept_lane];
  }
}
