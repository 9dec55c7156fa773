// windows.cl: convolutions as matrix products whose left (or right) operand, pixels under a moving window, is
// never stored. What convolution.cl and filterGradient.cl share.
//
// Grid pixel (i, j) has its window's first tap at pixel (top + step i, left + step j) of the same picture;
// the others follow tap_step pixels apart, row by row. What lies outside a picture counts as 0. Channels lie
// last. A work-group owns one tile of the product; how it is fetched and multiplied: tiles.cl, fma.cl or
// matrixUnits.cl. An item's fetches share one depth of every panel (one column), so that it divides seldom.
// Where tiles are few the host cuts the depth into slices: each writes its sum to partial [slice, row,
// column], and a second kernel adds the slices in order.
// Deterministic: tiles and slices depend on the shape alone. Sums are kept in REAL.

typedef struct {
  long rows, columns, depth;     // of the product
  long slices, slice_length;     // of the depth
  long grid_height, grid_width;  // windows per picture
  long height, width, channels;  // of the pictures under the windows
  long step, top, left;          // where windows begin
  long taps_across, tap_step;    // taps per row of a window
  long target_height, target_width, target_step, target_top, target_left;
} Plan;

// The tile that this item works on.
#define OWN_TILE                                                                                      \
  const long column_tiles = (plan.columns + TILE_N - 1) / TILE_N;                                     \
  const long row_tiles = (plan.rows + TILE_M - 1) / TILE_M;                                           \
  const long row_group = get_group_id(0) / column_tiles, slice = row_group / row_tiles;               \
  const long column0 = (get_group_id(0) - row_group * column_tiles) * TILE_N;                         \
  const long row0 = (row_group - slice * row_tiles) * TILE_M;                                         \
  const long begin = slice * plan.slice_length, end = min(plan.depth, begin + plan.slice_length);     \
  const int height = plan.height, width = plan.width, channels = plan.channels;                       \
  SUMS
