// reduce.c: program(inputs) reduced over some axes, block by block, with sums in double.
//
// Three forms cover every set of axes: columns kept (sums over rows), rows kept (sums within a row), nothing
// kept of the two innermost axes. Long reductions are cut into segments whose partial results combine in
// order; the cut depends on the shape alone.
#include <math.h>
#include <string.h>

#include "CPUElementwise.h"
#include "space.h"
#include "vector_math.h"

enum { LANES = 16, MAXIMUM_SEGMENTS = 256 };

CPU_INLINE double start_value(int32_t reduction) {
  return reduction == 0 ? 0 : reduction == 1 ? -INFINITY : INFINITY;
}

/// The larger of two, or NaN when one is.
CPU_INLINE double larger(double a, double b) { return b > a || b != b ? b : a; }
CPU_INLINE double smaller(double a, double b) { return b < a || b != b ? b : a; }

CPU_INLINE double combine(int32_t reduction, double a, double b) {
  return reduction == 0 ? a + b : reduction == 1 ? larger(a, b) : smaller(a, b);
}

int64_t cpu_reduction_plan(cpu_reduction *r, int64_t element_bytes) {
  const int64_t elements = CPU_BLOCK_BYTES / element_bytes;
  r->groups = 1;
  for (int axis = 0; axis < r->kept_rank; ++axis) r->groups *= r->kept[axis];
  int64_t lines = r->rows;
  for (int axis = 0; axis < r->reduced_rank; ++axis) lines *= r->reduced[axis];
  const int64_t column_chunks = pieces(r->columns, elements);
  r->block_columns = pieces(r->columns, column_chunks);
  if (column_chunks > 1) r->block_columns = CPU_MIN((r->block_columns + 15) / 16 * 16, elements);
  r->block_rows = CPU_MAX(CPU_MIN(elements / r->block_columns, r->rows), 1);
  int64_t task_elements;
  if (r->form == CPU_ROWS) {
    r->chunks = pieces(r->rows, r->block_rows);
    r->segments = 1;
    task_elements = r->block_rows * r->columns;
  } else {
    r->chunks = r->form == CPU_COLUMNS ? pieces(r->columns, r->block_columns) : 1;
    r->units = r->form == CPU_COLUMNS ? lines : lines * pieces(r->columns, r->block_columns);
    r->segment_units = CPU_MAX(CPU_TILE / r->block_columns, pieces(r->units, MAXIMUM_SEGMENTS));
    // Whole blocks, so that no segment ends in a sliver.
    r->segment_units = pieces(r->segment_units, r->block_rows) * r->block_rows;
    r->segments = pieces(r->units, r->segment_units);
    task_elements = CPU_MIN(r->segment_units, r->units) * r->block_columns;
  }
  const int64_t tasks = r->groups * r->chunks * r->segments;
  r->tasks_per_tile = CPU_MAX(CPU_TILE / task_elements, 1);
  r->partial_count = r->segments > 1 ? tasks * r->program.output_count * r->block_columns : 0;
  return pieces(tasks, r->tasks_per_tile);
}

#define REAL float
#include "block_body.h"
#include "reduce_body.h"
#undef REAL

#define REAL double
#include "block_body.h"
#include "reduce_body.h"
#undef REAL
