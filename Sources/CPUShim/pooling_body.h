// Maximum pooling. Included with REAL defined.

enum { NAME(pool_chunk) = 256 };

CPU_KERNEL void NAME(cpu_maximum_pool)(const cpu_window_shape *shape, const REAL *x, int64_t first, int64_t last,
                                       REAL *y, uint8_t *choice) {
  const cpu_window_shape s = *shape;
  REAL best[NAME(pool_chunk)];
  int32_t place[NAME(pool_chunk)];
  for (int64_t line = first; line < last; ++line) {
    const int64_t picture = line / s.output_height, top = line % s.output_height * s.stride - s.padding;
    for (int64_t column = 0; column < s.output_width; ++column) {
      const int64_t left = column * s.stride - s.padding, at = (line * s.output_width + column) * s.channels;
      for (int64_t c0 = 0; c0 < s.channels; c0 += NAME(pool_chunk)) {
        const int64_t width = CPU_MIN(s.channels - c0, (int64_t)NAME(pool_chunk));
        for (int64_t c = 0; c < width; ++c) {
          best[c] = -INFINITY;
          place[c] = 0;
        }
        for (int64_t u = CPU_MAX(-top, 0); u < s.size && top + u < s.height; ++u)
          for (int64_t v = CPU_MAX(-left, 0); v < s.size && left + v < s.width; ++v) {
            const REAL *from = x + ((picture * s.height + top + u) * s.width + left + v) * s.channels + c0;
            const int32_t here = (int32_t)(u * s.size + v);
            for (int64_t c = 0; c < width; ++c) {
              const bool takes = from[c] > best[c] || from[c] != from[c];
              best[c] = takes ? from[c] : best[c];
              place[c] = takes ? here : place[c];
            }
          }
        for (int64_t c = 0; c < width; ++c) {
          y[at + c0 + c] = best[c];
          choice[at + c0 + c] = (uint8_t)place[c];
        }
      }
    }
  }
}

CPU_KERNEL void NAME(cpu_maximum_pool_gradient)(const cpu_window_shape *shape, const REAL *dy,
                                                const uint8_t *choice, int64_t first, int64_t last, double beta,
                                                REAL *dx) {
  const cpu_window_shape s = *shape;
  for (int64_t line = first; line < last; ++line) {
    const int64_t picture = line / s.height, row = line % s.height + s.padding;
    // The windows over row r are those with r - size < stride i <= r.
    const int64_t i_first = CPU_MAX((row - s.size + s.stride) / s.stride, 0);
    const int64_t i_last = CPU_MIN(row / s.stride, s.output_height - 1);
    for (int64_t pixel = 0; pixel < s.width; ++pixel) {
      REAL *to = dx + (line * s.width + pixel) * s.channels;
      for (int64_t c = 0; c < s.channels; ++c) to[c] = beta == 0 ? 0 : (REAL)beta * to[c];
      const int64_t column = pixel + s.padding;
      const int64_t j_first = CPU_MAX((column - s.size + s.stride) / s.stride, 0);
      const int64_t j_last = CPU_MIN(column / s.stride, s.output_width - 1);
      for (int64_t i = i_first; i <= i_last; ++i)
        for (int64_t j = j_first; j <= j_last; ++j) {
          const int64_t at = ((picture * s.output_height + i) * s.output_width + j) * s.channels;
          const uint8_t here = (uint8_t)((row - i * s.stride) * s.size + column - j * s.stride);
          const uint8_t *chosen = choice + at;
          const REAL *from = dy + at;
          CPU_INDEPENDENT
          for (int64_t c = 0; c < s.channels; ++c) to[c] += chosen[c] == here ? from[c] : 0;
        }
    }
  }
}
