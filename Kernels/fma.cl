// fma.cl: how gemm.cl, convolution.cl and filterGradient.cl multiply tiles on any device: by multiply and
// add, from local memory.
//
// A work-group of GROUP items owns one TILE_M x TILE_N tile of a product and steps through its depth in
// panels of TILE_K. Each item keeps ITEM_M x ITEM_N sums in registers, spaced a group's height and width
// apart so that neighbours read neighbouring words. The next panel is fetched into registers while this one
// is used.
//
// The kernel says what lies where: FETCH(k0) calls PUT_A(load, from, left) for each fetch (tiles.cl) of the
// panel that begins at depth k0, and PUT_B. Where left is not positive nothing is there, and 0 takes its
// place.
// Build-time: those of tiles.cl, ITEM_M, ITEM_N; vectors are 1.
#define GROUP_M (TILE_M / ITEM_M)
#define GROUP_N (TILE_N / ITEM_N)
#define GROUP (GROUP_M * GROUP_N)

// One word of padding keeps the transposing stores of neighbours in different banks.
#define TILES __local REAL tile_a[TILE_K][TILE_M + 1], tile_b[TILE_K][TILE_N + 1];
#define SUMS                                                                                    \
  const uint item = get_local_id(0), item_row = item / GROUP_N, item_column = item % GROUP_N;   \
  REAL next_a[A_LOADS], next_b[B_LOADS], sum[ITEM_M][ITEM_N];                                   \
  for (int i = 0; i < ITEM_M; ++i)                                                              \
    for (int j = 0; j < ITEM_N; ++j) sum[i][j] = 0;

#define PUT_A(load, from, left) next_a[load] = (left) > 0 ? *(from) : (REAL)0
#define PUT_B(load, from, left) next_b[load] = (left) > 0 ? *(from) : (REAL)0

// Adds the product of the panels from depth `begin` to `end` to the sums.
#define MULTIPLY(begin, end)                                                                    \
  FETCH(begin)                                                                                  \
  for (long k0 = begin; k0 < end; k0 += TILE_K) {                                               \
    barrier(CLK_LOCAL_MEM_FENCE); /* the panel before is used up */                             \
    for (int load = 0; load < A_LOADS; ++load) tile_a[A_DEPTH(load)][A_ROW(load)] = next_a[load];    \
    for (int load = 0; load < B_LOADS; ++load) tile_b[B_DEPTH(load)][B_COLUMN(load)] = next_b[load]; \
    barrier(CLK_LOCAL_MEM_FENCE);                                                               \
    FETCH(k0 + TILE_K)                                                                          \
    for (int depth = 0; depth < TILE_K; ++depth) {                                              \
      REAL one[ITEM_M], other[ITEM_N];                                                          \
      for (int i = 0; i < ITEM_M; ++i) one[i] = tile_a[depth][item_row + i * GROUP_M];          \
      for (int j = 0; j < ITEM_N; ++j) other[j] = tile_b[depth][item_column + j * GROUP_N];     \
      for (int i = 0; i < ITEM_M; ++i)                                                          \
        for (int j = 0; j < ITEM_N; ++j) sum[i][j] += one[i] * other[j];                        \
    }                                                                                           \
  }

#define UNROLLED

// An item's sums, and where in the tile they belong.
#define SUM(i, j) sum[i][j]
#define SUM_ROW(i) (item_row + (i)*GROUP_M)
#define SUM_COLUMN(j) (item_column + (j)*GROUP_N)
