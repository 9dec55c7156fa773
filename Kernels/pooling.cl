// pooling.cl: the greatest and the mean value under a moving window, and their gradients; channels last.
//
//   maximumPool:          y[p, c] = greatest x under p's window, choice[p, c] = the first place that holds it
//   averagePool:          y[p, c] = share (sum of x under p's window)
//   maximumPoolGradient:  dx[q, c] = beta dx[q, c] + sum of dy[p, c] over the windows whose choice q is
//   averagePoolGradient:  dx[q, c] = beta dx[q, c] + share (sum of dy[p, c] over the windows that q lies under)
//
// x: [batch, height, width, channels], y: [batch, grid height, grid width, channels], both without gaps;
// choice is of y's shape. The window of grid pixel (i, j) begins at pixel (stride i - padding, stride j -
// padding); place = row * size + column within it.
// Work: `lanes` items (a power of two) own a pixel of what is written and take every lanes-th channel.
// Deterministic: one item owns an element and adds in ascending order of the windows; no atomics.
typedef struct {
  long batch, height, width, channels;
  long grid_height, grid_width;
  long size, stride, padding;
  long lanes;
} Plan;

// Pixel (b, i, j) of pictures of rows x columns pixels, and the lane of this item.
#define OWN_PIXEL(rows, columns)                                            \
  const int lanes = plan.lanes, lane = get_local_id(0) & (lanes - 1);       \
  const int size = plan.size, stride = plan.stride;                         \
  const long own = get_global_id(0) / lanes;                                \
  if (own >= plan.batch * (rows) * (columns)) return; /* rounded up */      \
  const long line = own / (columns), j = own - line * (columns);            \
  const long b = line / (rows), i = line - b * (rows);

// The part of a window that begins at `first` and lies on a picture of `pixels`.
#define FIRST_INSIDE(first) max(0L, -(first))
#define END_INSIDE(first, pixels) min((long)size, (pixels) - (first))

__kernel void maximumPool(const Plan plan, __global const REAL *x, const long x_offset, __global REAL *y,
                          const long y_offset, __global uchar *choice, const long choice_offset) {
  OWN_PIXEL(plan.grid_height, plan.grid_width)
  const long top = i * stride - plan.padding, left = j * stride - plan.padding;
  const int row_end = END_INSIDE(top, plan.height), column_end = END_INSIDE(left, plan.width);
  x += x_offset + ((b * plan.height + top) * plan.width + left) * plan.channels;
  y += y_offset + own * plan.channels;
  choice += choice_offset + own * plan.channels;
  for (long c = lane; c < plan.channels; c += lanes) {
    REAL best = -INFINITY;
    int place = 0;
    for (int row = FIRST_INSIDE(top); row < row_end; ++row)
      for (int column = FIRST_INSIDE(left); column < column_end; ++column) {
        const REAL value = x[(row * plan.width + column) * plan.channels + c];
        // A NaN is not greater, and nothing is greater than it.
        const int takes = value > best || value != value;
        best = takes ? value : best;
        place = takes ? row * size + column : place;
      }
    y[c] = best;
    choice[c] = place;
  }
}

__kernel void averagePool(const Plan plan, const REAL share, __global const REAL *x, const long x_offset,
                          __global REAL *y, const long y_offset) {
  OWN_PIXEL(plan.grid_height, plan.grid_width)
  const long top = i * stride - plan.padding, left = j * stride - plan.padding;
  const int row_end = END_INSIDE(top, plan.height), column_end = END_INSIDE(left, plan.width);
  x += x_offset + ((b * plan.height + top) * plan.width + left) * plan.channels;
  y += y_offset + own * plan.channels;
  for (long c = lane; c < plan.channels; c += lanes) {
    REAL sum = 0;
    for (int row = FIRST_INSIDE(top); row < row_end; ++row)
      for (int column = FIRST_INSIDE(left); column < column_end; ++column)
        sum += x[(row * plan.width + column) * plan.channels + c];
    y[c] = share * sum;
  }
}

// The windows of a grid that an axis' pixel lies under: ascending, from the first that reaches it.
#define FIRST_WINDOW(pixel) ((pixel) + plan.padding < size ? 0 : ((pixel) + plan.padding - size) / stride + 1)
#define LAST_WINDOW(pixel, grid) min(((pixel) + plan.padding) / stride, (grid)-1)

// Item's pixel of dx, and the windows that reach it.
#define OWN_WINDOWS                                                                                   \
  OWN_PIXEL(plan.height, plan.width)                                                                  \
  const long first_row = FIRST_WINDOW(i), last_row = LAST_WINDOW(i, plan.grid_height);                \
  const long first_column = FIRST_WINDOW(j), last_column = LAST_WINDOW(j, plan.grid_width);           \
  dy += dy_offset + b * plan.grid_height * plan.grid_width * plan.channels;                           \
  dx += dx_offset + own * plan.channels;

__kernel void maximumPoolGradient(const Plan plan, const REAL beta, __global const REAL *dy,
                                  const long dy_offset, __global const uchar *choice,
                                  const long choice_offset, __global REAL *dx, const long dx_offset) {
  OWN_WINDOWS
  choice += choice_offset + b * plan.grid_height * plan.grid_width * plan.channels;
  for (long c = lane; c < plan.channels; c += lanes) {
    REAL sum = 0;
    for (long row = first_row; row <= last_row; ++row)
      for (long column = first_column; column <= last_column; ++column) {
        const long at = (row * plan.grid_width + column) * plan.channels + c;
        const int place = (i + plan.padding - row * stride) * size + j + plan.padding - column * stride;
        if (choice[at] == place) sum += dy[at];
      }
    // With beta = 0 the old content, NaN included, has no influence.
    dx[c] = beta != 0 ? beta * dx[c] + sum : sum;
  }
}

__kernel void averagePoolGradient(const Plan plan, const REAL share, const REAL beta, __global const REAL *dy,
                                  const long dy_offset, __global REAL *dx, const long dx_offset) {
  OWN_WINDOWS
  for (long c = lane; c < plan.channels; c += lanes) {
    REAL sum = 0;
    for (long row = first_row; row <= last_row; ++row)
      for (long column = first_column; column <= last_column; ++column)
        sum += dy[(row * plan.grid_width + column) * plan.channels + c];
    sum *= share;
    dx[c] = beta != 0 ? beta * dx[c] + sum : sum;
  }
}
