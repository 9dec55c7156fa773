// Convolution beside its matrix products. Included with REAL defined.

CPU_KERNEL void NAME(cpu_unfold)(const cpu_window_shape *shape, const REAL *x, int64_t first, int64_t last,
                                 REAL *windows) {
  const cpu_window_shape s = *shape;
  const size_t pixel_bytes = (size_t)s.channels * sizeof(REAL);
  REAL *to = windows;
  for (int64_t pixel = first; pixel < last; ++pixel) {
    const window_place at = place_window(&s, pixel);
    for (int64_t u = 0; u < s.size; ++u, to += s.size * s.channels) {
      if (at.top + u < 0 || at.top + u >= s.height) {
        memset(to, 0, (size_t)s.size * pixel_bytes);
        continue;
      }
      const REAL *from = x + ((at.picture * s.height + at.top + u) * s.width + at.left + at.first) * s.channels;
      if (at.first > 0) memset(to, 0, (size_t)at.first * pixel_bytes);
      memcpy(to + at.first * s.channels, from, (size_t)(at.last - at.first) * pixel_bytes);
      if (at.last < s.size) memset(to + at.last * s.channels, 0, (size_t)(s.size - at.last) * pixel_bytes);
    }
  }
}

CPU_KERNEL void NAME(cpu_fold)(const cpu_window_shape *shape, const REAL *windows, int64_t first, int64_t last,
                               REAL *x) {
  const cpu_window_shape s = *shape;
  const REAL *from = windows;
  for (int64_t pixel = first; pixel < last; ++pixel) {
    const window_place at = place_window(&s, pixel);
    for (int64_t u = 0; u < s.size; ++u, from += s.size * s.channels) {
      if (at.top + u < 0 || at.top + u >= s.height) continue;
      REAL *to = x + ((at.picture * s.height + at.top + u) * s.width + at.left + at.first) * s.channels;
      const REAL *inside = from + at.first * s.channels;
      CPU_INDEPENDENT
      for (int64_t k = 0; k < (at.last - at.first) * s.channels; ++k) to[k] += inside[k];
    }
  }
}

CPU_KERNEL void NAME(cpu_filter_rows)(const REAL *weight, int64_t outputs, int64_t inputs, int64_t size,
                                      bool turned, int64_t first, int64_t last, REAL *rows) {
  const int64_t taps = size * size, width = turned ? outputs : inputs;
  const int64_t row_stride = turned ? taps : inputs * taps, stride = turned ? inputs * taps : taps;
  for (int64_t row = first; row < last; ++row)
    for (int64_t tap = 0; tap < taps; ++tap) {
      const REAL *from = weight + row * row_stride + (turned ? taps - 1 - tap : tap);
      REAL *to = rows + (row * taps + tap) * width;
      for (int64_t k = 0; k < width; ++k) to[k] = from[k * stride];
    }
}

CPU_KERNEL void NAME(cpu_add_filter_parts)(const REAL *parts, int64_t part_count, int64_t outputs, int64_t inputs,
                                           int64_t size, double beta, int64_t first, int64_t last, REAL *weight) {
  enum { CHUNK = 512 };
  double sum[CHUNK];
  const int64_t taps = size * size, stride = inputs * taps;
  for (int64_t input = first; input < last; ++input)
    for (int64_t tap = 0; tap < taps; ++tap)
      for (int64_t c0 = 0; c0 < outputs; c0 += CHUNK) {
        const int64_t width = CPU_MIN(outputs - c0, (int64_t)CHUNK);
        REAL *to = weight + c0 * stride + input * taps + tap;
        for (int64_t k = 0; k < width; ++k) sum[k] = beta == 0 ? 0 : beta * to[k * stride];
        for (int64_t part = 0; part < part_count; ++part) {
          const REAL *from = parts + ((part * taps + tap) * inputs + input) * outputs + c0;
          for (int64_t k = 0; k < width; ++k) sum[k] += from[k];
        }
        for (int64_t k = 0; k < width; ++k) to[k * stride] = (REAL)sum[k];
      }
}

/// One loop for every set of operands, so that none asks what is there.
#define EPILOGUE_LOOP(value)                                                \
  for (int64_t p = 0; p < pixels; ++p) {                                    \
    const REAL *from = x + p * channels;                                    \
    REAL *to = y + p * channels;                                            \
    CPU_INDEPENDENT                                                         \
    for (int64_t c = 0; c < channels; ++c) {                                \
      const REAL sum = (value);                                             \
      to[c] = relu && sum < 0 ? 0 : sum;                                    \
    }                                                                       \
  }
#define OTHER residual[p * channels + c]

CPU_KERNEL void NAME(cpu_picture_epilogue)(const REAL *x, REAL *y, int64_t pixels, int64_t channels,
                                           const REAL *scale, const REAL *bias, const REAL *residual, bool relu) {
  if (scale && bias && residual) {
    EPILOGUE_LOOP(from[c] * scale[c] + bias[c] + OTHER)
  } else if (scale && bias) {
    EPILOGUE_LOOP(from[c] * scale[c] + bias[c])
  } else if (scale && residual) {
    EPILOGUE_LOOP(from[c] * scale[c] + OTHER)
  } else if (bias && residual) {
    EPILOGUE_LOOP(from[c] + bias[c] + OTHER)
  } else if (scale) {
    EPILOGUE_LOOP(from[c] * scale[c])
  } else if (bias) {
    EPILOGUE_LOOP(from[c] + bias[c])
  } else if (residual) {
    EPILOGUE_LOOP(from[c] + OTHER)
  } else if (relu || x != y) {
    EPILOGUE_LOOP(from[c])
  }
}

#undef EPILOGUE_LOOP
#undef OTHER
