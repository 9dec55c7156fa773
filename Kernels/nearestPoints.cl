// nearestPoints.cl: the nearest of m points to each of n points, by direct differences.
//
//   squared_distance[b, i] = min over j of |x[b, i] - y[b, j]|^2
//   index[b, i] = the lowest j that attains it
//
// x: [batch, n, 3], y: [batch, m, 3], unit stride along the coordinates; results: [batch, n].
// Work: a work-group of GROUP items owns GROUP / lanes points of x; the lanes of a point take every lanes-th
// point of y, a tree in local memory joins them. Deterministic: ties go to the lower index at every step.
// Build-time: GROUP (a power of two).
__kernel void nearestPoints(const long batch, const long n, const long m, const long lanes,
                            __global const REAL *x, const long x_offset, const long x_batch,
                            const long x_row, __global const REAL *y, const long y_offset,
                            const long y_batch, const long y_row, __global REAL *squared_distance,
                            const long distance_offset, __global int *index, const long index_offset) {
  __local REAL best[GROUP];
  __local int place[GROUP];
  const int item = get_local_id(0), width = lanes, lane = item & (width - 1);
  const long point = (long)get_group_id(0) * (GROUP / width) + item / width;

  REAL least = INFINITY;
  int at = INT_MAX;
  if (point < batch * n) {
    const long b = point / n, from = x_offset + b * x_batch + (point - b * n) * x_row;
    const REAL px = x[from], py = x[from + 1], pz = x[from + 2];
    for (long j = lane; j < m; j += width) {
      const long other = y_offset + b * y_batch + j * y_row;
      const REAL dx = px - y[other], dy = py - y[other + 1], dz = pz - y[other + 2];
      const REAL distance = dx * dx + dy * dy + dz * dz;
      if (distance < least) {
        least = distance;
        at = j;
      }
    }
  }
  best[item] = least;
  place[item] = at;
  for (int span = width / 2; span > 0; span /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < span) {
      const REAL other = best[item + span];
      if (other < best[item] || (other == best[item] && place[item + span] < place[item])) {
        best[item] = other;
        place[item] = place[item + span];
      }
    }
  }
  if (lane == 0 && point < batch * n) {
    squared_distance[distance_offset + point] = best[item];
    index[index_offset + point] = place[item] == INT_MAX ? 0 : place[item];
  }
}
