// tiles.cl: how a work-group fetches the tiles of a product. Before it: fma.cl or matrixUnits.cl, which say
// what GROUP is and what a fetch does.
//
// An item makes A_LOADS fetches of A_VECTOR words for every panel of A, for row A_ROW(load) of the tile and
// depth A_DEPTH(load) of the panel; for B alike. Neighbouring items fetch neighbours along the depth where
// A_ALONG_DEPTH (B_ALONG_DEPTH), else along the rows (columns): as the operand lies in memory. On that side
// all fetches of an item have the same place.
// Build-time: TILE_M, TILE_N, TILE_K, A_ALONG_DEPTH, B_ALONG_DEPTH, A_VECTOR, B_VECTOR; GROUP is a multiple
// of each TILE divided by its VECTOR.
#define A_LOADS (TILE_M * TILE_K / A_VECTOR / GROUP)
#define B_LOADS (TILE_N * TILE_K / B_VECTOR / GROUP)

// The lines, of `width` fetches, that an item's fetches are for, and their place on the line.
#define LINE(load, width) ((int)((item + (load)*GROUP) / (width)))
#define PLACE(width) ((int)(item % (width)))

#if A_ALONG_DEPTH
#define A_ROW(load) LINE(load, TILE_K / A_VECTOR)
#define A_DEPTH(load) (PLACE(TILE_K / A_VECTOR) * A_VECTOR)
#else
#define A_ROW(load) (PLACE(TILE_M / A_VECTOR) * A_VECTOR)
#define A_DEPTH(load) LINE(load, TILE_M / A_VECTOR)
#endif
#if B_ALONG_DEPTH
#define B_COLUMN(load) LINE(load, TILE_K / B_VECTOR)
#define B_DEPTH(load) (PLACE(TILE_K / B_VECTOR) * B_VECTOR)
#else
#define B_COLUMN(load) (PLACE(TILE_N / B_VECTOR) * B_VECTOR)
#define B_DEPTH(load) LINE(load, TILE_N / B_VECTOR)
#endif
