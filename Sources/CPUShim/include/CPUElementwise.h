// Element-wise programs: map, reduce, arg-reduce.
#pragma once

#include "CPURuntime.h"

enum { CPU_INPUTS = 12, CPU_OUTPUTS = 4, CPU_SLOTS = 256, CPU_BLOCK_BYTES = 2048 };

enum cpu_function {
  CPU_ADD,
  CPU_SUBTRACT,
  CPU_MULTIPLY,
  CPU_DIVIDE,
  CPU_MAXIMUM,
  CPU_MINIMUM,
  CPU_GREATER,
  CPU_NEGATE,
  CPU_ABSOLUTE,
  CPU_SIGN,
  CPU_SQUARE_ROOT,
  CPU_EXPONENTIAL,
  CPU_LOGARITHM,
  CPU_TANH,
  CPU_FLOOR,
  CPU_SELECT
};

/// One step: slot `destination` = function of slots a, b, c.
typedef struct {
  int32_t function, destination, a, b, c;
} cpu_step;

/// A straight-line program over slots, each one block of CPU_BLOCK_BYTES in a worker's scratch memory: inputs
/// first, then constants, then outputs, then registers.
typedef struct {
  const cpu_step *steps;
  const double *constants;
  /// The first `steady_step_count` steps read nothing but constants and inputs that repeat from row to row.
  int32_t step_count, steady_step_count, input_count, constant_count, output_count, slot_count;
  /// The slot that holds each output's value at the end; its own slot where a step writes it in place.
  int32_t result[CPU_OUTPUTS];
} cpu_program;

/// outputs = program(inputs) over one nest.
typedef struct {
  cpu_program program;
  cpu_space space;
  cpu_operand input[CPU_INPUTS], output[CPU_OUTPUTS];
  int64_t block_rows, block_columns;
  /// Bit o: output o is large and not read here, so its stores go past the caches.
  uint32_t streams;
} cpu_map;

/// Chooses blocks and tiles; returns the number of tiles.
int64_t cpu_map_plan(cpu_map *map, int64_t element_bytes);
void cpu_map_tile_float(const cpu_map *map, int64_t tile, void *scratch);
void cpu_map_tile_double(const cpu_map *map, int64_t tile, void *scratch);

/// How a reduction's two innermost axes are used.
enum cpu_reduction_form {
  /// Rows are reduced, columns kept.
  CPU_COLUMNS,
  /// Rows are kept, columns reduced; nothing else is reduced.
  CPU_ROWS,
  /// Both are reduced.
  CPU_ALL
};

/// outputs[kept] = reduction of program(inputs) over the other axes.
///
/// Outer axes are the kept ones followed by the reduced ones. A task is one group of kept outer indices, one
/// chunk of columns (CPU_COLUMNS) or block of rows (CPU_ROWS), and one segment of what is reduced.
typedef struct {
  cpu_program program;
  cpu_operand input[CPU_INPUTS];
  /// Contiguous; `output_outer` strides over the kept outer axes, `output_inner` over kept rows or columns.
  void *output[CPU_OUTPUTS];
  int64_t output_outer[CPU_AXES], output_inner;
  int32_t form, reduction;
  int32_t kept_rank, reduced_rank;
  int64_t kept[CPU_AXES], reduced[CPU_AXES];
  int64_t rows, columns;
  // Chosen by cpu_reduction_plan:
  int64_t block_rows, block_columns, chunks, groups;
  int64_t units, segment_units, segments, tasks_per_tile;
  /// Doubles of partial sums that the caller provides; 0 when there is one segment.
  int64_t partial_count;
  double *partials;
} cpu_reduction;

/// Chooses blocks, segments and tasks; returns the number of tiles.
int64_t cpu_reduction_plan(cpu_reduction *reduction, int64_t element_bytes);
void cpu_reduce_tile_float(const cpu_reduction *reduction, int64_t tile, void *scratch);
void cpu_reduce_tile_double(const cpu_reduction *reduction, int64_t tile, void *scratch);
/// Adds up the partial results in order, once all tiles are done.
void cpu_reduce_combine_float(const cpu_reduction *reduction);
void cpu_reduce_combine_double(const cpu_reduction *reduction);

/// The first index of the greatest (or least) of `count` > 0 elements.
int32_t cpu_arg_reduce_float(const float *x, int64_t count, int64_t stride, bool greatest);
int32_t cpu_arg_reduce_double(const double *x, int64_t count, int64_t stride, bool greatest);
