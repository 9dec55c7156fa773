// Passes over rows of a Gibbs kernel. Included with REAL, STORED (how a value is stored), WIDEN, NARROW and
// LOAD_STORED (from and to it, one value or one vector) defined.

#define LANES NAME(lanes)
#define LOAD(from) (*(const NAME(vector) *)(from))

/// sum[r] = sum over j of kernel[r, j] x[j], for `height` <= 4 rows.
CPU_INLINE void KERNEL_NAME(sum_rows)(const STORED *kernel, int64_t kernel_row, int height, int64_t columns,
                                      const REAL *x, REAL *sum) {
  NAME(vector) total[4] = {{0}};
  int64_t j = 0;
  for (; j + LANES <= columns; j += LANES)
    for (int r = 0; r < height; ++r) total[r] += LOAD_STORED(kernel + r * kernel_row + j) * LOAD(x + j);
  for (int r = 0; r < height; ++r) {
    sum[r] = 0;
    for (int lane = 0; lane < LANES; ++lane) sum[r] += total[r][lane];
    for (int64_t k = j; k < columns; ++k) sum[r] += WIDEN(kernel[r * kernel_row + k]) * x[k];
  }
}

/// sums[j] += sum over r of weights[r] kernel[r, j], for `height` <= 4 rows.
CPU_INLINE void KERNEL_NAME(add_rows)(const STORED *restrict kernel, int64_t kernel_row, int height,
                                      int64_t columns, const REAL *weights, REAL *restrict sums) {
  REAL weight[4];
  for (int r = 0; r < height; ++r) weight[r] = weights[r];
  CPU_INDEPENDENT
  for (int64_t j = 0; j < columns; ++j) {
    REAL sum = sums[j];
    for (int r = 0; r < height; ++r) sum += weight[r] * WIDEN(kernel[r * kernel_row + j]);
    sums[j] = sum;
  }
}

CPU_INLINE REAL KERNEL_NAME(greatest)(const REAL *x, int64_t count) {
  REAL peak = -INFINITY;
  int64_t j = 0;
  if (count >= LANES) {
    NAME(vector) peaks = LOAD(x);
    for (j = LANES; j + LANES <= count; j += LANES) {
      const NAME(vector) next = LOAD(x + j);
      peaks = CPU_SELECT(NAME(vector), next > peaks, next, peaks);
    }
    for (int lane = 0; lane < LANES; ++lane) peak = CPU_MAX(peak, peaks[lane]);
  }
  for (; j < count; ++j) peak = CPU_MAX(peak, x[j]);
  return peak;
}

CPU_KERNEL void KERNEL_NAME(cpu_gibbs_kernel)(const REAL *similarity, int64_t similarity_row, int64_t rows,
                                              int64_t columns, double temperature, STORED *kernel,
                                              int64_t kernel_row, REAL *row_scale, const REAL *weights,
                                              REAL *sums) {
  enum { WIDTH = 512 };
  REAL stage[WIDTH];
  const REAL slope = (REAL)(1 / temperature);
  if (sums) memset(sums, 0, (size_t)columns * sizeof(REAL));
  for (int64_t i = 0; i < rows; ++i) {
    const REAL *from = similarity + i * similarity_row;
    STORED *to = kernel + i * kernel_row;
    const REAL peak = row_scale ? KERNEL_NAME(greatest)(from, columns) : 1;
    if (row_scale) row_scale[i] = NAME(real_exp)((peak - 1) * slope);
    const REAL weight = sums ? weights[i] * (row_scale ? row_scale[i] : 1) : 0;
    // The stage lies between source and destination, which may be one row.
    for (int64_t first = 0; first < columns; first += WIDTH) {
      const int64_t width = CPU_MIN(columns - first, (int64_t)WIDTH);
      NAME(CPU_FUNCTION_LOOP)
      for (int64_t j = 0; j < width; ++j) stage[j] = NAME(real_exp)((from[first + j] - peak) * slope);
      for (int64_t j = 0; j < width; ++j) {
        const STORED stored = NARROW(stage[j]);
        to[first + j] = stored;
        stage[j] = WIDEN(stored);
      }
      if (!sums) continue;
      REAL *restrict sum = sums + first;
      for (int64_t j = 0; j < width; ++j) sum[j] += weight * stage[j];
    }
  }
}

CPU_INLINE void KERNEL_NAME(alternate_rows)(const STORED *kernel, int64_t kernel_row, int height,
                                            int64_t columns, const REAL *row_scale, const REAL *x,
                                            REAL marginal, REAL constant, const REAL *scaling, REAL *result,
                                            REAL *sums) {
  REAL sum[4], weights[4];
  KERNEL_NAME(sum_rows)(kernel, kernel_row, height, columns, x, sum);
  for (int r = 0; r < height; ++r) {
    const REAL scale = row_scale ? row_scale[r] : 1;
    const REAL s = scale * sum[r];
    result[r] = scaling ? -(s * scaling[r] * (scaling[r] / marginal)) : marginal / (s + constant);
    weights[r] = result[r] * scale;
  }
  KERNEL_NAME(add_rows)(kernel, kernel_row, height, columns, weights, sums);
}

CPU_KERNEL void KERNEL_NAME(cpu_alternate)(const STORED *kernel, int64_t kernel_row, int64_t rows,
                                           int64_t columns, const REAL *row_scale, const REAL *x,
                                           double marginal, double constant, const REAL *scaling,
                                           REAL *result, REAL *sums) {
  memset(sums, 0, (size_t)columns * sizeof(REAL));
  int64_t i = 0;
#define ALTERNATE(height)                                                                                \
  KERNEL_NAME(alternate_rows)                                                                            \
  (kernel + i * kernel_row, kernel_row, height, columns, row_scale ? row_scale + i : 0, x, (REAL)marginal, \
   (REAL)constant, scaling ? scaling + i : 0, result + i, sums)
  for (; i + 4 <= rows; i += 4) ALTERNATE(4);
  for (; i < rows; ++i) ALTERNATE(1);
#undef ALTERNATE
}

CPU_INLINE void KERNEL_NAME(project_rows)(const STORED *kernel, int64_t kernel_row, int height,
                                          int64_t columns, const REAL *planes, REAL *warped,
                                          int64_t warped_row, REAL *mass, int32_t *match) {
  NAME(vector) total[2][4] = {{{0}}};
  NAME(best) best[2];
  NAME(indices) current;
  for (int r = 0; r < height; ++r) NAME(start_best)(&best[r], -INFINITY);
  for (int lane = 0; lane < LANES; ++lane) current[lane] = lane;
  int64_t j = 0;
  for (; j + LANES <= columns; j += LANES, current += LANES)
    for (int r = 0; r < height; ++r) {
      const NAME(vector) value = LOAD_STORED(kernel + r * kernel_row + j);
      const NAME(vector) share = value * LOAD(planes + j);
      total[r][0] += share;
      for (int c = 1; c < 4; ++c) total[r][c] += value * LOAD(planes + c * columns + j);
      CPU_UPDATE_BEST(best[r], share > best[r].value, share, current);
    }
  for (int r = 0; r < height; ++r) {
    REAL sum[4] = {0}, peak = -INFINITY;
    int64_t place = 0;
    for (int lane = 0; lane < LANES; ++lane) {
      for (int c = 0; c < 4; ++c) sum[c] += total[r][c][lane];
      const REAL value = best[r].value[lane];
      if (value > peak || (value == peak && best[r].place[lane] < place)) {
        peak = value;
        place = best[r].place[lane];
      }
    }
    for (int64_t k = j; k < columns; ++k) {
      const REAL value = WIDEN(kernel[r * kernel_row + k]), share = value * planes[k];
      sum[0] += share;
      for (int c = 1; c < 4; ++c) sum[c] += value * planes[c * columns + k];
      if (share > peak) {
        peak = share;
        place = k;
      }
    }
    mass[r] = sum[0];
    for (int c = 0; c < 3; ++c) warped[r * warped_row + c] = sum[c + 1] / sum[0];
    match[r] = (int32_t)place;
  }
}

CPU_KERNEL void KERNEL_NAME(cpu_project)(const STORED *kernel, int64_t kernel_row, int64_t rows,
                                         int64_t columns, const REAL *planes, REAL *warped,
                                         int64_t warped_row, REAL *mass, int32_t *match) {
  int64_t i = 0;
#define PROJECT(height)                                                                              \
  KERNEL_NAME(project_rows)                                                                          \
  (kernel + i * kernel_row, kernel_row, height, columns, planes, warped + i * warped_row, warped_row, \
   mass + i, match + i)
  for (; i + 2 <= rows; i += 2) PROJECT(2);
  for (; i < rows; ++i) PROJECT(1);
#undef PROJECT
}

CPU_INLINE void KERNEL_NAME(backproject_rows)(const STORED *restrict kernel, int64_t kernel_row, int height,
                                              int64_t columns, const REAL *gradient, int64_t gradient_row,
                                              const REAL *restrict planes, REAL *restrict sums) {
  const REAL *restrict px = planes + columns, *restrict py = px + columns, *restrict pz = py + columns;
  REAL slope[4][4];
  for (int c = 0; c < 4; ++c)
    for (int r = 0; r < height; ++r) slope[r][c] = gradient[c * gradient_row + r];
  CPU_INDEPENDENT
  for (int64_t j = 0; j < columns; ++j) {
    REAL sum = sums[j];
    for (int r = 0; r < height; ++r)
      sum += WIDEN(kernel[r * kernel_row + j]) *
             (slope[r][0] * px[j] + slope[r][1] * py[j] + slope[r][2] * pz[j] + slope[r][3]);
    sums[j] = sum;
  }
}

CPU_KERNEL void KERNEL_NAME(cpu_backproject)(const STORED *kernel, int64_t kernel_row, int64_t rows,
                                             int64_t columns, const REAL *gradient, int64_t gradient_row,
                                             const REAL *planes, REAL *sums) {
  memset(sums, 0, (size_t)columns * sizeof(REAL));
  int64_t i = 0;
#define BACKPROJECT(height)     \
  KERNEL_NAME(backproject_rows) \
  (kernel + i * kernel_row, kernel_row, height, columns, gradient + i, gradient_row, planes, sums)
  for (; i + 4 <= rows; i += 4) BACKPROJECT(4);
  for (; i < rows; ++i) BACKPROJECT(1);
#undef BACKPROJECT
}

/// Columns `first ..< last` of `height` <= 4 rows.
CPU_INLINE void KERNEL_NAME(hadamard_rows)(const STORED *kernel, int64_t kernel_row, int height,
                                           int64_t first, int64_t last, int64_t rank, const REAL *left,
                                           int64_t left_row, const REAL *right, int64_t right_row, REAL scale,
                                           REAL *result, int64_t result_row) {
  int64_t j = first;
  for (; j + LANES <= last; j += LANES) {
    NAME(vector) total[4] = {{0}};
    for (int64_t k = 0; k < rank; ++k)
      for (int r = 0; r < height; ++r) total[r] += left[k * left_row + r] * LOAD(right + k * right_row + j);
    for (int r = 0; r < height; ++r)
      *(NAME(vector) *)(result + r * result_row + j) =
          scale * LOAD_STORED(kernel + r * kernel_row + j) * total[r];
  }
  for (; j < last; ++j)
    for (int r = 0; r < height; ++r) {
      REAL total = 0;
      for (int64_t k = 0; k < rank; ++k) total += left[k * left_row + r] * right[k * right_row + j];
      result[r * result_row + j] = scale * WIDEN(kernel[r * kernel_row + j]) * total;
    }
}

CPU_KERNEL void KERNEL_NAME(cpu_low_rank_hadamard)(const STORED *kernel, int64_t kernel_row, int64_t rows,
                                                   int64_t columns, int64_t rank, const REAL *left,
                                                   int64_t left_row, const REAL *right, int64_t right_row,
                                                   double scale, REAL *result, int64_t result_row) {
  // So many columns of the right factor stay in the first-level cache.
  enum { WIDTH = 4096 / sizeof(REAL) };
  for (int64_t first = 0; first < columns; first += WIDTH) {
    const int64_t last = CPU_MIN(columns, first + WIDTH);
    int64_t i = 0;
#define HADAMARD(height)                                                                              \
  KERNEL_NAME(hadamard_rows)                                                                          \
  (kernel + i * kernel_row, kernel_row, height, first, last, rank, left + i, left_row, right, right_row, \
   (REAL)scale, result + i * result_row, result_row)
    for (; i + 4 <= rows; i += 4) HADAMARD(4);
    for (; i < rows; ++i) HADAMARD(1);
#undef HADAMARD
  }
}

#undef LOAD
#undef LANES
