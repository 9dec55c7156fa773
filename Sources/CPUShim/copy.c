// copy.c: moving, converting and filling elements of strided views.
#include <string.h>

#include "space.h"

static const int64_t type_bytes[] = {4, 8, 4, 8, 1, 2};

int64_t cpu_space_plan(cpu_space *space, int64_t row_step) {
  space->tile_columns = CPU_MIN(space->columns, CPU_TILE);
  int64_t rows = CPU_MAX(CPU_TILE / space->tile_columns, 1);
  if (rows > row_step) rows -= rows % row_step;
  space->tile_rows = CPU_MIN(rows, space->rows);
  space->tile_outer = CPU_MAX(CPU_TILE / (space->tile_columns * space->tile_rows), 1);
  return pieces(outer_count(space), space->tile_outer) * pieces(space->rows, space->tile_rows) *
         pieces(space->columns, space->tile_columns);
}

// MARK: Same type

// A pane of 16 x 16 elements at a time, so that a transpose uses every line of cache that it touches.
#define DEFINE_MOVE(T, STEM)                                                                             \
  static void STEM(const T *source, int64_t source_row, int64_t source_column, T *destination,           \
                   int64_t destination_row, int64_t destination_column, int64_t rows, int64_t columns) { \
    enum { PANE = 16 };                                                                                  \
    for (int64_t r0 = 0; r0 < rows; r0 += PANE)                                                          \
      for (int64_t c0 = 0; c0 < columns; c0 += PANE)                                                     \
        for (int64_t r = r0; r < CPU_MIN(r0 + PANE, rows); ++r)                                          \
          for (int64_t c = c0; c < CPU_MIN(c0 + PANE, columns); ++c)                                     \
            destination[r * destination_row + c * destination_column] =                                  \
                source[r * source_row + c * source_column];                                              \
  }
DEFINE_MOVE(uint8_t, move_1)
DEFINE_MOVE(uint16_t, move_2)
DEFINE_MOVE(uint32_t, move_4)
DEFINE_MOVE(uint64_t, move_8)

static void move_plane(const char *source, const cpu_operand *from, char *destination, const cpu_operand *to,
                       int64_t rows, int64_t columns) {
  const int64_t bytes = type_bytes[from->type];
  if (from->column == 1 && to->column == 1) {
    if (from->row == columns && to->row == columns) {
      memcpy(destination, source, (size_t)(rows * columns * bytes));
      return;
    }
    for (int64_t r = 0; r < rows; ++r)
      memcpy(destination + r * to->row * bytes, source + r * from->row * bytes, (size_t)(columns * bytes));
    return;
  }
  switch (bytes) {
    case 1:
      move_1((const uint8_t *)source, from->row, from->column, (uint8_t *)destination, to->row, to->column,
             rows, columns);
      break;
    case 2:
      move_2((const uint16_t *)source, from->row, from->column, (uint16_t *)destination, to->row, to->column,
             rows, columns);
      break;
    case 4:
      move_4((const uint32_t *)source, from->row, from->column, (uint32_t *)destination, to->row, to->column,
             rows, columns);
      break;
    default:
      move_8((const uint64_t *)source, from->row, from->column, (uint64_t *)destination, to->row, to->column,
             rows, columns);
  }
}

// MARK: Conversion

/// The upper half of a float, rounded to nearest even; a NaN stays one.
static uint16_t bfloat16_from_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (value != value) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// Rounds once: to float towards zero with the lost bits kept in the last one, then to bfloat16.
static uint16_t bfloat16_from_double(double value) {
  float rounded = (float)value;
  if ((double)rounded != value && rounded - rounded == 0) {
    uint32_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    const bool too_far = value < 0 ? (double)rounded < value : (double)rounded > value;
    bits = (bits - too_far) | 1;
    memcpy(&rounded, &bits, sizeof bits);
  }
  return bfloat16_from_float(rounded);
}

static uint16_t bfloat16_from_integer(int64_t value) {
  // Beyond 2^53 the double is rounded; the last bit, forced to one, remembers that.
  double rounded = (double)value;
  const int64_t back = rounded >= 0x1p63 ? INT64_MAX : (int64_t)rounded;
  if (back != value) {
    uint64_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    const bool too_far = value < 0 ? back < value : back > value || rounded >= 0x1p63;
    bits = (bits - too_far) | 1;
    memcpy(&rounded, &bits, sizeof bits);
  }
  return bfloat16_from_double(rounded);
}

static float float_from_bfloat16(uint16_t value) {
  const uint32_t bits = (uint32_t)value << 16;
  float result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

enum { STAGE = 512 };

static bool is_integer(int32_t type) { return type == CPU_I32 || type == CPU_I64 || type == CPU_U8; }

#define LOAD(T) \
  for (int64_t i = 0; i < count; ++i) stage[i] = ((const T *)source)[i * stride]
#define STORE(T) \
  for (int64_t i = 0; i < count; ++i) ((T *)destination)[i * stride] = (T)stage[i]

static void load_integers(const void *source, int32_t type, int64_t stride, int64_t count, int64_t *stage) {
  switch (type) {
    case CPU_I32:
      LOAD(int32_t);
      break;
    case CPU_I64:
      LOAD(int64_t);
      break;
    default:
      LOAD(uint8_t);
      break;
  }
}

static void load_reals(const void *source, int32_t type, int64_t stride, int64_t count, double *stage) {
  switch (type) {
    case CPU_F32:
      LOAD(float);
      break;
    case CPU_F64:
      LOAD(double);
      break;
    default:
      for (int64_t i = 0; i < count; ++i)
        stage[i] = float_from_bfloat16(((const uint16_t *)source)[i * stride]);
  }
}

static void store_integers(const int64_t *stage, void *destination, int32_t type, int64_t stride,
                           int64_t count) {
  switch (type) {
    case CPU_F32:
      STORE(float);
      break;
    case CPU_F64:
      STORE(double);
      break;
    case CPU_I32:
      STORE(int32_t);
      break;
    case CPU_I64:
      STORE(int64_t);
      break;
    case CPU_U8:
      STORE(uint8_t);
      break;
    default:
      for (int64_t i = 0; i < count; ++i)
        ((uint16_t *)destination)[i * stride] = bfloat16_from_integer(stage[i]);
  }
}

static void store_reals(const double *stage, void *destination, int32_t type, int64_t stride, int64_t count) {
  switch (type) {
    case CPU_F32:
      STORE(float);
      break;
    case CPU_F64:
      STORE(double);
      break;
    case CPU_I32:
      STORE(int32_t);
      break;
    case CPU_I64:
      STORE(int64_t);
      break;
    case CPU_U8:
      STORE(uint8_t);
      break;
    default:
      for (int64_t i = 0; i < count; ++i)
        ((uint16_t *)destination)[i * stride] = bfloat16_from_double(stage[i]);
  }
}

static void convert_row(const char *source, int32_t from, int64_t source_stride, char *destination,
                        int32_t to, int64_t destination_stride, int64_t count) {
  union {
    int64_t integers[STAGE];
    double reals[STAGE];
  } stage;
  for (int64_t i = 0; i < count; i += STAGE) {
    const int64_t n = CPU_MIN(count - i, (int64_t)STAGE);
    const void *s = source + i * source_stride * type_bytes[from];
    void *d = destination + i * destination_stride * type_bytes[to];
    if (is_integer(from)) {
      load_integers(s, from, source_stride, n, stage.integers);
      store_integers(stage.integers, d, to, destination_stride, n);
    } else {
      load_reals(s, from, source_stride, n, stage.reals);
      store_reals(stage.reals, d, to, destination_stride, n);
    }
  }
}

void cpu_copy_tile(const cpu_space *space, const cpu_operand *source, const cpu_operand *destination,
                   int64_t tile) {
  const tile_range range = range_of_tile(space, tile);
  const int64_t rows = range.row_end - range.row_begin, columns = range.column_end - range.column_begin;
  for (int64_t outer = range.outer_begin; outer < range.outer_end; ++outer) {
    const int64_t from = outer_offset(space->outer_rank, space->outer, source->outer, outer) +
                         range.row_begin * source->row + range.column_begin * source->column;
    const int64_t to = outer_offset(space->outer_rank, space->outer, destination->outer, outer) +
                       range.row_begin * destination->row + range.column_begin * destination->column;
    const char *s = (const char *)source->base + from * type_bytes[source->type];
    char *d = (char *)destination->base + to * type_bytes[destination->type];
    if (source->type == destination->type) {
      move_plane(s, source, d, destination, rows, columns);
      continue;
    }
    for (int64_t r = 0; r < rows; ++r)
      convert_row(s + r * source->row * type_bytes[source->type], source->type, source->column,
                  d + r * destination->row * type_bytes[destination->type], destination->type,
                  destination->column, columns);
  }
}

// MARK: Fill

#define DEFINE_FILL(T, STEM)                                                                              \
  static void STEM(T *destination, int64_t row, int64_t column, int64_t rows, int64_t columns, T value) { \
    for (int64_t r = 0; r < rows; ++r) {                                                                  \
      T *line = destination + r * row;                                                                    \
      if (column == 1) {                                                                                  \
        for (int64_t c = 0; c < columns; ++c) line[c] = value;                                            \
      } else {                                                                                            \
        for (int64_t c = 0; c < columns; ++c) line[c * column] = value;                                   \
      }                                                                                                   \
    }                                                                                                     \
  }
DEFINE_FILL(uint8_t, fill_1)
DEFINE_FILL(uint16_t, fill_2)
DEFINE_FILL(uint32_t, fill_4)
DEFINE_FILL(uint64_t, fill_8)

void cpu_fill_tile(const cpu_space *space, const cpu_operand *destination, double value, int64_t tile) {
  union {
    uint8_t one;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
  } pattern;
  convert_row((const char *)&value, CPU_F64, 1, (char *)&pattern, destination->type, 1, 1);
  const tile_range range = range_of_tile(space, tile);
  const int64_t rows = range.row_end - range.row_begin, columns = range.column_end - range.column_begin;
  const int64_t row = destination->row, column = destination->column;
  for (int64_t outer = range.outer_begin; outer < range.outer_end; ++outer) {
    const int64_t to = outer_offset(space->outer_rank, space->outer, destination->outer, outer) +
                       range.row_begin * row + range.column_begin * column;
    switch (type_bytes[destination->type]) {
      case 1:
        fill_1((uint8_t *)destination->base + to, row, column, rows, columns, pattern.one);
        break;
      case 2:
        fill_2((uint16_t *)destination->base + to, row, column, rows, columns, pattern.two);
        break;
      case 4:
        fill_4((uint32_t *)destination->base + to, row, column, rows, columns, pattern.four);
        break;
      default:
        fill_8((uint64_t *)destination->base + to, row, column, rows, columns, pattern.eight);
    }
  }
}
