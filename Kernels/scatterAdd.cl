// scatterAdd.cl: rows added to the rows they were gathered from; the adjoint of gather.
//
//   y[b, r, c] = beta y[b, r, c] + sum over k with index[b, k] = r of x[b, k, c]
//
// x: [batch, count, width], y: [batch, source rows, width], unit stride along the width. The inverse index
// lists the k of each r: position[start[r]] ... position[start[r + 1] - 1], ascending; one list serves every
// b (list_step 0) or each b has its own (list_step 1). Work: dimension 0 walks the width, dimension 1 batch *
// source rows and strides on where the grid ends. Deterministic: one work-item owns a destination and adds in
// ascending k; no atomics.
__kernel void scatterAdd(const long batch, const long rows, const long count, const long width,
                         const long list_step, __global const int *start, const long start_offset,
                         __global const int *position, const long position_offset, const REAL beta,
                         __global const REAL *x, const long x_offset, const long x_batch, const long x_row,
                         __global REAL *y, const long y_offset, const long y_batch, const long y_row) {
  const long c = get_global_id(0);
  if (c >= width) return;  // the global size is rounded up
  for (long i = get_global_id(1); i < batch * rows; i += get_global_size(1)) {
    const long b = i / rows, r = i - b * rows;
    const long to = y_offset + b * y_batch + r * y_row + c;
    const long list = b * list_step, first = start_offset + list * (rows + 1) + r;
    const int end = start[first + 1];
    REAL sum = 0;
    for (int p = start[first]; p < end; ++p)
      sum += x[x_offset + b * x_batch + position[position_offset + list * count + p] * x_row + c];
    // With beta = 0 the old content, NaN included, has no influence.
    y[to] = beta != 0 ? beta * y[to] + sum : sum;
  }
}
