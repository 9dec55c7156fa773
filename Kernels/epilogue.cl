// epilogue.cl: what is applied to an element of a matrix product as it is written.
//
//   activation(alpha sum + beta c + bias)
//
// bias_axis: 0 none, 1 one value per column, 2 one per row. is_relu: 1 cuts at 0.
REAL finish(REAL sum, const REAL alpha, const REAL beta, __global const REAL *c, __global const REAL *bias,
            const int bias_axis, const int is_relu, const long row, const long column) {
  sum *= alpha;
  if (beta != 0) sum += beta * *c;  // with beta = 0 the old content, NaN included, has no influence
  if (bias_axis == 1) sum += bias[column];
  if (bias_axis == 2) sum += bias[row];
  if (is_relu) sum = sum < 0 ? (REAL)0 : sum;  // a NaN comes through
  return sum;
}
