// gather.cl: rows picked by number.
//
//   y[b, k, c] = x[b, index[b, k], c]
//
// x: [batch, source rows, width], y: [batch, count, width], unit stride along the width.
// One list of numbers serves every b (list_stride 0) or each b has its own (list_stride = count).
// Work: `lanes` items (a power of two) own a row of y and take every lanes-th element.
__kernel void gather(const long batch, const long count, const long width, const long lanes,
                     __global const int *index, const long index_offset, const long list_stride,
                     __global const REAL *x, const long x_offset, const long x_batch, const long x_row,
                     __global REAL *y, const long y_offset, const long y_batch, const long y_row) {
  const int step = lanes, lane = get_local_id(0) & (step - 1);
  const long row = get_global_id(0) / step;
  if (row >= batch * count) return;  // the global size is rounded up
  const long b = row / count, k = row - b * count;
  x += x_offset + b * x_batch + index[index_offset + b * list_stride + k] * x_row;
  y += y_offset + b * y_batch + k * y_row;
  for (long c = lane; c < width; c += step) y[c] = x[c];
}
