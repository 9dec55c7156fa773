// One tile of a map. Included with REAL defined.

/// Copies a slot to memory past the caches: a line that is written whole need not be read first.
CPU_INLINE void NAME(stream)(const REAL *slot, REAL *to, int64_t count) {
  int64_t i = 0;
#if defined(__clang__)
  typedef REAL line __attribute__((vector_size(64)));
  enum { LANES = sizeof(line) / sizeof(REAL) };
  if ((uintptr_t)to % sizeof(line) == 0)
    for (; i + LANES <= count; i += LANES)
      __builtin_nontemporal_store(*(const line *)(slot + i), (line *)(to + i));
#endif
  for (; i < count; ++i) to[i] = slot[i];
}

CPU_KERNEL void NAME(cpu_map_tile)(const cpu_map *map, int64_t tile, void *scratch) {
  const cpu_program *program = &map->program;
  const cpu_space *space = &map->space;
  const tile_range range = range_of_tile(space, tile);
  const int first_output = program->input_count + program->constant_count;
  NAME(block) block;
  NAME(block_begin)(&block, program, map->input, scratch, map->block_rows);
  int64_t from[CPU_INPUTS], to[CPU_OUTPUTS];
  for (int64_t outer = range.outer_begin; outer < range.outer_end; ++outer) {
    for (int i = 0; i < program->input_count; ++i)
      from[i] = outer_offset(space->outer_rank, space->outer, map->input[i].outer, outer);
    for (int o = 0; o < program->output_count; ++o)
      to[o] = outer_offset(space->outer_rank, space->outer, map->output[o].outer, outer);
    for (int64_t column = range.column_begin; column < range.column_end; column += map->block_columns) {
      const int64_t columns = CPU_MIN(map->block_columns, range.column_end - column);
      for (int64_t row = range.row_begin; row < range.row_end; row += map->block_rows) {
        const int64_t rows = CPU_MIN(map->block_rows, range.row_end - row);
        for (int i = 0; i < program->input_count; ++i) NAME(block_fetch)
        (&block, i, from[i] + row * map->input[i].row + column * map->input[i].column, rows, columns);
        int64_t place[CPU_OUTPUTS];
        bool in_place[CPU_OUTPUTS];
        for (int o = 0; o < program->output_count; ++o) {
          const cpu_operand *y = &map->output[o];
          place[o] = to[o] + row * y->row + column * y->column;
          in_place[o] = y->column == 1 && (rows == 1 || y->row == columns);
          const bool direct = in_place[o] && !(map->streams >> o & 1);
          block.slot[first_output + o] =
              direct ? (REAL *)y->base + place[o] : block.scratch + (first_output + o) * NAME(block_elements);
        }
        NAME(block_run)(&block, rows * columns);
        for (int o = 0; o < program->output_count; ++o)
          if (in_place[o] && map->streams >> o & 1) NAME(stream)
        (block.slot[program->result[o]], (REAL *)map->output[o].base + place[o], rows * columns);
        else if (!in_place[o] || program->result[o] != first_output + o)
            NAME(block_store)(block.slot[program->result[o]], &map->output[o], place[o], rows, columns);
      }
    }
  }
  if (map->streams) finish_streams();
}
