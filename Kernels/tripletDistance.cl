// tripletDistance.cl: how much farther a positive lies from its anchor than a negative does; its gradients.
//
//   distances[0, b, i, g] = |anchor[b, i] - positive[b, i]| over the channels of group g
//   distances[1, b, i, g] = |anchor[b, i] - negative[b, i]| likewise
//   difference[b, i, g] = distances[0, b, i, g] - distances[1, b, i, g]
//
// Operands: [batch, points, channels], unit stride along the channels; distances and difference without gaps.
// Group g of the channels is bounds.at[g] ..< bounds.at[g + 1].
// Work: a work-group of GROUP items owns GROUP / lanes of `count` pairs of a point and a group of channels;
// the lanes of a pair take every lanes-th channel, and a tree in local memory joins their sums.
// Deterministic: trees depend on the shape alone.
// Build-time: GROUP (a power of two), GROUPS (groups of channels).
typedef struct {
  long at[GROUPS + 1];
} Bounds;

// The pair that this item works on: group g of point i in batch element b.
#define OWN_PAIR                                                                                  \
  const int item = get_local_id(0), width = lanes, lane = item & (width - 1);                     \
  const long pair = (long)get_group_id(0) * (GROUP / width) + item / width;                       \
  const long point = pair / GROUPS, b = point / points, i = point - b * points;                   \
  const int g = pair - point * GROUPS;

__kernel void tripletDistance(const Bounds bounds, const long points, const long count, const long lanes,
                              __global const REAL *anchor, const long anchor_offset, const long anchor_batch,
                              const long anchor_row, __global const REAL *positive,
                              const long positive_offset, const long positive_batch, const long positive_row,
                              __global const REAL *negative, const long negative_offset,
                              const long negative_batch, const long negative_row, __global REAL *distances,
                              const long distances_offset, __global REAL *difference,
                              const long difference_offset) {
  __local REAL towards[GROUP], away[GROUP];
  OWN_PAIR
  REAL to_positive = 0, to_negative = 0;
  if (pair < count) {
    anchor += anchor_offset + b * anchor_batch + i * anchor_row;
    positive += positive_offset + b * positive_batch + i * positive_row;
    negative += negative_offset + b * negative_batch + i * negative_row;
    for (long c = bounds.at[g] + lane; c < bounds.at[g + 1]; c += width) {
      const REAL from = anchor[c], dp = from - positive[c], dn = from - negative[c];
      to_positive += dp * dp;
      to_negative += dn * dn;
    }
  }
  towards[item] = to_positive;
  away[item] = to_negative;
  for (int span = width / 2; span > 0; span /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (lane < span) {
      towards[item] += towards[item + span];
      away[item] += away[item + span];
    }
  }
  if (lane == 0 && pair < count) {
    const REAL dp = sqrt(towards[item]), dn = sqrt(away[item]);
    distances[distances_offset + pair] = dp;
    distances[distances_offset + count + pair] = dn;
    difference[difference_offset + pair] = dp - dn;
  }
}

// The gradients, with unit(x) = x / |x| and unit(0) = 0:
//
//   d_anchor = beta d_anchor + upstream (unit(anchor - positive) - unit(anchor - negative))
//   d_positive = beta d_positive - upstream unit(anchor - positive)
//   d_negative = beta d_negative + upstream unit(anchor - negative)
//
// each where it is wanted; with beta = 0 the old content, NaN included, has no influence. An item writes the
// three of its channel in this order, so that two of them may be one.
#define ACCUMULATE(x, beta, value) x = (beta) != 0 ? (beta) * x + (value) : (value)

__kernel void tripletGradient(const Bounds bounds, const long points, const long count, const long lanes,
                              __global const REAL *anchor, const long anchor_offset, const long anchor_batch,
                              const long anchor_row, __global const REAL *positive,
                              const long positive_offset, const long positive_batch, const long positive_row,
                              __global const REAL *negative, const long negative_offset,
                              const long negative_batch, const long negative_row,
                              __global const REAL *distances, const long distances_offset,
                              __global const REAL *upstream, const long upstream_offset,
                              const int wants_anchor, const REAL anchor_beta, __global REAL *d_anchor,
                              const long d_anchor_offset, const long d_anchor_batch, const long d_anchor_row,
                              const int wants_positive, const REAL positive_beta, __global REAL *d_positive,
                              const long d_positive_offset, const long d_positive_batch,
                              const long d_positive_row, const int wants_negative, const REAL negative_beta,
                              __global REAL *d_negative, const long d_negative_offset,
                              const long d_negative_batch, const long d_negative_row) {
  OWN_PAIR
  if (pair >= count) return;  // the global size is rounded up
  const REAL towards = distances[distances_offset + pair], away = distances[distances_offset + count + pair];
  const REAL slope = upstream[upstream_offset + pair];
  const REAL to_positive = towards != 0 ? slope / towards : 0, to_negative = away != 0 ? slope / away : 0;
  anchor += anchor_offset + b * anchor_batch + i * anchor_row;
  positive += positive_offset + b * positive_batch + i * positive_row;
  negative += negative_offset + b * negative_batch + i * negative_row;
  d_anchor += d_anchor_offset + b * d_anchor_batch + i * d_anchor_row;
  d_positive += d_positive_offset + b * d_positive_batch + i * d_positive_row;
  d_negative += d_negative_offset + b * d_negative_batch + i * d_negative_row;
  for (long c = bounds.at[g] + lane; c < bounds.at[g + 1]; c += width) {
    const REAL from = anchor[c];
    const REAL dp = to_positive * (from - positive[c]), dn = to_negative * (from - negative[c]);
    if (wants_anchor) ACCUMULATE(d_anchor[c], anchor_beta, dp - dn);
    if (wants_positive) ACCUMULATE(d_positive[c], positive_beta, -dp);
    if (wants_negative) ACCUMULATE(d_negative[c], negative_beta, dn);
  }
}
