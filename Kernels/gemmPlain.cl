// gemmPlain.cl: batched matrix product, one work-item per element of c: the readable twin of gemm.cl.
//
//   c = activation(alpha a b + beta c + bias)          for every matrix of the batch
//
// Operands are given by their strides along rows and along columns, so a transpose needs no kernel of its
// own. It checks each form of gemm.cl at its first use on a device, and takes its place where that fails.
// Deterministic: one work-item adds in ascending k, in REAL.
__kernel void gemmPlain(const long m, const long n, const long k, const long batches, const REAL alpha,
                        __global const REAL *a, const long a_offset, const long a_row, const long a_column,
                        const long a_batch, __global const REAL *b, const long b_offset, const long b_row,
                        const long b_column, const long b_batch, const REAL beta, __global REAL *c,
                        const long c_offset, const long c_leading, const long c_batch,
                        __global const REAL *bias, const long bias_offset, const int bias_axis,
                        const int is_relu) {
  const long at = get_global_id(0);
  if (at >= batches * m * n) return;  // the global size is rounded up
  const long line = at / n, column = at - line * n, batch = line / m, row = line - batch * m;
  a += a_offset + batch * a_batch + row * a_row;
  b += b_offset + batch * b_batch + column * b_column;
  REAL sum = 0;
  for (long depth = 0; depth < k; ++depth) sum += a[depth * a_column] * b[depth * b_row];
  __global REAL *to = c + c_offset + batch * c_batch + row * c_leading + column;
  *to = finish(sum, alpha, beta, to, bias + bias_offset, bias_axis, is_relu, row, column);
}
