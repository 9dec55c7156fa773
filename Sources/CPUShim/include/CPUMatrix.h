// Matrices: products, sparse products, moments, rows.
#pragma once

#include "CPURuntime.h"

// MARK: gemm (gemm.c)

/// "oneDNN 2.6.3", or NULL when the library was built without it.
const char *cpu_gemm_library(void);
/// Bytes of scratch that a call of cpu_gemm_float or _double needs.
int64_t cpu_gemm_scratch(bool is_double);
/// c = alpha op(a) op(b) + beta c, row-major, on the calling thread alone.
void cpu_gemm_float(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha,
                    const float *a, int64_t lda, const float *b, int64_t ldb, double beta, float *c,
                    int64_t ldc, void *scratch);
void cpu_gemm_double(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha,
                     const double *a, int64_t lda, const double *b, int64_t ldb, double beta, double *c,
                     int64_t ldc, void *scratch);
/// c = activation(c + bias); either bias may be NULL.
void cpu_epilogue_float(float *c, int64_t ldc, int64_t m, int64_t n, const float *per_column,
                        const float *per_row, bool relu);
void cpu_epilogue_double(double *c, int64_t ldc, int64_t m, int64_t n, const double *per_column,
                         const double *per_row, bool relu);
/// c = beta c + partial[0] + partial[1] + ..., added in order in double: m rows of n elements without gaps,
/// of partials that begin `partial_size` elements apart.
void cpu_add_partials_float(const float *partials, int64_t count, int64_t partial_size, int64_t m, int64_t n,
                            double beta, float *c, int64_t ldc);
void cpu_add_partials_double(const double *partials, int64_t count, int64_t partial_size, int64_t m,
                             int64_t n, double beta, double *c, int64_t ldc);

// MARK: spmm (spmm.c)

/// y = alpha A x + beta z for rows `first ..< last` of one matrix of the batch; z may be NULL.
void cpu_spmm_float(const int32_t *row_start, const int32_t *column, const float *value, int64_t first,
                    int64_t last, int64_t width, double alpha, const float *x, int64_t x_row, double beta,
                    const float *z, int64_t z_row, float *y, int64_t y_row);
void cpu_spmm_double(const int32_t *row_start, const int32_t *column, const double *value, int64_t first,
                     int64_t last, int64_t width, double alpha, const double *x, int64_t x_row, double beta,
                     const double *z, int64_t z_row, double *y, int64_t y_row);

// MARK: moments (moments.c)

/// Weight, mean and sum of squared distances of rows of `columns` elements, one set per column.
typedef struct {
  double weight;
  double *mean, *squares;
} cpu_moments;

/// The moments of `rows` rows; `weights` may be NULL.
void cpu_moments_float(const float *x, int64_t row_stride, const float *weights, int64_t rows,
                       int64_t columns, cpu_moments *result);
void cpu_moments_double(const double *x, int64_t row_stride, const double *weights, int64_t rows,
                        int64_t columns, cpu_moments *result);
/// Adds `part` to `total` (Chan, Golub and LeVeque, 1979).
void cpu_moments_merge(cpu_moments *total, const cpu_moments *part, int64_t columns);

// MARK: Rows (rows.c)

/// y[k] = x[rows[k]] for k in `first ..< last`; rows of `row_bytes` bytes, strides in bytes.
void cpu_gather_rows(const char *x, int64_t x_row, const int32_t *rows, int64_t first, int64_t last,
                     int64_t row_bytes, char *y, int64_t y_row);
/// y[r] = beta y[r] + x[p] for each p in positions[start[r] ..< start[r + 1]], for r in `first ..< last`.
void cpu_scatter_rows_float(const float *x, int64_t x_row, const int32_t *start, const int32_t *positions,
                            int64_t first, int64_t last, int64_t width, double beta, float *y, int64_t y_row);
void cpu_scatter_rows_double(const double *x, int64_t x_row, const int32_t *start, const int32_t *positions,
                             int64_t first, int64_t last, int64_t width, double beta, double *y,
                             int64_t y_row);
