// reduce.cl: a chain of arithmetic, reduced over some axes of its domain.
//
//   output_j[kept] = reduction over the reduced axes of OUT_j(inputs, scalars)
//
// Work: a work-group of GROUP items owns GROUP / lanes outputs and one chunk of the reduced elements. Each of
// an output's lanes combines every lanes-th element of the chunk; a tree in local memory combines the lanes.
// With several chunks the results are partial, [chunk, kept], and the host reduces them in a second stage.
// Deterministic: chunks and trees depend on the shape alone.
// Build-time: GROUP (a power of two), INDEX (int where every count of elements fits, since GPUs divide long
// integers slowly; else long), RANK (2, 4 or 7 axes of the domain, kept ones first; the host pads with axes
// of size 1), OUTPUTS (1 to 4), REDUCTION (0 sum, 1 maximum, 2 minimum), BODY = the arithmetic, OUT<j> = the
// step that output j takes. Inputs: see operands.cl.
typedef struct {
  long kept_axes;  // axes before this one are kept
  long shape[RANK];
  long stride[AT_LEAST_ONE(INPUTS)][RANK];
  long offset[AT_LEAST_ONE(INPUTS)];
  long output_offset[OUTPUTS];
  long kept;          // product of the kept axes
  long reduced;       // product of the reduced axes
  long chunk;         // reduced elements per chunk
  long lanes;         // per output, a power of two
  long kept_is_fast;  // 1: neighbouring work-items own neighbouring outputs; 0: neighbouring reduced elements
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
  __local REAL partial[OUTPUTS][GROUP];  // [lane][kept]
  READ_SCALARS
  const int lanes = plan.lanes, outputs = GROUP / lanes, item = get_local_id(0);
  const int lane = plan.kept_is_fast ? item / outputs : item & (lanes - 1);
  const int owned = plan.kept_is_fast ? item & (outputs - 1) : item / lanes;
  const long kept = (long)get_group_id(0) * outputs + owned;
  const long begin = get_group_id(1) * plan.chunk, end = min(begin + plan.chunk, plan.reduced);
  const int kept_axes = plan.kept_axes;

  REAL sum[OUTPUTS];
  for (int j = 0; j < OUTPUTS; ++j) sum[j] = INITIAL;
  if (kept < plan.kept) {
    long base[AT_LEAST_ONE(INPUTS)];
    for (int k = 0; k < INPUTS; ++k) base[k] = plan.offset[k];
    INDEX rest = kept;
    for (int axis = kept_axes - 1; axis >= 0; --axis) {
      const INDEX size = plan.shape[axis], next = axis > 0 ? rest / size : 0;
      const long coordinate = rest - next * size;
      for (int k = 0; k < INPUTS; ++k) base[k] += coordinate * plan.stride[k][axis];
      rest = next;
    }
    SEVERAL_LOADS
    for (long r = begin + lane; r < end; r += lanes) {
      long at[AT_LEAST_ONE(INPUTS)];
      for (int k = 0; k < INPUTS; ++k) at[k] = base[k];
      rest = r;
      for (int axis = RANK - 1; axis >= kept_axes; --axis) {
        const INDEX size = plan.shape[axis], next = axis > kept_axes ? rest / size : 0;
        const long coordinate = rest - next * size;
        for (int k = 0; k < INPUTS; ++k) at[k] += coordinate * plan.stride[k][axis];
        rest = next;
      }
      READ_INPUTS
      BODY const REAL value[OUTPUTS] = {JOIN(VALUES_, OUTPUTS)};
      for (int j = 0; j < OUTPUTS; ++j) sum[j] = COMBINE(sum[j], value[j]);
    }
  }

  for (int j = 0; j < OUTPUTS; ++j) partial[j][lane * outputs + owned] = sum[j];
  for (int span = lanes / 2; span > 0; span /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < span)
      for (int j = 0; j < OUTPUTS; ++j) {
        __local REAL *mine = partial[j] + lane * outputs + owned;
        const REAL other = mine[span * outputs];
        *mine = COMBINE(*mine, other);
      }
  }
  if (lane == 0 && kept < plan.kept) {
    __global REAL *y[OUTPUTS] = {JOIN(POINTERS_, OUTPUTS)};
    for (int j = 0; j < OUTPUTS; ++j)
      y[j][plan.output_offset[j] + get_group_id(1) * plan.kept + kept] = partial[j][owned];
  }
}
