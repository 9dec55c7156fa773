// A blocked matrix product with packed panels. Included with REAL defined.
//
// Panels of b (DEPTH x WIDTH) and of a (HEIGHT x DEPTH) are packed so that the innermost loop, MR rows times
// one vector of columns held in registers, reads both in order.

typedef REAL NAME(vector) __attribute__((vector_size(64), aligned(sizeof(REAL))));
enum { NAME(lanes) = 64 / sizeof(REAL) };

CPU_INLINE void NAME(pack_a)(const REAL *a, int64_t row, int64_t column, int64_t rows, int64_t depth,
                             REAL alpha, REAL *panel) {
  for (int64_t i0 = 0; i0 < rows; i0 += MR)
    for (int64_t p = 0; p < depth; ++p)
      for (int64_t i = i0; i < i0 + MR; ++i) *panel++ = i < rows ? alpha * a[i * row + p * column] : 0;
}

CPU_INLINE void NAME(pack_b)(const REAL *b, int64_t row, int64_t column, int64_t depth, int64_t columns,
                             REAL *panel) {
  for (int64_t j0 = 0; j0 < columns; j0 += NAME(lanes))
    for (int64_t p = 0; p < depth; ++p)
      for (int64_t j = j0; j < j0 + NAME(lanes); ++j) *panel++ = j < columns ? b[p * row + j * column] : 0;
}

/// c[0 ..< rows, 0 ..< columns] += one strip of a times one strip of b.
CPU_INLINE void NAME(multiply_strip)(const REAL *a, const REAL *b, int64_t depth, REAL *c, int64_t ldc,
                                     int64_t rows, int64_t columns) {
  NAME(vector) sum[MR] = {{0}};
  for (int64_t p = 0; p < depth; ++p) {
    const NAME(vector) line = *(const NAME(vector) *)(b + p * NAME(lanes));
    for (int i = 0; i < MR; ++i) sum[i] += a[p * MR + i] * line;
  }
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) c[i * ldc + j] += sum[i][j];
}

CPU_KERNEL static void NAME(plain_gemm)(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k,
                                        REAL alpha, const REAL *a, int64_t lda, const REAL *b, int64_t ldb,
                                        REAL beta, REAL *c, int64_t ldc, REAL *scratch) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) c[i * ldc + j] = beta == 0 ? 0 : beta * c[i * ldc + j];
  const int64_t a_row = transpose_a ? 1 : lda, a_column = transpose_a ? lda : 1;
  const int64_t b_row = transpose_b ? 1 : ldb, b_column = transpose_b ? ldb : 1;
  REAL *panel_a = scratch, *panel_b = scratch + HEIGHT * DEPTH;
  for (int64_t j0 = 0; j0 < n; j0 += WIDTH) {
    const int64_t columns = CPU_MIN(n - j0, (int64_t)WIDTH);
    for (int64_t p0 = 0; p0 < k; p0 += DEPTH) {
      const int64_t depth = CPU_MIN(k - p0, (int64_t)DEPTH);
      NAME(pack_b)(b + p0 * b_row + j0 * b_column, b_row, b_column, depth, columns, panel_b);
      for (int64_t i0 = 0; i0 < m; i0 += HEIGHT) {
        const int64_t rows = CPU_MIN(m - i0, (int64_t)HEIGHT);
        NAME(pack_a)(a + i0 * a_row + p0 * a_column, a_row, a_column, rows, depth, alpha, panel_a);
        for (int64_t j = 0; j < columns; j += NAME(lanes))
          for (int64_t i = 0; i < rows; i += MR) NAME(multiply_strip)
        (panel_a + i * depth, panel_b + j * depth, depth, c + (i0 + i) * ldc + j0 + j, ldc,
         CPU_MIN(rows - i, (int64_t)MR), CPU_MIN(columns - j, (int64_t)NAME(lanes)));
      }
    }
  }
}

CPU_KERNEL void NAME(cpu_epilogue)(REAL *c, int64_t ldc, int64_t m, int64_t n, const REAL *per_column,
                                   const REAL *per_row, bool relu) {
  for (int64_t i = 0; i < m; ++i) {
    REAL *row = c + i * ldc;
    if (per_column)
      for (int64_t j = 0; j < n; ++j) row[j] += per_column[j];
    if (per_row)
      for (int64_t j = 0; j < n; ++j) row[j] += per_row[i];
    if (relu)
      for (int64_t j = 0; j < n; ++j) row[j] = row[j] < 0 ? 0 : row[j];
  }
}

CPU_KERNEL void NAME(cpu_add_partials)(const REAL *partials, int64_t count, int64_t partial_size, int64_t m,
                                       int64_t n, double beta, REAL *c, int64_t ldc) {
  enum { CHUNK = 256 };
  double sum[CHUNK];
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j0 = 0; j0 < n; j0 += CHUNK) {
      const int64_t columns = CPU_MIN(n - j0, (int64_t)CHUNK);
      REAL *row = c + i * ldc + j0;
      for (int64_t j = 0; j < columns; ++j) sum[j] = beta == 0 ? 0 : beta * row[j];
      for (int64_t part = 0; part < count; ++part) {
        const REAL *x = partials + part * partial_size + i * n + j0;
        for (int64_t j = 0; j < columns; ++j) sum[j] += x[j];
      }
      for (int64_t j = 0; j < columns; ++j) row[j] = (REAL)sum[j];
    }
}
