// Rows of a sparse product. Included with REAL defined.

typedef REAL NAME(vector) __attribute__((vector_size(64), aligned(sizeof(REAL))));
enum { NAME(lanes) = 64 / sizeof(REAL) };

/// COUNT vectors of columns of one row, held in registers while the row's entries are added.
#define STRIP(COUNT)                                                                                 \
  do {                                                                                               \
    NAME(vector) sum[COUNT] = {{0}};                                                                 \
    for (int64_t k = begin; k < end; ++k) {                                                          \
      const REAL *from = x + column[k] * x_row + c;                                                  \
      const REAL v = value[k];                                                                       \
      for (int j = 0; j < COUNT; ++j) sum[j] += v * *(const NAME(vector) *)(from + j * NAME(lanes)); \
    }                                                                                                \
    for (int j = 0; j < COUNT; ++j) {                                                                \
      NAME(vector) result = scale * sum[j];                                                          \
      if (addend) result += share * *(const NAME(vector) *)(addend + c + j * NAME(lanes));           \
      *(NAME(vector) *)(to + c + j * NAME(lanes)) = result;                                          \
    }                                                                                                \
    c += COUNT * NAME(lanes);                                                                        \
  } while (0)

CPU_KERNEL void NAME(cpu_spmm)(const int32_t *row_start, const int32_t *column, const REAL *value,
                               int64_t first, int64_t last, int64_t width, double alpha, const REAL *x,
                               int64_t x_row, double beta, const REAL *z, int64_t z_row, REAL *y,
                               int64_t y_row) {
  const REAL scale = (REAL)alpha, share = (REAL)beta;
  for (int64_t r = first; r < last; ++r) {
    const int64_t begin = row_start[r], end = row_start[r + 1];
    const REAL *addend = z ? z + r * z_row : 0;
    REAL *to = y + r * y_row;
    int64_t c = 0;
    while (c + 8 * NAME(lanes) <= width) STRIP(8);
    while (c + 2 * NAME(lanes) <= width) STRIP(2);
    while (c + NAME(lanes) <= width) STRIP(1);
    for (; c < width; ++c) {
      REAL sum = 0;
      for (int64_t k = begin; k < end; ++k) sum += value[k] * x[column[k] * x_row + c];
      to[c] = addend ? scale * sum + share * addend[c] : scale * sum;
    }
  }
}

#undef STRIP
