// One block of a program: its inputs brought into slots, its steps run. Included with REAL defined.

enum { NAME(block_elements) = CPU_BLOCK_BYTES / sizeof(REAL) };

/// The slots of one worker while it walks over one tile.
typedef struct {
  const cpu_program *program;
  const cpu_operand *input;
  REAL *scratch;
  REAL *slot[CPU_SLOTS];
  /// For inputs that do not change from row to row: the place whose elements the slot already holds.
  const void *held[CPU_INPUTS];
  /// The place that each of these inputs shows, and for how many elements the steady steps have run there.
  const void *shown[CPU_INPUTS];
  int64_t steady_count;
  int64_t block_rows;
} NAME(block);

CPU_INLINE void NAME(block_begin)(NAME(block) * block, const cpu_program *program, const cpu_operand *input,
                                  void *scratch, int64_t block_rows) {
  block->program = program;
  block->input = input;
  block->scratch = scratch;
  block->block_rows = block_rows;
  for (int s = 0; s < program->slot_count; ++s) block->slot[s] = block->scratch + s * NAME(block_elements);
  for (int i = 0; i < program->input_count; ++i) block->held[i] = block->shown[i] = 0;
  block->steady_count = 0;
  for (int k = 0; k < program->constant_count; ++k) {
    REAL *slot = block->slot[program->input_count + k];
    for (int64_t e = 0; e < NAME(block_elements); ++e) slot[e] = (REAL)program->constants[k];
  }
}

/// Copies a strided rectangle, converted to REAL, into a slot.
#define GATHER(T)                                                                                    \
  do {                                                                                               \
    const T *x = (const T *)base + offset;                                                           \
    if (column == 0) {                                                                               \
      for (int64_t r = 0; r < rows; ++r) {                                                           \
        const REAL value = (REAL)x[r * row];                                                         \
        for (int64_t c = 0; c < columns; ++c) slot[r * columns + c] = value;                         \
      }                                                                                              \
    } else if (column == 1) {                                                                        \
      for (int64_t r = 0; r < rows; ++r)                                                             \
        for (int64_t c = 0; c < columns; ++c) slot[r * columns + c] = (REAL)x[r * row + c];          \
    } else if (row == 1) {                                                                           \
      for (int64_t c = 0; c < columns; ++c)                                                          \
        for (int64_t r = 0; r < rows; ++r) slot[r * columns + c] = (REAL)x[c * column + r];          \
    } else {                                                                                         \
      for (int64_t r = 0; r < rows; ++r)                                                             \
        for (int64_t c = 0; c < columns; ++c) slot[r * columns + c] = (REAL)x[r * row + c * column]; \
    }                                                                                                \
  } while (0)

CPU_INLINE void NAME(block_gather)(const void *base, int32_t type, int64_t offset, int64_t row,
                                   int64_t column, int64_t rows, int64_t columns, REAL *restrict slot) {
  switch (type) {
    case CPU_I32:
      GATHER(int32_t);
      break;
    case CPU_I64:
      GATHER(int64_t);
      break;
    case CPU_U8:
      GATHER(uint8_t);
      break;
    default:
      GATHER(REAL);
      break;
  }
}

/// Makes input i's slot show the rectangle that begins `offset` elements into it: in place where its elements
/// lie side by side, else by a copy.
CPU_INLINE void NAME(block_fetch)(NAME(block) * block, int i, int64_t offset, int64_t rows, int64_t columns) {
  const cpu_operand *x = &block->input[i];
  const int64_t bytes = x->type == CPU_U8    ? 1
                        : x->type == CPU_I32 ? 4
                        : x->type == CPU_I64 ? 8
                                             : (int)sizeof(REAL);
  const void *place = (const char *)x->base + offset * bytes;
  if (x->row == 0 && block->shown[i] != place) {
    block->shown[i] = place;
    block->steady_count = 0;
  }
  if (x->type == (sizeof(REAL) == sizeof(float) ? CPU_F32 : CPU_F64) && x->column == 1 &&
      (rows == 1 || x->row == columns)) {
    block->slot[i] = (REAL *)x->base + offset;
    return;
  }
  REAL *slot = block->scratch + i * NAME(block_elements);
  block->slot[i] = slot;
  if (x->row == 0) {
    if (block->held[i] == place) return;
    block->held[i] = place;
    if (x->column == 0) {
      rows = 1;
      columns = NAME(block_elements);
    } else {
      rows = block->block_rows;
    }
  }
  NAME(block_gather)(x->base, x->type, offset, x->row, x->column, rows, columns, slot);
}

/// Copies a slot to a strided rectangle.
CPU_INLINE void NAME(block_store)(const REAL *restrict slot, const cpu_operand *y, int64_t offset,
                                  int64_t rows, int64_t columns) {
  REAL *restrict base = (REAL *)y->base + offset;
  if (y->row == 1 && y->column != 1) {
    for (int64_t c = 0; c < columns; ++c)
      for (int64_t r = 0; r < rows; ++r) base[c * y->column + r] = slot[r * columns + c];
  } else {
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c) base[r * y->row + c * y->column] = slot[r * columns + c];
  }
}

/// A function, so that both values are loaded in any case: a conditional load would keep the loop from being
/// blended.
CPU_INLINE REAL NAME(choose)(REAL condition, REAL yes, REAL no) { return condition != 0 ? yes : no; }

#define LOOP(EXPRESSION)                                   \
  for (int64_t i = 0; i < count; ++i) d[i] = (EXPRESSION); \
  break
#define STEP(EXPRESSION) CPU_INDEPENDENT LOOP(EXPRESSION)
#define FUNCTION(EXPRESSION) NAME(CPU_FUNCTION_LOOP) LOOP(EXPRESSION)

/// Runs the steps over `count` elements; the steady ones only where their values are not there yet.
CPU_INLINE void NAME(block_run)(NAME(block) * block, int64_t count) {
  const cpu_program *program = block->program;
  const bool is_steady = count <= block->steady_count;
  if (!is_steady) block->steady_count = count;
  for (int s = is_steady ? program->steady_step_count : 0; s < program->step_count; ++s) {
    const cpu_step step = program->steps[s];
    REAL *d = block->slot[step.destination];
    const REAL *a = block->slot[step.a], *b = block->slot[step.b], *c = block->slot[step.c];
    switch (step.function) {
      case CPU_ADD:
        STEP(a[i] + b[i]);
      case CPU_SUBTRACT:
        STEP(a[i] - b[i]);
      case CPU_MULTIPLY:
        STEP(a[i] * b[i]);
      case CPU_DIVIDE:
        STEP(a[i] / b[i]);
      // Written so that a NaN in the first operand comes through: relu must not hide one.
      case CPU_MAXIMUM:
        STEP(a[i] < b[i] ? b[i] : a[i]);
      case CPU_MINIMUM:
        STEP(b[i] < a[i] ? b[i] : a[i]);
      case CPU_GREATER:
        STEP(a[i] > b[i] ? (REAL)1 : (REAL)0);
      case CPU_NEGATE:
        STEP(-a[i]);
      case CPU_ABSOLUTE:
        STEP(a[i] < 0 ? -a[i] : a[i] + 0);
      case CPU_SIGN:
        STEP((REAL)(a[i] > 0) - (REAL)(a[i] < 0));
      case CPU_SQUARE_ROOT:
        STEP(real_sqrt(a[i]));
      case CPU_EXPONENTIAL:
        FUNCTION(NAME(real_exp)(a[i]));
      case CPU_LOGARITHM:
        FUNCTION(NAME(real_log)(a[i]));
      case CPU_TANH:
        FUNCTION(NAME(real_tanh)(a[i]));
      case CPU_FLOOR:
        LOOP(real_floor(a[i]));
      case CPU_SELECT:
        STEP(NAME(choose)(a[i], b[i], c[i]));
      default:
        break;
    }
  }
}

#undef FUNCTION
#undef STEP
#undef LOOP
#undef GATHER
