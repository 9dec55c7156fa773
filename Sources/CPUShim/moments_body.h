// Mean and squared distances of one block of rows. Included with REAL defined.

/// Two passes: the block is small enough to be read from cache the second time.
CPU_KERNEL void NAME(cpu_moments)(const REAL *x, int64_t row_stride, const REAL *weights, int64_t rows,
                                  int64_t columns, cpu_moments *result) {
  double *restrict mean = result->mean, *restrict squares = result->squares;
  double total = 0;
  for (int64_t c = 0; c < columns; ++c) mean[c] = squares[c] = 0;
  for (int64_t r = 0; r < rows; ++r) {
    const REAL *row = x + r * row_stride;
    const double w = weights ? weights[r] : 1;
    total += w;
    for (int64_t c = 0; c < columns; ++c) mean[c] += w * row[c];
  }
  result->weight = total;
  if (total == 0) return;
  for (int64_t c = 0; c < columns; ++c) mean[c] /= total;
  for (int64_t r = 0; r < rows; ++r) {
    const REAL *row = x + r * row_stride;
    const double w = weights ? weights[r] : 1;
    for (int64_t c = 0; c < columns; ++c) {
      const double distance = row[c] - mean[c];
      squares[c] += w * distance * distance;
    }
  }
}
