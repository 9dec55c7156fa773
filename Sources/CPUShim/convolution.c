// convolution.c: what a convolution needs beside matrix products: windows as rows of a matrix, filters in that order,
// and what follows the product.
#include "CPUPictures.h"
#include "kernel.h"

#include <string.h>

/// The picture that a window lies on, the line and column of its corner there, and which of its own columns are inside.
typedef struct {
  int64_t picture, top, left, first, last;
} window_place;

CPU_INLINE window_place place_window(const cpu_window_shape *s, int64_t pixel) {
  const int64_t line = pixel / s->output_width;
  const int64_t left = pixel % s->output_width * s->stride - s->padding;
  return (window_place){.picture = line / s->output_height,
                        .top = line % s->output_height * s->stride - s->padding,
                        .left = left,
                        .first = CPU_MAX(-left, 0),
                        .last = CPU_MIN(s->width - left, s->size)};
}

#define REAL float
#include "convolution_body.h"
#undef REAL

#define REAL double
#include "convolution_body.h"
#undef REAL
