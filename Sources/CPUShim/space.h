// Walking over the tiles of a cpu_space.
#pragma once

#include "CPURuntime.h"
#include "kernel.h"

/// The index ranges of one tile.
typedef struct {
  int64_t outer_begin, outer_end, row_begin, row_end, column_begin, column_end;
} tile_range;

CPU_INLINE int64_t pieces(int64_t count, int64_t size) { return (count + size - 1) / size; }

CPU_INLINE int64_t outer_count(const cpu_space *space) {
  int64_t count = 1;
  for (int axis = 0; axis < space->outer_rank; ++axis) count *= space->outer[axis];
  return count;
}

CPU_INLINE tile_range range_of_tile(const cpu_space *space, int64_t tile) {
  const int64_t column_tiles = pieces(space->columns, space->tile_columns);
  const int64_t row_tiles = pieces(space->rows, space->tile_rows);
  const int64_t outer = tile / (column_tiles * row_tiles) * space->tile_outer;
  const int64_t row = tile / column_tiles % row_tiles * space->tile_rows;
  const int64_t column = tile % column_tiles * space->tile_columns;
  return (tile_range){outer,  CPU_MIN(outer + space->tile_outer, outer_count(space)),
                      row,    CPU_MIN(row + space->tile_rows, space->rows),
                      column, CPU_MIN(column + space->tile_columns, space->columns)};
}

/// Where the index-th combination of outer axes begins in an operand.
CPU_INLINE int64_t outer_offset(int rank, const int64_t *sizes, const int64_t *strides, int64_t index) {
  int64_t offset = 0;
  for (int axis = rank - 1; axis >= 0; --axis) {
    offset += index % sizes[axis] * strides[axis];
    index /= sizes[axis];
  }
  return offset;
}
