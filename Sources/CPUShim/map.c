// map.c: a blocked interpreter of element-wise programs.
//
// A block is some hundred elements, rows x columns of the nest; every step of the program runs over it before
// the next block begins, so intermediate values stay in the first-level cache. Where short rows follow each
// other in memory one block holds several of them, and an operand that repeats from row to row is spread out
// once per tile.
#include <string.h>

#include "CPUElementwise.h"
#include "space.h"
#include "vector_math.h"

int64_t cpu_map_plan(cpu_map *map, int64_t element_bytes) {
  const int64_t elements = CPU_BLOCK_BYTES / element_bytes;
  bool is_transposed = false;
  for (int i = 0; i < map->program.input_count; ++i)
    is_transposed |= map->input[i].row == 1 && map->input[i].column > 1;
  for (int o = 0; o < map->program.output_count; ++o)
    is_transposed |= map->output[o].row == 1 && map->output[o].column > 1;
  // A transposed operand is read in squarish panes, so that every line of cache is used whole.
  const int64_t limit = is_transposed ? 32 : elements;
  const int64_t chunks = pieces(map->space.columns, limit);
  map->block_columns = pieces(map->space.columns, chunks);
  if (chunks > 1) map->block_columns = CPU_MIN((map->block_columns + 15) / 16 * 16, limit);
  map->block_rows = CPU_MAX(CPU_MIN(elements / map->block_columns, map->space.rows), 1);
  return cpu_space_plan(&map->space, map->block_rows);
}

/// Makes stores that went past the caches visible to other threads.
CPU_INLINE void finish_streams(void) {
#if defined(__x86_64__)
  __builtin_ia32_sfence();
#endif
}

#define REAL float
#include "block_body.h"
#include "map_body.h"
#undef REAL

#define REAL double
#include "block_body.h"
#include "map_body.h"
#undef REAL
