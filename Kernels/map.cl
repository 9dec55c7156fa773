// map.cl: a chain of arithmetic, evaluated at every element of its outputs.
//
//   output_j[i] = OUT_j(inputs at i, scalars)
//
// Operands are strided views of one shape of RANK axes; broadcast inputs have stride 0. An output may be
// the same view as an input: every element is read before it is written.
// Work: dimension 0 walks the innermost axis, ITEMS elements per work-item, a work-group's width apart so
// that neighbours touch neighbours; dimension 1 walks the outer axes and strides on where the grid ends.
// Deterministic: one work-item computes an element.
// Build-time: INDEX (int where every count of elements fits, since GPUs divide long integers slowly; else
// long), RANK (1, 2, 4 or 6; the host pads with axes of size 1, which keeps programs few), OPERANDS = inputs
// + outputs, INNER<k>, INNER_OUT<j> = strides along the innermost axis (all 1 and 0, as constants, or all
// read from the plan), ITEMS, OUTPUTS (1 to 4), BODY = the arithmetic, OUT<j> = the step that output j takes.
// Inputs: see operands.cl.
typedef struct {
  long shape[RANK];
  long stride[OPERANDS][RANK];
  long offset[OPERANDS];
  long outer;  // product of all axes but the innermost
  REAL scalar[AT_LEAST_ONE(SCALARS)];
} MapPlan;

#define AT(k) (row[k] + i * INNER##k)

#define WRITE_1 y0[row[INPUTS] + i * INNER_OUT0] = OUT0;
#define WRITE_2 WRITE_1 y1[row[INPUTS + 1] + i * INNER_OUT1] = OUT1;
#define WRITE_3 WRITE_2 y2[row[INPUTS + 2] + i * INNER_OUT2] = OUT2;
#define WRITE_4 WRITE_3 y3[row[INPUTS + 3] + i * INNER_OUT3] = OUT3;

#define RESULTS_1 , __global REAL *y0
#define RESULTS_2 RESULTS_1, __global REAL *y1
#define RESULTS_3 RESULTS_2, __global REAL *y2
#define RESULTS_4 RESULTS_3, __global REAL *y3

__kernel void map(const MapPlan plan INPUT_PARAMETERS JOIN(RESULTS_, OUTPUTS)) {
  READ_SCALARS
  const long first = (long)get_group_id(0) * (get_local_size(0) * ITEMS) + get_local_id(0);
  const long inner = plan.shape[RANK - 1];
  for (long outer = get_global_id(1); outer < plan.outer; outer += get_global_size(1)) {
    long row[OPERANDS];
    for (int k = 0; k < OPERANDS; ++k) row[k] = plan.offset[k];
    INDEX rest = outer;
    for (int axis = RANK - 2; axis >= 0; --axis) {
      const INDEX size = plan.shape[axis], next = axis > 0 ? rest / size : 0;
      const long coordinate = rest - next * size;
      for (int k = 0; k < OPERANDS; ++k) row[k] += coordinate * plan.stride[k][axis];
      rest = next;
    }
    for (int t = 0; t < ITEMS; ++t) {
      const long i = first + t * (long)get_local_size(0);
      if (i < inner) {
        READ_INPUTS
        BODY JOIN(WRITE_, OUTPUTS)
      }
    }
  }
}
