// The transforms of minimal filtering. Included with REAL defined.

/// Channels that are transformed at a time: what a core's first cache holds of a tile.
enum { NAME(winograd_chunk) = 512 / sizeof(REAL) };
static const REAL NAME(winograd_zeros)[NAME(winograd_chunk)];

/// to[k] = row k of B times four lines.
CPU_INLINE void NAME(winograd_b)(const REAL *const from[4], REAL *to, int64_t step, int64_t count) {
  const REAL *restrict d0 = from[0], *restrict d1 = from[1], *restrict d2 = from[2], *restrict d3 = from[3];
  REAL *restrict t0 = to, *restrict t1 = to + step, *restrict t2 = to + 2 * step, *restrict t3 = to + 3 * step;
  for (int64_t c = 0; c < count; ++c) {
    t0[c] = d0[c] - d2[c];
    t1[c] = d1[c] + d2[c];
    t2[c] = d2[c] - d1[c];
    t3[c] = d1[c] - d3[c];
  }
}

/// to[k] = row k of A' times two lines.
CPU_INLINE void NAME(winograd_a_adjoint)(const REAL *const from[2], REAL *to, int64_t step, int64_t count) {
  const REAL *restrict y0 = from[0], *restrict y1 = from[1];
  REAL *restrict t0 = to, *restrict t1 = to + step, *restrict t2 = to + 2 * step, *restrict t3 = to + 3 * step;
  for (int64_t c = 0; c < count; ++c) {
    t0[c] = y0[c];
    t1[c] = y0[c] + y1[c];
    t2[c] = y0[c] - y1[c];
    t3[c] = -y1[c];
  }
}

/// to[k] = row k of A times four lines.
CPU_INLINE void NAME(winograd_a)(const REAL *const from[4], REAL *to0, REAL *to1, int64_t count) {
  const REAL *restrict m0 = from[0], *restrict m1 = from[1], *restrict m2 = from[2], *restrict m3 = from[3];
  REAL *restrict t0 = to0, *restrict t1 = to1;
  for (int64_t c = 0; c < count; ++c) {
    t0[c] = m0[c] + m1[c] + m2[c];
    t1[c] = m1[c] - m2[c] - m3[c];
  }
}

CPU_KERNEL void NAME(cpu_winograd_input)(const cpu_window_shape *shape, const REAL *x, int64_t first, int64_t last,
                                         int64_t matrix, REAL *transformed) {
  const cpu_window_shape s = *shape;
  REAL half[4][4][NAME(winograd_chunk)];
  for (int64_t number = first; number < last; ++number, transformed += s.channels) {
    const winograd_tile tile = place_tile(&s, number);
    const int64_t top = tile.top - s.padding, left = tile.left - s.padding;
    for (int64_t c0 = 0; c0 < s.channels; c0 += NAME(winograd_chunk)) {
      const int64_t count = CPU_MIN(s.channels - c0, (int64_t)NAME(winograd_chunk));
      for (int u = 0; u < 4; ++u) {
        const REAL *from[4];
        for (int v = 0; v < 4; ++v) {
          const bool is_inside = top + u >= 0 && top + u < s.height && left + v >= 0 && left + v < s.width;
          from[v] = is_inside ? x + ((tile.picture * s.height + top + u) * s.width + left + v) * s.channels + c0
                              : NAME(winograd_zeros);
        }
        NAME(winograd_b)(from, half[u][0], NAME(winograd_chunk), count);
      }
      for (int v = 0; v < 4; ++v) {
        const REAL *const from[4] = {half[0][v], half[1][v], half[2][v], half[3][v]};
        NAME(winograd_b)(from, transformed + v * matrix + c0, 4 * matrix, count);
      }
    }
  }
}

CPU_KERNEL void NAME(cpu_winograd_output_adjoint)(const cpu_window_shape *shape, int64_t outputs, const REAL *dy,
                                                  int64_t first, int64_t last, int64_t matrix, REAL *transformed) {
  const cpu_window_shape s = *shape;
  REAL half[2][4][NAME(winograd_chunk)];
  for (int64_t number = first; number < last; ++number, transformed += outputs) {
    const winograd_tile tile = place_tile(&s, number);
    for (int64_t c0 = 0; c0 < outputs; c0 += NAME(winograd_chunk)) {
      const int64_t count = CPU_MIN(outputs - c0, (int64_t)NAME(winograd_chunk));
      for (int i = 0; i < 2; ++i) {
        const REAL *from[2];
        for (int j = 0; j < 2; ++j) {
          const int64_t line = tile.picture * s.output_height + tile.top + i;
          from[j] = i < tile.lines && j < tile.columns
                        ? dy + (line * s.output_width + tile.left + j) * outputs + c0
                        : NAME(winograd_zeros);
        }
        NAME(winograd_a_adjoint)(from, half[i][0], NAME(winograd_chunk), count);
      }
      for (int v = 0; v < 4; ++v) {
        const REAL *const from[2] = {half[0][v], half[1][v]};
        NAME(winograd_a_adjoint)(from, transformed + v * matrix + c0, 4 * matrix, count);
      }
    }
  }
}

CPU_KERNEL void NAME(cpu_winograd_output)(const cpu_window_shape *shape, int64_t outputs, const REAL *products,
                                          int64_t first, int64_t last, int64_t matrix, double beta,
                                          const REAL *scale, const REAL *bias, const REAL *residual, bool relu,
                                          REAL *y) {
  const cpu_window_shape s = *shape;
  REAL half[2][4][NAME(winograd_chunk)], result[2][NAME(winograd_chunk)];
  for (int64_t number = first; number < last; ++number, products += outputs) {
    const winograd_tile tile = place_tile(&s, number);
    for (int64_t c0 = 0; c0 < outputs; c0 += NAME(winograd_chunk)) {
      const int64_t count = CPU_MIN(outputs - c0, (int64_t)NAME(winograd_chunk));
      for (int v = 0; v < 4; ++v) {
        const REAL *m = products + v * matrix + c0;
        const REAL *const from[4] = {m, m + 4 * matrix, m + 8 * matrix, m + 12 * matrix};
        NAME(winograd_a)(from, half[0][v], half[1][v], count);
      }
      for (int64_t i = 0; i < tile.lines; ++i) {
        const REAL *const from[4] = {half[i][0], half[i][1], half[i][2], half[i][3]};
        NAME(winograd_a)(from, result[0], result[1], count);
        const int64_t line = tile.picture * s.output_height + tile.top + i;
        for (int64_t j = 0; j < tile.columns; ++j) {
          const int64_t place = (line * s.output_width + tile.left + j) * outputs + c0;
          REAL *to = y + place;
          if (beta != 0) {
            for (int64_t c = 0; c < count; ++c) to[c] = (REAL)beta * to[c] + result[j][c];
          } else {
            NAME(cpu_picture_epilogue)(result[j], to, 1, count, scale ? scale + c0 : 0, bias ? bias + c0 : 0,
                                       residual ? residual + place : 0, relu);
          }
        }
      }
    }
  }
}

CPU_KERNEL void NAME(cpu_winograd_filters)(const REAL *weight, int64_t outputs, int64_t inputs, bool turned,
                                           int64_t first, int64_t last, REAL *transformed) {
  const int64_t width = turned ? outputs : inputs, matrix = outputs * inputs;
  // A run of filters at a time, so that what is written lies side by side.
  REAL runs[16][NAME(winograd_chunk)];
  for (int64_t row = first; row < last; ++row)
    for (int64_t k0 = 0; k0 < width; k0 += NAME(winograd_chunk)) {
      const int64_t count = CPU_MIN(width - k0, (int64_t)NAME(winograd_chunk));
      for (int64_t k = 0; k < count; ++k) {
        const REAL *w = weight + 9 * (turned ? (k0 + k) * inputs + row : row * inputs + k0 + k);
        REAL half[3][4];
        for (int u = 0; u < 3; ++u) {
          const REAL w0 = w[turned ? 8 - 3 * u : 3 * u], w1 = w[turned ? 7 - 3 * u : 3 * u + 1];
          const REAL w2 = w[turned ? 6 - 3 * u : 3 * u + 2];
          half[u][0] = w0;
          half[u][1] = (w0 + w1 + w2) / 2;
          half[u][2] = (w0 - w1 + w2) / 2;
          half[u][3] = w2;
        }
        for (int v = 0; v < 4; ++v) {
          runs[0 + v][k] = half[0][v];
          runs[4 + v][k] = (half[0][v] + half[1][v] + half[2][v]) / 2;
          runs[8 + v][k] = (half[0][v] - half[1][v] + half[2][v]) / 2;
          runs[12 + v][k] = half[2][v];
        }
      }
      for (int m = 0; m < 16; ++m)
        memcpy(transformed + m * matrix + row * width + k0, runs[m], (size_t)count * sizeof(REAL));
    }
}

CPU_KERNEL void NAME(cpu_winograd_filter_gradient)(const REAL *sums, int64_t outputs, int64_t inputs, double beta,
                                                   int64_t first, int64_t last, REAL *weight) {
  const int64_t matrix = outputs * inputs;
  for (int64_t k = first * inputs; k < last * inputs; ++k) {
    const REAL *m = sums + k;
    REAL half[3][4], *to = weight + 9 * k;
    for (int v = 0; v < 4; ++v) {
      const REAL m0 = m[(0 + v) * matrix], m1 = m[(4 + v) * matrix], m2 = m[(8 + v) * matrix];
      half[0][v] = m0 + (m1 + m2) / 2;
      half[1][v] = (m1 - m2) / 2;
      half[2][v] = (m1 + m2) / 2 + m[(12 + v) * matrix];
    }
    for (int u = 0; u < 3; ++u) {
      const REAL *h = half[u];
      const REAL gradient[3] = {h[0] + (h[1] + h[2]) / 2, (h[1] - h[2]) / 2, (h[1] + h[2]) / 2 + h[3]};
      for (int v = 0; v < 3; ++v)
        to[3 * u + v] = beta == 0 ? gradient[v] : (REAL)beta * to[3 * u + v] + gradient[v];
    }
  }
}
