// moments.cl: weighted mean and population variance per column, by Welford's method with Chan's merge.
//
//   mean[c] = sum of w[r] x[b, r, c] / sum of w
//   variance[c] = sum of w[r] (x[b, r, c] - mean[c])^2 / sum of w
//
// x: [batch, rows, columns], unit stride along the columns.  w: [rows] or absent (each row counts once).
// Work: moments gives each chunk of batch * rows its weight, mean and sum of squared distances, partial
// [3, chunk, column]. A work-group of GROUP items owns GROUP / lanes columns; the lanes of a column take
// every lanes-th row and a tree merges them. mergeMoments joins the chunks likewise.
// Deterministic: chunks and trees depend on the shape alone. The differences from a running mean keep
// a large common offset from swallowing the variance; a lane keeps what rounding takes from its sums.
// Build-time: GROUP (a power of two), INDEX (int where batch * rows fits, else long), WEIGHTED.

// Joins two groups of samples (Chan, Golub and LeVeque, 1983): weights w, means m, squared distances q.
#define MERGE(w, m, q, w2, m2, q2)                           \
  {                                                          \
    const REAL total = (w) + (w2);                           \
    if (total != 0) {                                        \
      const REAL distance = (m2) - (m), part = (w2) / total; \
      (m) += distance * part;                                \
      (q) += (q2) + distance * distance * (w)*part;          \
      (w) = total;                                           \
    }                                                        \
  }

// Adds a small term to a sum and keeps what rounding took away (Neumaier, 1974); only additions, which no
// compiler may contract.
#define ADD(sum, rest, term)            \
  {                                     \
    const REAL added = (term) + (rest); \
    const REAL next = (sum) + added;    \
    (rest) = added - (next - (sum));    \
    (sum) = next;                       \
  }

// The column and lane of this item.
#define OWN_COLUMN                                                                        \
  __local REAL tree[3][GROUP]; /* [lane][column] */                                       \
  const int item = get_local_id(0), width = GROUP / lanes, lane = item / width;           \
  const long column = (long)get_group_id(0) * width + (item & (width - 1));

// Joins the lanes' w, m and q into those of lane 0.
#define MERGE_LANES                                                                       \
  tree[0][item] = w;                                                                      \
  tree[1][item] = m;                                                                      \
  tree[2][item] = q;                                                                      \
  for (int span = lanes / 2; span > 0; span /= 2) {                                       \
    barrier(CLK_LOCAL_MEM_FENCE);                                                         \
    if (lane < span) {                                                                    \
      const int other = item + span * width;                                              \
      MERGE(w, m, q, tree[0][other], tree[1][other], tree[2][other])                      \
      tree[0][item] = w;                                                                  \
      tree[1][item] = m;                                                                  \
      tree[2][item] = q;                                                                  \
    }                                                                                     \
  }

__kernel void moments(const long batch, const long rows, const long columns, const long chunk,
                      const long lanes, __global const REAL *x, const long x_offset, const long batch_stride,
                      const long row_stride, __global const REAL *weight, const long weight_offset,
                      __global REAL *partial) {
  OWN_COLUMN
  const long begin = get_group_id(1) * chunk, end = min(begin + chunk, batch * rows);

  REAL w = 0, m = 0, q = 0;
  REAL m_rest = 0, q_rest = 0;  // what rounding has taken from m and q
  if (column < columns)
    SEVERAL_LOADS
    for (long i = begin + lane; i < end; i += lanes) {
      const INDEX length = rows;
      const long b = (INDEX)i / length, r = i - b * rows;
      const REAL value = x[x_offset + b * batch_stride + r * row_stride + column];
#if WEIGHTED
      const REAL step = weight[weight_offset + r];
#else
      const REAL step = 1;
#endif
      if (step != 0) {
        w += step;
        const REAL distance = (value - m) - m_rest;
        ADD(m, m_rest, distance * step / w)
        ADD(q, q_rest, step * distance * ((value - m) - m_rest))
      }
    }

  MERGE_LANES
  if (lane == 0 && column < columns) {
    const long chunks = get_num_groups(1), at = get_group_id(1) * columns + column;
    partial[at] = w;
    partial[chunks * columns + at] = m;
    partial[2 * chunks * columns + at] = q;
  }
}

__kernel void mergeMoments(const long chunks, const long columns, const long lanes,
                           __global const REAL *partial, __global REAL *mean, const long mean_offset,
                           __global REAL *variance, const long variance_offset) {
  OWN_COLUMN
  REAL w = 0, m = 0, q = 0;
  if (column < columns)
    for (long k = lane; k < chunks; k += lanes) {
      const long at = k * columns + column;
      MERGE(w, m, q, partial[at], partial[chunks * columns + at], partial[2 * chunks * columns + at])
    }
  MERGE_LANES
  if (lane == 0 && column < columns) {
    mean[mean_offset + column] = m;
    variance[variance_offset + column] = w != 0 ? q / w : (REAL)0;
  }
}
