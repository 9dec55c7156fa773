// rows.c: gathering rows, and adding rows up by destination.
#include <string.h>

#include "CPUMatrix.h"
#include "kernel.h"

void cpu_gather_rows(const char *x, int64_t x_row, const int32_t *rows, int64_t first, int64_t last,
                     int64_t row_bytes, char *y, int64_t y_row) {
  for (int64_t k = first; k < last; ++k) memcpy(y + k * y_row, x + rows[k] * x_row, (size_t)row_bytes);
}

#define DEFINE_SCATTER(REAL, STEM)                                                                        \
  CPU_KERNEL void STEM(const REAL *x, int64_t x_row, const int32_t *start, const int32_t *positions,      \
                       int64_t first, int64_t last, int64_t width, double beta, REAL *y, int64_t y_row) { \
    for (int64_t r = first; r < last; ++r) {                                                              \
      REAL *restrict to = y + r * y_row;                                                                  \
      int64_t p = start[r];                                                                               \
      if (beta != 0) {                                                                                    \
        for (int64_t c = 0; c < width; ++c) to[c] *= (REAL)beta;                                          \
      } else if (p < start[r + 1]) {                                                                      \
        memcpy(to, x + positions[p++] * x_row, (size_t)width * sizeof(REAL));                             \
      } else {                                                                                            \
        memset(to, 0, (size_t)width * sizeof(REAL));                                                      \
      }                                                                                                   \
      for (; p < start[r + 1]; ++p) {                                                                     \
        const REAL *restrict from = x + positions[p] * x_row;                                             \
        for (int64_t c = 0; c < width; ++c) to[c] += from[c];                                             \
      }                                                                                                   \
    }                                                                                                     \
  }
DEFINE_SCATTER(float, cpu_scatter_rows_float)
DEFINE_SCATTER(double, cpu_scatter_rows_double)
