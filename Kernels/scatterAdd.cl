// scatterAdd.cl: rows added to the rows they were gathered from; the adjoint of gather.
//
//   y[b, r, c] = beta y[b, r, c] + sum over k with index[b, k] = r of x[b, k, c]
//
// x: [batch, count, width], y: [batch, source rows, width], unit stride along the width. The inverse index
// lists the k of each r: position[start[r]] ... position[start[r + 1] - 1], ascending; one list serves every
// b (list_step 0) or each b has its own (list_step 1). Work: `lanes` items (a power of two) own a row of y
// and take every lanes-th element. Deterministic: one item owns a destination and adds in ascending k; no
// atomics.
__kernel void scatterAdd(const long batch, const long rows, const long count, const long width,
                         const long lanes, const long list_step, __global const int *start,
                         const long start_offset, __global const int *position, const long position_offset,
                         const REAL beta, __global const REAL *x, const long x_offset, const long x_batch,
                         const long x_row, __global REAL *y, const long y_offset, const long y_batch,
                         const long y_row) {
  const int step = lanes, lane = get_local_id(0) & (step - 1);
  const long row = get_global_id(0) / step;
  if (row >= batch * rows) return;  // the global size is rounded up
  const long b = row / rows, r = row - b * rows, list = b * list_step;
  start += start_offset + list * (rows + 1) + r;
  position += position_offset + list * count;
  x += x_offset + b * x_batch;
  y += y_offset + b * y_batch + r * y_row;
  const int begin = start[0], end = start[1];
  for (long c = lane; c < width; c += step) {
    REAL sum = 0;
    for (int p = begin; p < end; ++p) sum += x[position[p] * x_row + c];
    // With beta = 0 the old content, NaN included, has no influence.
    y[c] = beta != 0 ? beta * y[c] + sum : sum;
  }
}
