// blur.c: five weights along rows, then along columns.
#include "RasterShim.h"
#include "kernel.h"

CPU_INLINE int64_t within(int64_t k, int64_t size) { return k < 0 ? 0 : k < size ? k : size - 1; }

CPU_KERNEL void raster_blur(float *values, int64_t size, int64_t channels, float middle, float first,
                            float second, float *scratch) {
  const int64_t row = size * channels;
  for (int64_t y = 0; y < size; ++y) {
    const float *from = values + y * row;
    float *to = scratch + y * row;
    for (int64_t k = 2 * channels; k < row - 2 * channels; ++k)
      to[k] = middle * from[k] + first * (from[k - channels] + from[k + channels]) +
              second * (from[k - 2 * channels] + from[k + 2 * channels]);
    for (int64_t x = 0; x < size; ++x) {
      if (x == 2 && size > 4) x = size - 2;  // the rest is done
      for (int64_t c = 0; c < channels; ++c) {
        const float *at = from + c;
        to[x * channels + c] =
            middle * at[x * channels] +
            first * (at[within(x - 1, size) * channels] + at[within(x + 1, size) * channels]) +
            second * (at[within(x - 2, size) * channels] + at[within(x + 2, size) * channels]);
      }
    }
  }
  for (int64_t y = 0; y < size; ++y) {
    const float *above = scratch + within(y - 1, size) * row, *below = scratch + within(y + 1, size) * row;
    const float *top = scratch + within(y - 2, size) * row, *bottom = scratch + within(y + 2, size) * row;
    const float *from = scratch + y * row;
    float *to = values + y * row;
    for (int64_t k = 0; k < row; ++k)
      to[k] = middle * from[k] + first * (above[k] + below[k]) + second * (top[k] + bottom[k]);
  }
}
