// The nearest points. Included with REAL defined, after vectors.h.

#define LANES NAME(lanes)
#define LOAD(from) (*(const NAME(vector) *)(from))

/// `height` <= 2 points of x.
CPU_INLINE void NAME(nearest)(const REAL *x, int64_t x_row, int height, const REAL *planes, int64_t columns,
                              REAL *squared_distance, int32_t *index) {
  NAME(best) best[2];
  NAME(indices) current;
  for (int r = 0; r < height; ++r) NAME(start_best)(&best[r], INFINITY);
  for (int lane = 0; lane < LANES; ++lane) current[lane] = lane;
  int64_t j = 0;
  for (; j + LANES <= columns; j += LANES, current += LANES)
    for (int r = 0; r < height; ++r) {
      const NAME(vector) dx = LOAD(planes + j) - x[r * x_row];
      const NAME(vector) dy = LOAD(planes + columns + j) - x[r * x_row + 1];
      const NAME(vector) dz = LOAD(planes + 2 * columns + j) - x[r * x_row + 2];
      const NAME(vector) distance = dx * dx + dy * dy + dz * dz;
      CPU_UPDATE_BEST(best[r], distance < best[r].value, distance, current);
    }
  for (int r = 0; r < height; ++r) {
    REAL least = INFINITY;
    int64_t place = 0;
    for (int lane = 0; lane < LANES; ++lane) {
      const REAL value = best[r].value[lane];
      if (value < least || (value == least && best[r].place[lane] < place)) {
        least = value;
        place = best[r].place[lane];
      }
    }
    for (int64_t k = j; k < columns; ++k) {
      const REAL dx = planes[k] - x[r * x_row], dy = planes[columns + k] - x[r * x_row + 1];
      const REAL dz = planes[2 * columns + k] - x[r * x_row + 2];
      const REAL distance = dx * dx + dy * dy + dz * dz;
      if (distance < least) {
        least = distance;
        place = k;
      }
    }
    squared_distance[r] = least;
    index[r] = (int32_t)place;
  }
}

CPU_KERNEL void NAME(cpu_nearest_points)(const REAL *x, int64_t x_row, int64_t rows, const REAL *planes,
                                         int64_t columns, REAL *squared_distance, int32_t *index) {
  int64_t i = 0;
  for (; i + 2 <= rows; i += 2)
    NAME(nearest)(x + i * x_row, x_row, 2, planes, columns, squared_distance + i, index + i);
  for (; i < rows; ++i)
    NAME(nearest)(x + i * x_row, x_row, 1, planes, columns, squared_distance + i, index + i);
}

#undef LOAD
#undef LANES
