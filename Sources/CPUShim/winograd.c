// winograd.c: "Fast Algorithms for Convolutional Neural Networks" (Lavin and Gray, 2016), F(2 x 2, 3 x 3), for
// windows of 3 x 3 that step from pixel to pixel: 16 multiplications for 2 x 2 results instead of 36.
//
// A tile is 2 x 2 results and the 4 x 4 pixels d under them. With
//
//       |1  0 -1  0|       | 1    0    0 |
//   B = |0  1  1  0|   G = |1/2  1/2  1/2|   A = |1  1  1  0|
//       |0 -1  1  0|       |1/2 -1/2  1/2|       |0  1 -1 -1|
//       |0  1  0 -1|       | 0    0    1 |
//
// the tile's results are A ((B d B') * (G w G')) A', summed over channels: 16 matrix products of tiles times
// channels, one for each place of the 4 x 4. Every transform acts alike on lines and on columns.
#include "CPUPictures.h"
#include "kernel.h"

#include <string.h>

/// Where a tile lies: its picture, the line and column of its first result, and how many of its results exist.
typedef struct {
  int64_t picture, top, left, lines, columns;
} winograd_tile;

CPU_INLINE winograd_tile place_tile(const cpu_window_shape *s, int64_t number) {
  const int64_t across = (s->output_width + 1) / 2, down = (s->output_height + 1) / 2;
  const int64_t line = number / across, top = line % down * 2, left = number % across * 2;
  return (winograd_tile){.picture = line / down,
                         .top = top,
                         .left = left,
                         .lines = CPU_MIN(s->output_height - top, 2),
                         .columns = CPU_MIN(s->output_width - left, 2)};
}

#define REAL float
#include "winograd_body.h"
#undef REAL

#define REAL double
#include "winograd_body.h"
#undef REAL
