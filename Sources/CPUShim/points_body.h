// Points as planes of coordinates. Included with REAL defined.

CPU_KERNEL void NAME(cpu_weigh_points)(const REAL *weights, const REAL *points, int64_t point_row,
                                       int64_t columns, REAL *planes) {
  for (int64_t j = 0; j < columns; ++j) {
    const REAL weight = weights ? weights[j] : 1;
    planes[j] = weight;
    for (int c = 0; c < 3; ++c) planes[(c + 1) * columns + j] = weight * points[j * point_row + c];
  }
}
