// spmm.cl: sparse matrix times dense matrix; one work-item per output element.
//
//   y[b, r, c] = alpha * (sum over k in row r of value[k] * x[b, column[k], c]) + beta * z[b, r, c]
//
// A: CSR [rows, inner].  x: [batch, inner, width], y and z: [batch, rows, width], unit stride along the
// width. Work: dimension 0 walks the width, dimension 1 batch * rows and strides on where the grid ends. Each
// row is added in CSR order, so a run repeats bit for bit.
// Build-time: INDEX (int where batch * rows fits, else long).
__kernel void spmm(const long batch, const long rows, const long width, __global const int *row_start,
                   const long row_start_offset, __global const int *column, const long column_offset,
                   __global const REAL *value, const long value_offset, const REAL alpha,
                   __global const REAL *x, const long x_offset, const long x_batch, const long x_row,
                   const REAL beta, __global const REAL *z, const long z_offset, const long z_batch,
                   const long z_row, __global REAL *y, const long y_offset, const long y_batch,
                   const long y_row) {
  const long c = get_global_id(0);
  if (c >= width) return;  // the global size is rounded up
  for (long i = get_global_id(1); i < batch * rows; i += get_global_size(1)) {
    const INDEX length = rows;
    const long b = (INDEX)i / length, r = i - b * rows;
    const int end = row_start[row_start_offset + r + 1];
    const long from = x_offset + b * x_batch + c;
    REAL sum = 0;
    SEVERAL_LOADS
    for (int k = row_start[row_start_offset + r]; k < end; ++k)
      sum += value[value_offset + k] * x[from + column[column_offset + k] * x_row];
    REAL result = alpha * sum;
    if (beta != 0) result += beta * z[z_offset + b * z_batch + r * z_row + c];
    y[y_offset + b * y_batch + r * y_row + c] = result;
  }
}
