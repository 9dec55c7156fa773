// gather.cl: rows picked by number.
//
//   y[b, k, c] = x[b, index[b, k], c]
//
// x: [batch, source rows, width], y: [batch, count, width], unit stride along the width.
// One list of numbers serves every b (list_stride 0) or each b has its own (list_stride = count).
// Work: dimension 0 walks the width, dimension 1 batch * count and strides on where the grid ends.
__kernel void gather(const long batch, const long count, const long width, __global const int *index,
                     const long index_offset, const long list_stride, __global const REAL *x, const long x_offset, const long x_batch,
                     const long x_row, __global REAL *y, const long y_offset, const long y_batch,
                     const long y_row) {
  const long c = get_global_id(0);
  if (c >= width) return;  // the global size is rounded up
  for (long i = get_global_id(1); i < batch * count; i += get_global_size(1)) {
    const long b = i / count, k = i - b * count;
    y[y_offset + b * y_batch + k * y_row + c] =
        x[x_offset + b * x_batch + index[index_offset + b * list_stride + k] * x_row + c];
  }
}
