// transport.cl: passes over rows of Gibbs kernels of a batch, for entropic optimal transport.
//
//   gibbsKernel      K = exp((similarity - 1) / temperature), with sums over the columns of K weighted
//   alternate        rows = step(K x), with sums over the columns of K weighted by rows
//   project          mass = K b, warped = K (b points) / mass, match = arg max over j of K[i, j] b[j]
//   backproject      sums over the columns of K (gradient points + gradient[3])
//   lowRankHadamard  result = scale K * (left' right), element by element
//   mergeColumns     sums = beta sums + the partial sums of all panels
//
// A kernel is [batch, rows, columns], unit stride along the columns, in REAL or bfloat16. In the shifted form
// (SHIFTED) what is stored is K divided by row_scale, and the greatest element of each row is 1.
// Work: a work-group of GROUP items owns a panel of PANEL rows of one matrix (project: one row). Sums along a
// row are taken over every GROUP-th column and joined in a tree; then each item adds up the panel's rows for
// every GROUP-th column, and writes partial[batch, panel, column]. mergeColumns adds the panels in order. A
// panel is read twice by one group in short order: the second time from cache.
// Deterministic: panels and trees depend on the shape alone.
// Build-time: GROUP (a power of two, at least PANEL), PANEL, BFLOAT16 (1: kernels hold bfloat16), SHIFTED.
#if BFLOAT16
#define STORED ushort
#define WIDEN(bits) as_float((uint)(bits) << 16)
#define NARROW(x) ((ushort)((as_uint(x) + 0x7fff + ((as_uint(x) >> 16) & 1)) >> 16))
#else
#define STORED REAL
#define WIDEN(x) (x)
#define NARROW(x) (x)
#endif

// How many rows this group's panel has, and where they begin.
#define PANEL_ROWS                                       \
  const int item = get_local_id(0);                      \
  const long batch = get_group_id(1);                    \
  const long first = (long)get_group_id(0) * PANEL;      \
  const int height = min((long)PANEL, rows - first);     \
  const long panel = batch * get_num_groups(0) + get_group_id(0);

// Joins tree[r][0 ..< GROUP] into tree[r][0] for every row r of the panel. All items must arrive.
#define JOIN_ROWS(COMBINE)                                                                           \
  for (int span = GROUP / 2; span > 0; span /= 2) {                                                  \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                    \
    if (item < span)                                                                                 \
      for (int r = 0; r < PANEL; ++r) tree[r][item] = COMBINE(tree[r][item], tree[r][item + span]); \
  }                                                                                                  \
  barrier(CLK_LOCAL_MEM_FENCE);

#define SUM(a, b) ((a) + (b))
#define GREATER(a, b) ((b) > (a) ? (b) : (a))

__kernel void gibbsKernel(const long rows, const long columns, __global const REAL *similarity,
                          const long similarity_offset, const long similarity_batch,
                          const long similarity_row, const REAL slope, __global STORED *gibbs,
                          const long gibbs_offset, const long gibbs_batch, const long gibbs_row,
                          __global REAL *row_scale, const long scale_offset, const long scale_batch,
                          const int is_summing, __global const REAL *weight, const long weight_offset,
                          const long weight_batch, __global REAL *partial) {
  __local REAL peak[PANEL], weights[PANEL];
  PANEL_ROWS
  const long from = similarity_offset + batch * similarity_batch + first * similarity_row;
  const long to = gibbs_offset + batch * gibbs_batch + first * gibbs_row;
#if SHIFTED
  __local REAL tree[PANEL][GROUP];
  for (int r = 0; r < PANEL; ++r) {
    REAL greatest = -INFINITY;
    if (r < height)
      for (long j = item; j < columns; j += GROUP)
        greatest = GREATER(greatest, similarity[from + r * similarity_row + j]);
    tree[r][item] = greatest;
  }
  JOIN_ROWS(GREATER)
#endif
  if (item < height) {
    REAL scale = 1;
    peak[item] = 1;
#if SHIFTED
    peak[item] = tree[item][0];
    scale = exp((peak[item] - 1) * slope);
    row_scale[scale_offset + batch * scale_batch + first + item] = scale;
#endif
    weights[item] = is_summing ? weight[weight_offset + batch * weight_batch + first + item] * scale : 0;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (long j = item; j < columns; j += GROUP) {
    REAL sum = 0;
    for (int r = 0; r < height; ++r) {
      const REAL exact = exp((similarity[from + r * similarity_row + j] - peak[r]) * slope);
      const STORED value = NARROW(exact);
      gibbs[to + r * gibbs_row + j] = value;
      sum += WIDEN(value) * weights[r];
    }
    if (is_summing) partial[panel * columns + j] = sum;
  }
}

__kernel void alternate(const long rows, const long columns, __global const STORED *gibbs,
                        const long gibbs_offset, const long gibbs_batch, const long gibbs_row,
                        __global const REAL *row_scale, const long scale_offset, const long scale_batch,
                        __global const REAL *x, const long x_offset, const long x_batch,
                        const int is_adjoint, const REAL marginal, const REAL constant_term,
                        __global const REAL *scaling, const long scaling_offset, const long scaling_batch,
                        __global REAL *result, const long result_offset, const long result_batch,
                        __global REAL *partial) {
  __local REAL tree[PANEL][GROUP], weights[PANEL];
  PANEL_ROWS
  const long from = gibbs_offset + batch * gibbs_batch + first * gibbs_row;
  REAL sums[PANEL];
  for (int r = 0; r < PANEL; ++r) sums[r] = 0;
  for (long j = item; j < columns; j += GROUP) {
    const REAL factor = x[x_offset + batch * x_batch + j];
    for (int r = 0; r < PANEL; ++r)
      if (r < height) sums[r] += WIDEN(gibbs[from + r * gibbs_row + j]) * factor;
  }
  for (int r = 0; r < PANEL; ++r) tree[r][item] = sums[r];
  JOIN_ROWS(SUM)
  if (item < height) {
    const long row = first + item;
#if SHIFTED
    const REAL scale = row_scale[scale_offset + batch * scale_batch + row];
#else
    const REAL scale = 1;
#endif
    const REAL sum = tree[item][0] * scale;
    REAL value;
    if (is_adjoint) {
      const REAL saved = scaling[scaling_offset + batch * scaling_batch + row];
      value = -(sum * saved * (saved / marginal));
    } else {
      value = marginal / (sum + constant_term);
    }
    result[result_offset + batch * result_batch + row] = value;
    weights[item] = value * scale;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (long j = item; j < columns; j += GROUP) {
    REAL sum = 0;
    for (int r = 0; r < height; ++r) sum += WIDEN(gibbs[from + r * gibbs_row + j]) * weights[r];
    partial[panel * columns + j] = sum;
  }
}

// Work: group (row, batch).
__kernel void project(const long columns, __global const STORED *gibbs,
                      const long gibbs_offset, const long gibbs_batch, const long gibbs_row,
                      __global const REAL *weight, const long weight_offset, const long weight_batch,
                      __global const REAL *points, const long points_offset, const long points_batch,
                      const long points_row, __global REAL *warped, const long warped_offset,
                      const long warped_batch, const long warped_row, __global REAL *mass,
                      const long mass_offset, const long mass_batch, __global int *match,
                      const long match_offset, const long match_batch) {
  __local REAL sums[4][GROUP], best[GROUP];
  __local int place[GROUP];
  const int item = get_local_id(0);
  const long row = get_group_id(0), batch = get_group_id(1);
  const long from = gibbs_offset + batch * gibbs_batch + row * gibbs_row;
  REAL total = 0, x = 0, y = 0, z = 0, greatest = -INFINITY;
  int at = INT_MAX;
  for (long j = item; j < columns; j += GROUP) {
    const REAL share = WIDEN(gibbs[from + j]) * weight[weight_offset + batch * weight_batch + j];
    const long point = points_offset + batch * points_batch + j * points_row;
    total += share;
    x += share * points[point];
    y += share * points[point + 1];
    z += share * points[point + 2];
    if (share > greatest) {
      greatest = share;
      at = j;
    }
  }
  sums[0][item] = total;
  sums[1][item] = x;
  sums[2][item] = y;
  sums[3][item] = z;
  best[item] = greatest;
  place[item] = at;
  for (int span = GROUP / 2; span > 0; span /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < span) {
      for (int c = 0; c < 4; ++c) sums[c][item] += sums[c][item + span];
      const REAL other = best[item + span];
      if (other > best[item] || (other == best[item] && place[item + span] < place[item])) {
        best[item] = other;
        place[item] = place[item + span];
      }
    }
  }
  if (item == 0) {
    mass[mass_offset + batch * mass_batch + row] = sums[0][0];
    for (int c = 0; c < 3; ++c)
      warped[warped_offset + batch * warped_batch + row * warped_row + c] = sums[c + 1][0] / sums[0][0];
    match[match_offset + batch * match_batch + row] = place[0] == INT_MAX ? 0 : place[0];
  }
}

__kernel void backproject(const long rows, const long columns, __global const STORED *gibbs,
                          const long gibbs_offset, const long gibbs_batch, const long gibbs_row,
                          __global const REAL *gradient, const long gradient_offset,
                          const long gradient_batch, const long gradient_row, __global const REAL *points,
                          const long points_offset, const long points_batch, const long points_row,
                          __global REAL *partial) {
  __local REAL slope[4][PANEL];
  PANEL_ROWS
  if (item < height)
    for (int c = 0; c < 4; ++c)
      slope[c][item] = gradient[gradient_offset + batch * gradient_batch + c * gradient_row + first + item];
  barrier(CLK_LOCAL_MEM_FENCE);
  const long from = gibbs_offset + batch * gibbs_batch + first * gibbs_row;
  for (long j = item; j < columns; j += GROUP) {
    const long point = points_offset + batch * points_batch + j * points_row;
    const REAL x = points[point], y = points[point + 1], z = points[point + 2];
    REAL sum = 0;
    for (int r = 0; r < height; ++r)
      sum += WIDEN(gibbs[from + r * gibbs_row + j]) *
             (slope[0][r] * x + slope[1][r] * y + slope[2][r] * z + slope[3][r]);
    partial[panel * columns + j] = sum;
  }
}

// Work: dimension 0 walks the columns, dimension 1 batch * panels and strides on where the grid ends; an item
// computes one column of a panel.
__kernel void lowRankHadamard(const long matrices, const long rows, const long columns, const long rank,
                              __global const STORED *gibbs, const long gibbs_offset, const long gibbs_batch,
                              const long gibbs_row, __global const REAL *left, const long left_offset,
                              const long left_batch, const long left_row, __global const REAL *right,
                              const long right_offset, const long right_batch, const long right_row,
                              const REAL scale, __global REAL *result, const long result_offset,
                              const long result_batch, const long result_row) {
  const long j = get_global_id(0), panels = (rows + PANEL - 1) / PANEL;
  if (j >= columns) return;  // the global size is rounded up
  for (long i = get_global_id(1); i < matrices * panels; i += get_global_size(1)) {
    const long batch = i / panels, first = (i - batch * panels) * PANEL;
    const int height = min((long)PANEL, rows - first);
    const long u = left_offset + batch * left_batch + first, v = right_offset + batch * right_batch + j;
    REAL sums[PANEL];
    for (int r = 0; r < PANEL; ++r) sums[r] = 0;
    for (long k = 0; k < rank; ++k) {
      const REAL factor = right[v + k * right_row];
      for (int r = 0; r < PANEL; ++r)
        if (r < height) sums[r] += left[u + k * left_row + r] * factor;
    }
    const long from = gibbs_offset + batch * gibbs_batch + first * gibbs_row + j;
    const long to = result_offset + batch * result_batch + first * result_row + j;
    for (int r = 0; r < PANEL; ++r)
      if (r < height) result[to + r * result_row] = scale * WIDEN(gibbs[from + r * gibbs_row]) * sums[r];
  }
}

// Work: one item per column, dimension 1 is the batch.
__kernel void mergeColumns(const long columns, const long panels, __global const REAL *partial,
                           const REAL beta, __global REAL *sums, const long sums_offset,
                           const long sums_batch) {
  const long j = get_global_id(0), batch = get_global_id(1);
  if (j >= columns) return;  // the global size is rounded up
  const long to = sums_offset + batch * sums_batch + j;
  REAL sum = beta == 0 ? (REAL)0 : beta * sums[to];
  SEVERAL_LOADS
  for (long p = 0; p < panels; ++p) sum += partial[(batch * panels + p) * columns + j];
  sums[to] = sum;
}
