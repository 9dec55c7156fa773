// convolution.cl: pixels under a moving window times a weight, and the gradient by the weight; channels last.
//
//   convolve:        target[p, o] = activation(scale[o] s + bias[o] + factor residual[p, o]),
//                    s = sum over taps t and channels c of source[pixel(p, t), c] weight[t, c, o]
//   filterGradient:  partial[o, t, c] = sum over pixels p of dy[p, o] x[pixel(p, t), c]
//
// Grid pixel (i, j) has its window's first tap at pixel (top + step i, left + step j) of the same picture; the
// others follow tap_step pixels apart, row by row. What lies outside a picture counts as 0. A convolution has the
// results as its grid and tap_step 1. Its gradient by the pictures has tap_step -1 and one launch for every
// remainder that a pixel leaves divided by the stride: those share their taps, and each gathers the results
// that it had a part in. So every kernel is a matrix product whose left (or right) operand is never stored.
// Operands: source, x [batch, height, width, channels]; weight [taps, channels, columns]; dy [pixels, rows];
// target [batch, target height, target width, columns], of which every target_step-th pixel is written.
// Work and tiles: as in gemm.cl. Rows are grid pixels (filterGradient: outputs), columns are outputs (taps and
// channels), the depth is taps and channels (grid pixels). An item fetches for one depth of every panel (one
// column), so that it divides seldom.
// Where tiles are few the host cuts the depth into slices: each writes its sum to partial [slice, row, column],
// and a second kernel adds the slices in order; filterGradient always ends so.
// Deterministic: tiles and slices depend on the shape alone. Sums are kept in REAL. Epilogue: epilogue.cl.
// Build-time: TILE_M, TILE_N, TILE_K, ITEM_M, ITEM_N; a group's size is a multiple of each TILE.
#define GROUP_M (TILE_M / ITEM_M)
#define GROUP_N (TILE_N / ITEM_N)
#define GROUP (GROUP_M * GROUP_N)
#define A_LOADS (TILE_M * TILE_K / GROUP)
#define B_LOADS (TILE_N * TILE_K / GROUP)

typedef struct {
  long rows, columns, depth;     // of the product
  long slices, slice_length;     // of the depth
  long grid_height, grid_width;  // windows per picture
  long height, width, channels;  // of the pictures under the windows
  long step, top, left;          // where windows begin
  long taps_across, tap_step;    // taps per row of a window
  long target_height, target_width, target_step, target_top, target_left;
} Plan;

// No tap leads from here into a picture.
#define FAR_OUTSIDE (-(1 << 30))

// The tile that this item works on.
#define OWN_TILE                                                                                      \
  const uint item = get_local_id(0), item_row = item / GROUP_N, item_column = item % GROUP_N;         \
  const long column_tiles = (plan.columns + TILE_N - 1) / TILE_N;                                     \
  const long row_tiles = (plan.rows + TILE_M - 1) / TILE_M;                                           \
  const long row_group = get_group_id(0) / column_tiles, slice = row_group / row_tiles;               \
  const long column0 = (get_group_id(0) - row_group * column_tiles) * TILE_N;                         \
  const long row0 = (row_group - slice * row_tiles) * TILE_M;                                         \
  const long begin = slice * plan.slice_length, end = min(plan.depth, begin + plan.slice_length);     \
  const int height = plan.height, width = plan.width, channels = plan.channels;                       \
  REAL next_a[A_LOADS], next_b[B_LOADS], sum[ITEM_M][ITEM_N];                                         \
  for (int i = 0; i < ITEM_M; ++i)                                                                    \
    for (int j = 0; j < ITEM_N; ++j) sum[i][j] = 0;

// All panels of the depth: the next one is fetched into registers while this one is used.
#define MULTIPLY                                                                                      \
  FETCH(begin)                                                                                        \
  for (long k0 = begin; k0 < end; k0 += TILE_K) {                                                     \
    barrier(CLK_LOCAL_MEM_FENCE); /* the panel before is used up */                                   \
    for (int load = 0; load < A_LOADS; ++load) tile_a[A_DEPTH(load)][A_ROW(load)] = next_a[load];     \
    for (int load = 0; load < B_LOADS; ++load) tile_b[B_DEPTH(load)][B_COLUMN(load)] = next_b[load];  \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                     \
    FETCH(k0 + TILE_K)                                                                                \
    for (int depth = 0; depth < TILE_K; ++depth) {                                                    \
      REAL one[ITEM_M], other[ITEM_N];                                                                \
      for (int i = 0; i < ITEM_M; ++i) one[i] = tile_a[depth][item_row + i * GROUP_M];                \
      for (int j = 0; j < ITEM_N; ++j) other[j] = tile_b[depth][item_column + j * GROUP_N];           \
      for (int i = 0; i < ITEM_M; ++i)                                                                \
        for (int j = 0; j < ITEM_N; ++j) sum[i][j] += one[i] * other[j];                              \
    }                                                                                                 \
  }

// MARK: - The convolution, and its gradient by the pictures

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

#define A_ROW(load) ((item + (load)*GROUP) / TILE_K)
#define A_DEPTH(load) (item % TILE_K)
#define B_COLUMN(load) (item % TILE_N)
#define B_DEPTH(load) ((item + (load)*GROUP) / TILE_N)

#define FETCH(k0)                                                                                     \
  {                                                                                                   \
    const int depth = (k0) + A_DEPTH(0), tap = depth / channels, c = depth - tap * channels;          \
    const int tap_row = tap / taps_across, tap_column = tap - tap_row * taps_across;                  \
    const int down = tap_row * tap_step, right = tap_column * tap_step;                               \
    const long shift = ((long)down * width + right) * channels + c;                                   \
    for (int load = 0; load < A_LOADS; ++load) {                                                      \
      const int row = top[load] + down, column = left[load] + right;                                  \
      const int is_inside = depth < end && row >= 0 && row < height && column >= 0 && column < width; \
      next_a[load] = is_inside ? source[origin[load] + shift] : (REAL)0;                              \
    }                                                                                                 \
    for (int load = 0; load < B_LOADS; ++load) {                                                      \
      const long column = column0 + B_COLUMN(load), line = (k0) + B_DEPTH(load);                      \
      next_b[load] = column < plan.columns && line < end ? weight[line * plan.columns + column] : (REAL)0; \
    }                                                                                                 \
  }

__kernel void convolve(const Plan plan, __global const REAL *source, const long source_offset,
                       __global const REAL *weight, const long weight_offset, FINISH_PARAMETERS,
                       __global REAL *target, const long target_offset) {
  // One word of padding keeps the transposing stores of neighbours in different banks.
  __local REAL tile_a[TILE_K][TILE_M + 1], tile_b[TILE_K][TILE_N + 1];
  OWN_TILE
  const int taps_across = plan.taps_across, tap_step = plan.tap_step;
  source += source_offset;
  weight += weight_offset;
  // Where the windows begin that this item fetches from, and the place of their first pixels.
  int top[A_LOADS], left[A_LOADS];
  long origin[A_LOADS];
  for (int load = 0; load < A_LOADS; ++load) {
    const long row = row0 + A_ROW(load);
    const long line = row / plan.grid_width, j = row - line * plan.grid_width;
    const long picture = line / plan.grid_height, i = line - picture * plan.grid_height;
    top[load] = row < plan.rows ? (int)(plan.top + i * plan.step) : FAR_OUTSIDE;
    left[load] = plan.left + j * plan.step;
    origin[load] = ((picture * height + top[load]) * width + left[load]) * channels;
  }
  MULTIPLY
  for (int i = 0; i < ITEM_M; ++i) {
    const long row = row0 + item_row + i * GROUP_M;
    const long base = row < plan.rows && plan.slices == 1 ? target_of(plan, row) : 0;
    for (int j = 0; j < ITEM_N; ++j) {
      const long column = column0 + item_column + j * GROUP_N;
      if (row < plan.rows && column < plan.columns) {
        if (plan.slices > 1)
          target[(slice * plan.rows + row) * plan.columns + column] = sum[i][j];
        else
          target[target_offset + base + column] = FINISHED(sum[i][j], base + column, column);
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

#undef A_ROW
#undef A_DEPTH
#undef B_COLUMN
#undef B_DEPTH
#undef FETCH

// MARK: - The gradient by the weight

#define A_ROW(load) (item % TILE_M)
#define A_DEPTH(load) ((item + (load)*GROUP) / TILE_M)
#define B_COLUMN(load) (item % TILE_N)
#define B_DEPTH(load) ((item + (load)*GROUP) / TILE_N)

// Fetches a panel, and moves on to the next one's windows.
#define FETCH(k0)                                                                                     \
  for (int load = 0; load < A_LOADS; ++load) {                                                        \
    const long row = row0 + A_ROW(load), pixel = (k0) + A_DEPTH(load);                                \
    next_a[load] = row < plan.rows && pixel < end ? dy[pixel * plan.rows + row] : (REAL)0;            \
  }                                                                                                   \
  for (int load = 0; load < B_LOADS; ++load) {                                                        \
    const int row = i[load] * step + down, column = j[load] * step + right;                           \
    const int is_inside = has_column && (k0) + B_DEPTH(load) < end && row >= 0 && row < height &&     \
                          column >= 0 && column < width;                                              \
    next_b[load] = is_inside ? x[origin[load] + ((long)row * width + column) * channels] : (REAL)0;   \
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
  __local REAL tile_a[TILE_K][TILE_M + 1], tile_b[TILE_K][TILE_N + 1];
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
  for (int load = 0; load < B_LOADS; ++load) {
    const long pixel = begin + B_DEPTH(load);
    const long line = pixel / grid_width, picture = line / grid_height;
    j[load] = pixel - line * grid_width;
    i[load] = line - picture * grid_height;
    origin[load] = picture * picture_size + c;
  }
  MULTIPLY
  for (int m = 0; m < ITEM_M; ++m)
    for (int n = 0; n < ITEM_N; ++n) {
      const long row = row0 + item_row + m * GROUP_M, column = column0 + item_column + n * GROUP_N;
      if (row < plan.rows && column < plan.columns)
        partial[(slice * plan.rows + row) * plan.columns + column] = sum[m][n];
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
