// filterGradient.cl: the gradient of a convolution by its weight; channels last. See windows.cl.
//
//   partial[slice, o, t, c] = sum over the slice's grid pixels p of dy[p, o] x[pixel(p, t), c]
//
// Operands: x [batch, height, width, channels]; dy [pixels, rows].
// Product: rows are outputs, columns are taps and channels, the depth is grid pixels.
// Build-time: those of the tiles; A and B lie across the depth; A_VECTOR divides the rows, B_VECTOR the
// channels.

// Fetches a panel, and moves on to the next one's windows.
#define FETCH(k0)                                                                                     \
  UNROLLED for (int load = 0; load < A_LOADS; ++load) {                                               \
    const long pixel = (k0) + A_DEPTH(load);                                                          \
    PUT_A(load, dy + pixel * plan.rows + row0 + A_ROW(0), pixel < end ? rows_left : 0);               \
  }                                                                                                   \
  UNROLLED for (int load = 0; load < B_LOADS; ++load) {                                               \
    const int row = i[load] * step + down, column = j[load] * step + right;                           \
    const int is_inside = has_column && (k0) + B_DEPTH(load) < end && row >= 0 && row < height &&     \
                          column >= 0 && column < width;                                              \
    PUT_B(load, x + origin[load] + ((long)row * width + column) * channels, is_inside ? B_VECTOR : 0); \
    j[load] += TILE_K;                                                                                \
    while (j[load] >= grid_width) {                                                                   \
      j[load] -= grid_width;                                                                          \
      if (++i[load] == grid_height) {                                                                 \
        i[load] = 0;                                                                                  \
        origin[load] += picture_size;                                                                 \
      }                                                                                               \
    }                                                                                                 \
  }

__kernel void filterGradient(const Plan plan, __global const REAL *dy, const long dy_offset,
                             __global const REAL *x, const long x_offset, __global REAL *partial) {
  TILES
  OWN_TILE
  const int grid_height = plan.grid_height, grid_width = plan.grid_width, step = plan.step;
  const long picture_size = plan.height * plan.width * channels;
  dy += dy_offset;
  x += x_offset;
  // The tap and channel that this item fetches, and the windows that it begins with.
  const int own_column = column0 + B_COLUMN(0), has_column = own_column < plan.columns;
  const int tap = own_column / channels, c = own_column - tap * channels;
  const int tap_row = tap / (int)plan.taps_across;
  const int down = plan.top + tap_row, right = plan.left + tap - tap_row * plan.taps_across;
  int i[B_LOADS], j[B_LOADS];
  long origin[B_LOADS];
  UNROLLED
  for (int load = 0; load < B_LOADS; ++load) {
    const long pixel = begin + B_DEPTH(load);
    const long line = pixel / grid_width, picture = line / grid_height;
    j[load] = pixel - line * grid_width;
    i[load] = line - picture * grid_height;
    origin[load] = picture * picture_size + c;
  }
  const int rows_left = clamp(plan.rows - row0 - A_ROW(0), 0L, (long)TILE_M);
  MULTIPLY(begin, end)
  UNROLLED
  for (int m = 0; m < ITEM_M; ++m)
    UNROLLED
    for (int n = 0; n < ITEM_N; ++n) {
      const long row = row0 + SUM_ROW(m), column = column0 + SUM_COLUMN(n);
      if (row < plan.rows && column < plan.columns)
        partial[(slice * plan.rows + row) * plan.columns + column] = SUM(m, n);
    }
}

// gradient[o, c, t] = beta gradient[o, c, t] + (sum of the slices)[o, t, c]; one work-item per element.
__kernel void filterGradientCombine(const Plan plan, __global const REAL *partial, const REAL beta,
                                    __global REAL *gradient, const long gradient_offset) {
  const long at = get_global_id(0), count = plan.rows * plan.columns;
  if (at >= count) return;  // the global size is rounded up
  REAL sum = 0;
  for (long slice = 0; slice < plan.slices; ++slice) sum += partial[slice * count + at];
  const long line = at / plan.channels, c = at - line * plan.channels;
  const long taps = plan.columns / plan.channels, o = line / taps, tap = line - o * taps;
  __global REAL *to = gradient + gradient_offset + (o * plan.channels + c) * taps + tap;
  // With beta = 0 the old content, NaN included, has no influence.
  *to = beta != 0 ? beta * *to + sum : sum;
}
