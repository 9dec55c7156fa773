// The transforms of minimal filtering. Included with REAL defined.

/// Channels that are transformed at a time: what a core's first cache holds of a tile.
enum { NAME(winograd_chunk) = 512 / sizeof(REAL) };
static const REAL NAME(winograd_zeros)[NAME(winograd_chunk)];

/// Where a tile lies: picture, first line, first column, and how many of its results exist.
typedef struct {
  int64_t picture, top, left, lines, columns;
} NAME(winograd_tile);

CPU_INLINE NAME(winograd_tile) NAME(winograd_place)(const cpu_window_shape *s, int64_t row, int64_t column) {
  const int64_t rows = (s->output_height + 1) / 2, top = row % rows * 2, left = column * 2;
  return (NAME(winograd_tile)){.picture = row / rows,
                               .top = top,
                               .left = left,
                               .lines = CPU_MIN(s->output_height - top, 2),
                               .columns = CPU_MIN(s->output_width - left, 2)};
}

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

CPU_KERNEL void NAME(cpu_winograd_input)(const cpu_window_shape *shape, const REAL *x, int64_t row, int64_t matrix,
                                         REAL *transformed) {
  const cpu_window_shape s = *shape;
  REAL half[4][4][NAME(winograd_chunk)];
  for (int64_t column = 0; column < (s.output_width + 1) / 2; ++column, transformed += s.channels) {
    const NAME(winograd_tile) tile = NAME(winograd_place)(&s, row, column);
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
                                                  int64_t row, int64_t matrix, REAL *transformed) {
  const cpu_window_shape s = *shape;
  REAL half[2][4][NAME(winograd_chunk)];
  for (int64_t column = 0; column < (s.output_width + 1) / 2; ++column, transformed += outputs) {
    const NAME(winograd_tile) tile = NAME(winograd_place)(&s, row, column);
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
                                          int64_t row, int64_t matrix, double beta, REAL *y) {
  const cpu_window_shape s = *shape;
  REAL half[2][4][NAME(winograd_chunk)];
  for (int64_t column = 0; column < (s.output_width + 1) / 2; ++column, products += outputs) {
    const NAME(winograd_tile) tile = NAME(winograd_place)(&s, row, column);
    for (int64_t c0 = 0; c0 < outputs; c0 += NAME(winograd_chunk)) {
      const int64_t count = CPU_MIN(outputs - c0, (int64_t)NAME(winograd_chunk));
      for (int v = 0; v < 4; ++v) {
        const REAL *restrict m0 = products + v * matrix + c0, *restrict m1 = m0 + 4 * matrix;
        const REAL *restrict m2 = m1 + 4 * matrix, *restrict m3 = m2 + 4 * matrix;
        REAL *restrict t0 = half[0][v], *restrict t1 = half[1][v];
        for (int64_t c = 0; c < count; ++c) {
          t0[c] = m0[c] + m1[c] + m2[c];
          t1[c] = m1[c] - m2[c] - m3[c];
        }
      }
      for (int64_t i = 0; i < tile.lines; ++i) {
        const REAL *restrict t0 = half[i][0], *restrict t1 = half[i][1];
        const REAL *restrict t2 = half[i][2], *restrict t3 = half[i][3];
        REAL *restrict left = y + (i * s.output_width + tile.left) * outputs + c0;
        REAL *restrict right = left + outputs;
        if (beta == 0)
          for (int64_t c = 0; c < count; ++c) left[c] = t0[c] + t1[c] + t2[c];
        else
          for (int64_t c = 0; c < count; ++c) left[c] = (REAL)beta * left[c] + (t0[c] + t1[c] + t2[c]);
        if (tile.columns < 2) continue;
        if (beta == 0)
          for (int64_t c = 0; c < count; ++c) right[c] = t1[c] - t2[c] - t3[c];
        else
          for (int64_t c = 0; c < count; ++c) right[c] = (REAL)beta * right[c] + (t1[c] - t2[c] - t3[c]);
      }
    }
  }
}

CPU_KERNEL void NAME(cpu_winograd_filters)(const REAL *weight, int64_t outputs, int64_t inputs, bool turned,
                                           int64_t first, int64_t last, REAL *transformed) {
  const int64_t width = turned ? outputs : inputs, matrix = outputs * inputs;
  for (int64_t row = first; row < last; ++row)
    for (int64_t k = 0; k < width; ++k) {
      const REAL *w = weight + 9 * (turned ? k * inputs + row : row * inputs + k);
      REAL half[3][4], *to = transformed + row * width + k;
      for (int u = 0; u < 3; ++u) {
        const REAL w0 = w[turned ? 8 - 3 * u : 3 * u], w1 = w[turned ? 7 - 3 * u : 3 * u + 1];
        const REAL w2 = w[turned ? 6 - 3 * u : 3 * u + 2];
        half[u][0] = w0;
        half[u][1] = (w0 + w1 + w2) / 2;
        half[u][2] = (w0 - w1 + w2) / 2;
        half[u][3] = w2;
      }
      for (int v = 0; v < 4; ++v) {
        to[(0 + v) * matrix] = half[0][v];
        to[(4 + v) * matrix] = (half[0][v] + half[1][v] + half[2][v]) / 2;
        to[(8 + v) * matrix] = (half[0][v] - half[1][v] + half[2][v]) / 2;
        to[(12 + v) * matrix] = half[2][v];
      }
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
