// convolution.cl: pixels under a moving window times a weight; channels last. See windows.cl.
//
//   target[p, o] = activation(scale[o] s + bias[o] + factor residual[p, o]),
//   s = sum over taps t and channels c of source[pixel(p, t), c] weight[t, c, o]
//
// A convolution has the results as its grid and tap_step 1. Its gradient by the pictures has tap_step -1 and
// one launch for every remainder that a pixel leaves divided by the stride: those share their taps, and each
// gathers the results that it had a part in.
// Operands: source [batch, height, width, channels]; weight [taps, channels, columns]; target [batch, target
// height, target width, columns], of which every target_step-th pixel is written.
// Product: rows are grid pixels, columns are outputs, the depth is taps and channels. Epilogue: epilogue.cl.
// Build-time: those of the tiles; A lies along the depth, B across it; A_VECTOR divides the channels,
// B_VECTOR the columns.

// No tap leads from here into a picture.
#define FAR_OUTSIDE (-(1 << 30))

// Where a row of the product lies in the target: the first of its pixel's channels.
long target_of(const Plan plan, const long row) {
  const long line = row / plan.grid_width, j = row - line * plan.grid_width;
  const long picture = line / plan.grid_height, i = line - picture * plan.grid_height;
  return ((picture * plan.target_height + plan.target_top + i * plan.target_step) * plan.target_width +
          plan.target_left + j * plan.target_step) *
         plan.columns;
}

#define FINISH_PARAMETERS                                                                             \
  __global const REAL *scale, const long scale_offset, const int has_scale, __global const REAL *bias, \
      const long bias_offset, const int bias_axis, const REAL factor, __global const REAL *residual,  \
      const long residual_offset, const int is_relu
#define FINISHED(sum, at, column)                                                                     \
  finish(has_scale ? (sum)*scale[scale_offset + (column)] : (sum), 1, factor,                         \
         residual + residual_offset + (at), bias + bias_offset, bias_axis, is_relu, 0, column)

#define FETCH(k0)                                                                                     \
  {                                                                                                   \
    const int depth = (k0) + A_DEPTH(0), tap = depth / channels, c = depth - tap * channels;          \
    const int tap_row = tap / taps_across, tap_column = tap - tap_row * taps_across;                  \
    const int down = tap_row * tap_step, right = tap_column * tap_step;                               \
    const long shift = ((long)down * width + right) * channels + c;                                   \
    UNROLLED for (int load = 0; load < A_LOADS; ++load) {                                             \
      const int row = top[load] + down, column = left[load] + right;                                  \
      const int is_inside = depth < end && row >= 0 && row < height && column >= 0 && column < width; \
      PUT_A(load, source + origin[load] + shift, is_inside ? A_VECTOR : 0);                           \
    }                                                                                                 \
    UNROLLED for (int load = 0; load < B_LOADS; ++load) {                                             \
      const long line = (k0) + B_DEPTH(load);                                                         \
      PUT_B(load, weight + line * plan.columns + column0 + B_COLUMN(load), line < end ? columns_left : 0); \
    }                                                                                                 \
  }

__kernel void convolve(const Plan plan, __global const REAL *source, const long source_offset,
                       __global const REAL *weight, const long weight_offset, FINISH_PARAMETERS,
                       __global REAL *target, const long target_offset) {
  TILES
  OWN_TILE
  const int taps_across = plan.taps_across, tap_step = plan.tap_step;
  source += source_offset;
  weight += weight_offset;
  // Where the windows begin that this item fetches from, and the place of their first pixels.
  int top[A_LOADS], left[A_LOADS];
  long origin[A_LOADS];
  UNROLLED
  for (int load = 0; load < A_LOADS; ++load) {
    const long row = row0 + A_ROW(load);
    const long line = row / plan.grid_width, j = row - line * plan.grid_width;
    const long picture = line / plan.grid_height, i = line - picture * plan.grid_height;
    top[load] = row < plan.rows ? (int)(plan.top + i * plan.step) : FAR_OUTSIDE;
    left[load] = plan.left + j * plan.step;
    origin[load] = ((picture * height + top[load]) * width + left[load]) * channels;
  }
  const int columns_left = clamp(plan.columns - column0 - B_COLUMN(0), 0L, (long)TILE_N);
  MULTIPLY(begin, end)
  UNROLLED
  for (int i = 0; i < ITEM_M; ++i) {
    const long row = row0 + SUM_ROW(i);
    const long base = row < plan.rows && plan.slices == 1 ? target_of(plan, row) : 0;
    UNROLLED
    for (int j = 0; j < ITEM_N; ++j) {
      const long column = column0 + SUM_COLUMN(j);
      if (row < plan.rows && column < plan.columns) {
        if (plan.slices > 1)
          target[(slice * plan.rows + row) * plan.columns + column] = SUM(i, j);
        else
          target[target_offset + base + column] = FINISHED(SUM(i, j), base + column, column);
      }
    }
  }
}

// Adds the slices, applies the rest; one work-item per element of the product.
__kernel void convolveCombine(const Plan plan, __global const REAL *partial, FINISH_PARAMETERS,
                              __global REAL *target, const long target_offset) {
  const long at = get_global_id(0), count = plan.rows * plan.columns;
  if (at >= count) return;  // the global size is rounded up
  REAL sum = 0;
  for (long slice = 0; slice < plan.slices; ++slice) sum += partial[slice * count + at];
  const long row = at / plan.columns, column = at - row * plan.columns;
  const long place = target_of(plan, row) + column;
  target[target_offset + place] = FINISHED(sum, place, column);
}
