// One tile of a reduction. Included with REAL defined.

/// Adds (or compares) elements, `stride` apart, to one accumulator each. A NaN stays.
CPU_INLINE void NAME(accumulate_each)(int32_t reduction, double *restrict sum, const REAL *restrict x,
                                      int64_t stride, int64_t count) {
  switch (reduction) {
    case 0:
      for (int64_t i = 0; i < count; ++i) sum[i] += x[i * stride];
      break;
    case 1:
      for (int64_t i = 0; i < count; ++i) sum[i] = larger(sum[i], x[i * stride]);
      break;
    default:
      for (int64_t i = 0; i < count; ++i) sum[i] = smaller(sum[i], x[i * stride]);
  }
}

/// Adds (or compares) all elements to one value, in LANES interleaved partial values.
CPU_INLINE double NAME(accumulate_all)(int32_t reduction, const REAL *x, int64_t count) {
  double lane[LANES];
  for (int j = 0; j < LANES; ++j) lane[j] = start_value(reduction);
  int64_t i = 0;
  for (; i + LANES <= count; i += LANES) NAME(accumulate_each)(reduction, lane, x + i, 1, LANES);
  NAME(accumulate_each)(reduction, lane, x + i, 1, count - i);
  double total = lane[0];
  for (int j = 1; j < LANES; ++j) total = combine(reduction, total, lane[j]);
  return total;
}

/// Offsets of the inputs for one group of kept outer indices.
CPU_INLINE void NAME(group_offsets)(const cpu_reduction *r, int64_t group, int64_t *offset) {
  for (int i = 0; i < r->program.input_count; ++i)
    offset[i] = outer_offset(r->kept_rank, r->kept, r->input[i].outer, group);
}

/// Evaluates the program over one rectangle and leaves its outputs in their result slots.
CPU_INLINE void NAME(evaluate)(NAME(block) * block, const cpu_reduction *r, const int64_t *group,
                               int64_t reduced, int64_t row, int64_t column, int64_t rows, int64_t columns) {
  for (int i = 0; i < r->program.input_count; ++i) {
    const cpu_operand *x = &r->input[i];
    const int64_t outer = r->reduced_rank == 0
                              ? 0
                              : outer_offset(r->reduced_rank, r->reduced, x->outer + r->kept_rank, reduced);
    NAME(block_fetch)(block, i, group[i] + outer + row * x->row + column * x->column, rows, columns);
  }
  NAME(block_run)(block, rows * columns);
}

/// CPU_COLUMNS and CPU_ALL: one segment of one group and chunk of columns.
CPU_INLINE void NAME(reduce_segment)(NAME(block) * block, const cpu_reduction *r, int64_t task) {
  const int64_t segment = task % r->segments, chunk = task / r->segments % r->chunks;
  const int64_t group = task / (r->segments * r->chunks);
  const int outputs = r->program.output_count;
  int64_t offset[CPU_INPUTS];
  NAME(group_offsets)(r, group, offset);
  const bool by_column = r->form == CPU_COLUMNS;
  const int64_t width = by_column ? CPU_MIN(r->block_columns, r->columns - chunk * r->block_columns) : 1;
  double local[CPU_OUTPUTS][NAME(block_elements)];
  for (int o = 0; o < outputs; ++o)
    for (int64_t c = 0; c < width; ++c) local[o][c] = start_value(r->reduction);

  // A unit is one reduced row (CPU_COLUMNS), or one piece of one (CPU_ALL).
  const int64_t pieces_per_row = by_column ? 1 : pieces(r->columns, r->block_columns);
  const int64_t last = CPU_MIN((segment + 1) * r->segment_units, r->units);
  for (int64_t unit = segment * r->segment_units; unit < last;) {
    const int64_t line = unit / pieces_per_row;
    const int64_t reduced = line / r->rows, row = line % r->rows;
    const int64_t column = (by_column ? chunk : unit % pieces_per_row) * r->block_columns;
    const int64_t columns = CPU_MIN(r->block_columns, r->columns - column);
    const int64_t rows = pieces_per_row > 1 ? 1 : CPU_MIN(CPU_MIN(r->block_rows, r->rows - row), last - unit);
    NAME(evaluate)(block, r, offset, reduced, row, column, rows, columns);
    for (int o = 0; o < outputs; ++o) {
      const REAL *value = block->slot[r->program.result[o]];
      if (by_column) {
        for (int64_t k = 0; k < rows; ++k)
          NAME(accumulate_each)(r->reduction, local[o], value + k * columns, 1, columns);
      } else {
        local[o][0] =
            combine(r->reduction, local[o][0], NAME(accumulate_all)(r->reduction, value, rows * columns));
      }
    }
    unit += rows;
  }

  if (r->segments > 1) {
    for (int o = 0; o < outputs; ++o)
      for (int64_t c = 0; c < width; ++c)
        r->partials[(task * outputs + o) * r->block_columns + c] = local[o][c];
    return;
  }
  const int64_t to = outer_offset(r->kept_rank, r->kept, r->output_outer, group) +
                     (by_column ? chunk * r->block_columns * r->output_inner : 0);
  for (int o = 0; o < outputs; ++o)
    for (int64_t c = 0; c < width; ++c) ((REAL *)r->output[o])[to + c * r->output_inner] = (REAL)local[o][c];
}

/// CPU_ROWS: one block of kept rows.
CPU_INLINE void NAME(reduce_rows)(NAME(block) * block, const cpu_reduction *r, int64_t task) {
  const int64_t row = task % r->chunks * r->block_rows, group = task / r->chunks;
  const int64_t rows = CPU_MIN(r->block_rows, r->rows - row);
  const int outputs = r->program.output_count;
  int64_t offset[CPU_INPUTS];
  NAME(group_offsets)(r, group, offset);
  const int64_t to = outer_offset(r->kept_rank, r->kept, r->output_outer, group) + row * r->output_inner;
  double local[CPU_OUTPUTS][NAME(block_elements)];
  for (int o = 0; o < outputs; ++o)
    for (int64_t k = 0; k < rows; ++k) local[o][k] = start_value(r->reduction);
  for (int64_t column = 0; column < r->columns; column += r->block_columns) {
    const int64_t columns = CPU_MIN(r->block_columns, r->columns - column);
    NAME(evaluate)(block, r, offset, 0, row, column, rows, columns);
    for (int o = 0; o < outputs; ++o) {
      const REAL *value = block->slot[r->program.result[o]];
      if (columns < LANES) {
        for (int64_t c = 0; c < columns; ++c)
          NAME(accumulate_each)(r->reduction, local[o], value + c, columns, rows);
      } else {
        for (int64_t k = 0; k < rows; ++k)
          local[o][k] = combine(r->reduction, local[o][k],
                                NAME(accumulate_all)(r->reduction, value + k * columns, columns));
      }
    }
  }
  for (int o = 0; o < outputs; ++o)
    for (int64_t k = 0; k < rows; ++k) ((REAL *)r->output[o])[to + k * r->output_inner] = (REAL)local[o][k];
}

CPU_KERNEL void NAME(cpu_reduce_tile)(const cpu_reduction *r, int64_t tile, void *scratch) {
  NAME(block) block;
  NAME(block_begin)(&block, &r->program, r->input, scratch, r->block_rows);
  const int first_output = r->program.input_count + r->program.constant_count;
  for (int o = 0; o < r->program.output_count; ++o)
    block.slot[first_output + o] = block.scratch + (first_output + o) * NAME(block_elements);
  const int64_t tasks = r->groups * r->chunks * r->segments;
  const int64_t last = CPU_MIN((tile + 1) * r->tasks_per_tile, tasks);
  for (int64_t task = tile * r->tasks_per_tile; task < last; ++task) {
    if (r->form == CPU_ROWS) {
      NAME(reduce_rows)(&block, r, task);
    } else {
      NAME(reduce_segment)(&block, r, task);
    }
  }
}

CPU_KERNEL void NAME(cpu_reduce_combine)(const cpu_reduction *r) {
  const int outputs = r->program.output_count;
  const bool by_column = r->form == CPU_COLUMNS;
  for (int64_t group = 0; group < r->groups; ++group) {
    const int64_t to = outer_offset(r->kept_rank, r->kept, r->output_outer, group);
    for (int64_t chunk = 0; chunk < r->chunks; ++chunk) {
      const int64_t first = chunk * r->block_columns;
      const int64_t width = by_column ? CPU_MIN(r->block_columns, r->columns - first) : 1;
      const int64_t task = (group * r->chunks + chunk) * r->segments;
      for (int o = 0; o < outputs; ++o) {
        double *total = r->partials + (task * outputs + o) * r->block_columns;
        for (int64_t segment = 1; segment < r->segments; ++segment) {
          const double *part = total + segment * outputs * r->block_columns;
          for (int64_t c = 0; c < width; ++c) total[c] = combine(r->reduction, total[c], part[c]);
        }
        for (int64_t c = 0; c < width; ++c)
          ((REAL *)r->output[o])[to + (by_column ? first + c : 0) * r->output_inner] = (REAL)total[c];
      }
    }
  }
}

CPU_KERNEL int32_t NAME(cpu_arg_reduce)(const REAL *x, int64_t count, int64_t stride, bool greatest) {
  int64_t best = 0;
  REAL value = x[0];
  for (int64_t i = 1; i < count; ++i) {
    const REAL next = x[i * stride];
    if (greatest ? next > value : next < value) {
      value = next;
      best = i;
    }
  }
  return (int32_t)best;
}
