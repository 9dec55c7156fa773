// gemm.cl: batched matrix product in tiles of local memory.
//
//   c = activation(alpha a b + beta c + bias)          for every matrix of the batch
//
// a: [m, k] in memory when A_ALONG_DEPTH, else [k, m].  b: [n, k] in memory when B_ALONG_DEPTH, else [k, n].
// c: [m, n]. Each has a leading dimension and a batch stride (0 shares one matrix). Epilogue: epilogue.cl.
// Work: a work-group owns one tile of c; how it is fetched and multiplied: tiles.cl, fma.cl or
// matrixUnits.cl.
// Where the tiles of c are too few to fill a device the host cuts k into slices: each (tile, slice) writes
// its sum to partial [slice, batch, m, n], and gemmCombine adds the slices in order and applies the rest.
// Deterministic: tiles and slices depend on the shape alone. Sums are kept in REAL.
// Build-time: those of the tiles; A_VECTOR (B_VECTOR) divides a's (b's) offset, leading dimension and stride.

// Where in its matrix a fetch finds its words, and how many are there.
#if A_ALONG_DEPTH
#define A_AT(row, depth) ((row)*a_leading + (depth))
#define A_LEFT(load) (A_ROW(load) < rows ? depths - A_DEPTH(load) : 0)
#else
#define A_AT(row, depth) ((depth)*a_leading + (row))
#define A_LEFT(load) (A_DEPTH(load) < depths ? rows - A_ROW(load) : 0)
#endif
#if B_ALONG_DEPTH
#define B_AT(column, depth) ((column)*b_leading + (depth))
#define B_LEFT(load) (B_COLUMN(load) < columns ? depths - B_DEPTH(load) : 0)
#else
#define B_AT(column, depth) ((depth)*b_leading + (column))
#define B_LEFT(load) (B_DEPTH(load) < depths ? columns - B_COLUMN(load) : 0)
#endif

#define FETCH(k0)                                                                    \
  {                                                                                  \
    const int depths = min(k_end - (k0), (long)TILE_K);                              \
    UNROLLED for (int load = 0; load < A_LOADS; ++load)                              \
      PUT_A(load, a + A_AT(row0 + A_ROW(load), (k0) + A_DEPTH(load)), A_LEFT(load)); \
    UNROLLED for (int load = 0; load < B_LOADS; ++load)                              \
      PUT_B(load, b + B_AT(column0 + B_COLUMN(load), (k0) + B_DEPTH(load)), B_LEFT(load)); \
  }

__kernel void gemm(const long m, const long n, const long k, const long batches, const long slices,
                   const long slice_length, const REAL alpha, __global const REAL *a, const long a_offset,
                   const long a_leading, const long a_batch, __global const REAL *b, const long b_offset,
                   const long b_leading, const long b_batch, const REAL beta, __global REAL *c,
                   const long c_offset, const long c_leading, const long c_batch, __global const REAL *bias,
                   const long bias_offset, const int bias_axis, const int is_relu) {
  TILES
  const long column_tiles = (n + TILE_N - 1) / TILE_N, row_tiles = (m + TILE_M - 1) / TILE_M;
  // (slice, batch, row tile, column tile), column tiles fastest. Remainders by hand: one division gives both.
  const long row_group = get_group_id(0) / column_tiles, matrix = row_group / row_tiles;
  const long column0 = (get_group_id(0) - row_group * column_tiles) * TILE_N;
  const long row0 = (row_group - matrix * row_tiles) * TILE_M;
  const long slice = matrix / batches, batch = matrix - slice * batches;
  const long k_begin = slice * slice_length, k_end = min(k, k_begin + slice_length);
  a += a_offset + batch * a_batch;
  b += b_offset + batch * b_batch;
  const int rows = min(m - row0, (long)TILE_M), columns = min(n - column0, (long)TILE_N);
  SUMS
  MULTIPLY(k_begin, k_end)
  UNROLLED
  for (int i = 0; i < ITEM_M; ++i)
    UNROLLED
    for (int j = 0; j < ITEM_N; ++j) {
      const long row = row0 + SUM_ROW(i), column = column0 + SUM_COLUMN(j);
      if (row < m && column < n) {
        if (slices > 1) {
          c[((slice * batches + batch) * m + row) * n + column] = SUM(i, j);
        } else {
          __global REAL *to = c + c_offset + batch * c_batch + row * c_leading + column;
          *to = finish(SUM(i, j), alpha, beta, to, bias + bias_offset, bias_axis, is_relu, row, column);
        }
      }
    }
}

// c = activation(alpha * (sum of the slices) + beta c + bias); one work-item per element of c.
__kernel void gemmCombine(const long m, const long n, const long batches, const long slices, const REAL alpha,
                          __global const REAL *partial, const REAL beta, __global REAL *c,
                          const long c_offset, const long c_leading, const long c_batch,
                          __global const REAL *bias, const long bias_offset, const int bias_axis,
                          const int is_relu) {
  const long at = get_global_id(0), count = batches * m * n;
  if (at >= count) return;  // the global size is rounded up
  REAL sum = 0;
  for (long slice = 0; slice < slices; ++slice) sum += partial[slice * count + at];
  const long line = at / n, column = at - line * n, batch = line / m, row = line - batch * m;
  __global REAL *to = c + c_offset + batch * c_batch + row * c_leading + column;
  *to = finish(sum, alpha, beta, to, bias + bias_offset, bias_axis, is_relu, row, column);
}
