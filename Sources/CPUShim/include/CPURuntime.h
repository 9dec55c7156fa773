// Threads, pages, and moving elements about.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: Worker pool (worker_pool.c)

typedef struct cpu_pool cpu_pool;
/// Runs one tile; `worker` is below the pool's thread count and unique among tiles that run at one time.
typedef void (*cpu_tile_function)(void *context, int64_t tile, int64_t worker);

/// How many threads this process may run at once.
int64_t cpu_available_threads(void);
/// A pool of `threads` threads, the caller of `cpu_pool_run` counted as one of them.
cpu_pool *cpu_pool_create(int64_t threads);
void cpu_pool_destroy(cpu_pool *pool);
/// Runs tiles 0 ..< count and returns when all are done. When the pool is busy with another caller's
/// tiles, or the caller is itself a tile, the caller runs them all.
void cpu_pool_run(cpu_pool *pool, int64_t count, cpu_tile_function function, void *context);

// MARK: System (system.c)

/// Fresh pages from the system, or NULL.
void *cpu_map_pages(int64_t bytes);
void cpu_unmap_pages(void *pages, int64_t bytes);
int64_t cpu_physical_memory(void);
/// A monotonic clock in nanoseconds.
uint64_t cpu_now(void);

// MARK: Copies (copy.c)

/// Element types, numbered as Compute.ElementType.
enum cpu_type { CPU_F32, CPU_F64, CPU_I32, CPU_I64, CPU_U8, CPU_BF16 };

enum { CPU_AXES = 8, CPU_TILE = 32768 };

/// A loop nest: outer axes, rows and columns, cut into tiles of about CPU_TILE elements.
typedef struct {
  int32_t outer_rank;
  int64_t outer[CPU_AXES];
  int64_t rows, columns;
  int64_t tile_outer, tile_rows, tile_columns;
} cpu_space;

/// One operand of a nest: its first element and its strides.
typedef struct {
  void *base;
  int32_t type;
  int64_t outer[CPU_AXES];
  int64_t row, column;
} cpu_operand;

/// Chooses the tile sizes (tile_rows a multiple of `row_step` where it can be) and returns the number of
/// tiles.
int64_t cpu_space_plan(cpu_space *space, int64_t row_step);
/// One tile of destination = source; types may differ.
void cpu_copy_tile(const cpu_space *space, const cpu_operand *source, const cpu_operand *destination,
                   int64_t tile);
/// One tile of destination = value, rounded to the destination's type.
void cpu_fill_tile(const cpu_space *space, const cpu_operand *destination, double value, int64_t tile);

// MARK: Random words (random.c)

/// Words `first ..< first + count` of Philox4x32-10 under (seed, offset); `first` is a multiple of 4.
void cpu_philox(uint64_t seed, uint64_t offset, int64_t first, int64_t count, uint32_t *words);
/// The same words compared: `scale` where the word is below `threshold`, else 0.
void cpu_philox_mask_float(uint64_t seed, uint64_t offset, int64_t first, int64_t count, uint64_t threshold,
                           double scale, float *mask);
void cpu_philox_mask_double(uint64_t seed, uint64_t offset, int64_t first, int64_t count, uint64_t threshold,
                            double scale, double *mask);
