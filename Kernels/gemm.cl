// gemm.cl: batched matrix product in tiles of local memory.
//
//   c = activation(alpha a b + beta c + bias)          for every matrix of the batch
//
// a: [m, k], or [k, m] in memory when A_TRANSPOSED.  b: [k, n], or [n, k] in memory when B_TRANSPOSED.
// c: [m, n]. Each has a leading dimension and a batch stride (0 shares one matrix). Epilogue: epilogue.cl.
// Work: a work-group of (TILE_M / ITEM_M) * (TILE_N / ITEM_N) items owns one TILE_M x TILE_N tile of c and
// steps through k in panels of TILE_K. Each item keeps ITEM_M x ITEM_N sums in registers, spaced a group's
// height and width apart so that neighbours read neighbouring words. The next panel is fetched into
// registers while this one is used.
// Where the tiles of c are too few to fill a device the host cuts k into slices: each (tile, slice) writes
// its sum to partial [slice, batch, m, n], and gemmCombine adds the slices in order and applies the rest.
// Deterministic: tiles and slices depend on the shape alone. Sums are kept in REAL.
// Build-time: TILE_M, TILE_N, TILE_K, ITEM_M, ITEM_N, A_TRANSPOSED, B_TRANSPOSED.
#define GROUP_M (TILE_M / ITEM_M)
#define GROUP_N (TILE_N / ITEM_N)
#define GROUP (GROUP_M * GROUP_N)
#define A_LOADS (TILE_M * TILE_K / GROUP)
#define B_LOADS (TILE_N * TILE_K / GROUP)

// Neighbouring work-items fetch neighbouring words; these are the places in the tile of the load-th fetch.
#if A_TRANSPOSED
#define A_ROW(load) ((item + (load)*GROUP) % TILE_M)
#define A_DEPTH(load) ((item + (load)*GROUP) / TILE_M)
#define A_AT(row, depth) ((depth)*a_leading + (row))
#else
#define A_ROW(load) ((item + (load)*GROUP) / TILE_K)
#define A_DEPTH(load) ((item + (load)*GROUP) % TILE_K)
#define A_AT(row, depth) ((row)*a_leading + (depth))
#endif
#if B_TRANSPOSED
#define B_COLUMN(load) ((item + (load)*GROUP) / TILE_K)
#define B_DEPTH(load) ((item + (load)*GROUP) % TILE_K)
#define B_AT(column, depth) ((column)*b_leading + (depth))
#else
#define B_COLUMN(load) ((item + (load)*GROUP) % TILE_N)
#define B_DEPTH(load) ((item + (load)*GROUP) / TILE_N)
#define B_AT(column, depth) ((depth)*b_leading + (column))
#endif

// Fetches the panel that starts at depth k0; what lies outside the matrices counts as 0.
#define FETCH(k0)                                                                  \
  for (int load = 0; load < A_LOADS; ++load) {                                     \
    const long row = row0 + A_ROW(load), depth = (k0) + A_DEPTH(load);             \
    next_a[load] = row < m && depth < k_end ? a[A_AT(row, depth)] : (REAL)0;       \
  }                                                                                \
  for (int load = 0; load < B_LOADS; ++load) {                                     \
    const long column = column0 + B_COLUMN(load), depth = (k0) + B_DEPTH(load);    \
    next_b[load] = column < n && depth < k_end ? b[B_AT(column, depth)] : (REAL)0; \
  }

__kernel void gemm(const long m, const long n, const long k, const long batches, const long slices,
                   const long slice_length, const REAL alpha, __global const REAL *a, const long a_offset,
                   const long a_leading, const long a_batch, __global const REAL *b, const long b_offset,
                   const long b_leading, const long b_batch, const REAL beta, __global REAL *c,
                   const long c_offset, const long c_leading, const long c_batch, __global const REAL *bias,
                   const long bias_offset, const int bias_axis, const int is_relu) {
  // One word of padding keeps the transposing stores of neighbours in different banks.
  __local REAL tile_a[TILE_K][TILE_M + 1], tile_b[TILE_K][TILE_N + 1];
  const uint item = get_local_id(0), item_row = item / GROUP_N, item_column = item % GROUP_N;
  const long column_tiles = (n + TILE_N - 1) / TILE_N, row_tiles = (m + TILE_M - 1) / TILE_M;
  // (slice, batch, row tile, column tile), column tiles fastest. Remainders by hand: one division gives both.
  const long row_group = get_group_id(0) / column_tiles, matrix = row_group / row_tiles;
  const long column0 = (get_group_id(0) - row_group * column_tiles) * TILE_N;
  const long row0 = (row_group - matrix * row_tiles) * TILE_M;
  const long slice = matrix / batches, batch = matrix - slice * batches;
  const long k_begin = slice * slice_length, k_end = min(k, k_begin + slice_length);
  a += a_offset + batch * a_batch;
  b += b_offset + batch * b_batch;

  REAL sum[ITEM_M][ITEM_N];
  for (int i = 0; i < ITEM_M; ++i)
    for (int j = 0; j < ITEM_N; ++j) sum[i][j] = 0;

  REAL next_a[A_LOADS], next_b[B_LOADS];
  FETCH(k_begin)
  for (long k0 = k_begin; k0 < k_end; k0 += TILE_K) {
    barrier(CLK_LOCAL_MEM_FENCE);  // the panel before is used up
    for (int load = 0; load < A_LOADS; ++load) tile_a[A_DEPTH(load)][A_ROW(load)] = next_a[load];
    for (int load = 0; load < B_LOADS; ++load) tile_b[B_DEPTH(load)][B_COLUMN(load)] = next_b[load];
    barrier(CLK_LOCAL_MEM_FENCE);
    FETCH(k0 + TILE_K)
    for (int depth = 0; depth < TILE_K; ++depth) {
      REAL left[ITEM_M], right[ITEM_N];
      for (int i = 0; i < ITEM_M; ++i) left[i] = tile_a[depth][item_row + i * GROUP_M];
      for (int j = 0; j < ITEM_N; ++j) right[j] = tile_b[depth][item_column + j * GROUP_N];
      for (int i = 0; i < ITEM_M; ++i)
        for (int j = 0; j < ITEM_N; ++j) sum[i][j] += left[i] * right[j];
    }
  }

  for (int i = 0; i < ITEM_M; ++i)
    for (int j = 0; j < ITEM_N; ++j) {
      const long row = row0 + item_row + i * GROUP_M, column = column0 + item_column + j * GROUP_N;
      if (row < m && column < n) {
        if (slices > 1) {
          c[((slice * batches + batch) * m + row) * n + column] = sum[i][j];
        } else {
          __global REAL *to = c + c_offset + batch * c_batch + row * c_leading + column;
          *to = finish(sum[i][j], alpha, beta, to, bias + bias_offset, bias_axis, is_relu, row, column);
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
