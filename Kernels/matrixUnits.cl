// matrixUnits.cl: how gemm.cl, convolution.cl and filterGradient.cl multiply tiles on NVIDIA cards from
// compute capability 8.0 on.
//
// The same contract as fma.cl (read that first), with fetches of several words: `left` says how many of them
// are there, and their address is a multiple of their size.
//
// The matrix units multiply floats of 10 binary places (TF32). Each operand x is split into the nearest such
// number and what is left over, x = x1 + x2, and three products, x1 y1 + x1 y2 + x2 y1, keep the exactness of
// float ("3xTF32"). The units' own additions cut digits off, so that they add up PANELS panels only, which
// are then added to sums outside the units. On an H200, for sums of 8192 products, the error was a quarter of
// that of multiply and add. Operands that are not finite, or above 3.4e38, give NaN.
//
// A warp of 32 items owns 8 ITEM_M x 4 ITEM_N of the tile. Panels are copied from global to local memory in
// the background (cp.async), STAGES - 1 of them ahead.
// Build-time: those of tiles.cl, ITEM_M, ITEM_N. TILE_K is a multiple of 8; a warp's tile has sides of
// multiples of 32.
#define STAGES 3
#define PANELS 2

#define WARP_M (8 * ITEM_M)
#define WARP_N (4 * ITEM_N)
#define WARPS_N (TILE_N / WARP_N)
#define GROUP (32 * (TILE_M / WARP_M) * WARPS_N)

// A tile in local memory lies as its operand does in global memory: lines of words along the depth, or across
// it. Lines are padded so that a warp's reads fall into different banks.
#define ALONG_STRIDE (TILE_K + 4)
#define ACROSS_STRIDE(width) ((width) + 8)
#if A_ALONG_DEPTH
#define A_WORDS (TILE_M * ALONG_STRIDE)
#define A_PLACE(row, depth) ((row)*ALONG_STRIDE + (depth))
#else
#define A_WORDS (TILE_K * ACROSS_STRIDE(TILE_M))
#define A_PLACE(row, depth) ((depth)*ACROSS_STRIDE(TILE_M) + (row))
#endif
#if B_ALONG_DEPTH
#define B_WORDS (TILE_N * ALONG_STRIDE)
#define B_PLACE(column, depth) ((column)*ALONG_STRIDE + (depth))
#else
#define B_WORDS (TILE_K * ACROSS_STRIDE(TILE_N))
#define B_PLACE(column, depth) ((depth)*ACROSS_STRIDE(TILE_N) + (column))
#endif

// Copies `left` words, at most VECTOR, in the background; the others become 0.
#define COPY(VECTOR, to, from, left)                                                            \
  {                                                                                             \
    const int words = clamp(left, 0, VECTOR);                                                   \
    JOIN(COPY_, VECTOR)((uint)(ulong)(to), (ulong)(from), words * 4);                           \
  }
#define COPY_BYTES(cache, size, to, from, bytes)                                                \
  __asm__ volatile("cp.async." cache ".shared.global [%0], [%1], " size ", %2;"                 \
                   ::"r"(to), "l"(from), "r"(bytes) : "memory")
#define COPY_1(to, from, bytes) COPY_BYTES("ca", "4", to, from, bytes)
#define COPY_2(to, from, bytes) COPY_BYTES("ca", "8", to, from, bytes)
#define COPY_4(to, from, bytes) COPY_BYTES("cg", "16", to, from, bytes)
#define COPIES_BEGUN __asm__ volatile("cp.async.commit_group;" ::: "memory")
#define AWAIT_ALL_BUT(count) __asm__ volatile("cp.async.wait_group %0;" ::"n"(count) : "memory")

// Where nothing is left no address is read.
#define PUT_A(load, from, left) COPY(A_VECTOR, tile_a[next] + A_PLACE(A_ROW(load), A_DEPTH(load)), from, left)
#define PUT_B(load, from, left) COPY(B_VECTOR, tile_b[next] + B_PLACE(B_COLUMN(load), B_DEPTH(load)), from, left)

#define TILES                                                                                   \
  __local float tile_a[STAGES][A_WORDS] __attribute__((aligned(16)));                           \
  __local float tile_b[STAGES][B_WORDS] __attribute__((aligned(16)));

// Fragments of the units: 16 x 8 of A, 8 x 8 of B, 16 x 8 sums. Lane 4 g + t holds rows g and g + 8 of A and
// the sums, columns g of B and 2 t, 2 t + 1 of the sums, depths t and t + 4. Which row or column of the tile
// that is may be chosen: where words run along the depth ldmatrix hands them out in their natural order;
// where they run across it, a lane reads four neighbours at once and counts them to as many fragments.
#define A_FRAGMENTS (WARP_M / 16)
#define B_FRAGMENTS (WARP_N / 8)
#if A_ALONG_DEPTH
#define A_OWN A_PLACE(warp_row + lane % 16, lane / 16 * 4)
#define SUM_ROW(i) (warp_row + (i) / 2 * 16 + lane / 4 + (i) % 2 * 8)
#else
#define A_OWN A_PLACE(warp_row + lane / 4 * 4, lane % 4)
#define SUM_ROW(i) (warp_row + (i) / 4 * 32 + lane / 4 * 4 + (i) % 4)
#endif
#define SUM(i, j) sum[(i) / 2][SUM_FRAGMENT(j)][(i) % 2 * 2 + SUM_IN_FRAGMENT(j)]
#if B_ALONG_DEPTH
#define B_OWN B_PLACE(warp_column + lane / 16 * 8 + lane % 8, lane / 8 % 2 * 4)
#define SUM_COLUMN(j) (warp_column + (j) / 2 * 8 + lane % 4 * 2 + (j) % 2)
#define SUM_FRAGMENT(j) ((j) / 2)
#define SUM_IN_FRAGMENT(j) ((j) % 2)
#else
#define B_OWN B_PLACE(warp_column + lane / 4 * 4, lane % 4)
#define SUM_COLUMN(j) (warp_column + (j) / 8 * 32 + lane % 4 * 8 + (j) % 8)
#define SUM_FRAGMENT(j) ((j) / 8 * 4 + (j) % 4)
#define SUM_IN_FRAGMENT(j) ((j) % 8 / 4)
#endif

#define UNROLLED _Pragma("unroll")
#define EACH_SUM                                                                                \
  UNROLLED for (int i = 0; i < A_FRAGMENTS; ++i) UNROLLED for (int j = 0; j < B_FRAGMENTS; ++j)

#define SUMS                                                                                    \
  const int item = get_local_id(0), lane = item % 32;                                           \
  const int warp_row = item / 32 / WARPS_N * WARP_M, warp_column = item / 32 % WARPS_N * WARP_N; \
  int next = 0;                                                                                 \
  float sum[A_FRAGMENTS][B_FRAGMENTS][4];                                                       \
  EACH_SUM UNROLLED for (int r = 0; r < 4; ++r) sum[i][j][r] = 0;

#define LOAD_MATRICES(to0, to1, to2, to3, from)                                                 \
  __asm__ volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"              \
                   : "=r"(to0), "=r"(to1), "=r"(to2), "=r"(to3)                                 \
                   : "r"((uint)(ulong)(from)))
#if A_ALONG_DEPTH
#define LOAD_A(k)                                                                               \
  UNROLLED for (int i = 0; i < A_FRAGMENTS; ++i)                                                \
      LOAD_MATRICES(a[i][0], a[i][1], a[i][2], a[i][3], panel_a + i * 16 * ALONG_STRIDE + (k));
#else
#define LOAD_A(k)                                                                               \
  UNROLLED for (int i = 0; i < A_FRAGMENTS; i += 2) {                                           \
    const uint4 near = *(__local const uint4 *)(panel_a + A_PLACE(i * 16, k));                  \
    const uint4 far = *(__local const uint4 *)(panel_a + A_PLACE(i * 16, (k) + 4));             \
    a[i][0] = near.x, a[i][1] = near.y, a[i + 1][0] = near.z, a[i + 1][1] = near.w;             \
    a[i][2] = far.x, a[i][3] = far.y, a[i + 1][2] = far.z, a[i + 1][3] = far.w;                 \
  }
#endif
#if B_ALONG_DEPTH
#define LOAD_B(k)                                                                               \
  UNROLLED for (int j = 0; j < B_FRAGMENTS; j += 2)                                             \
      LOAD_MATRICES(b[j][0], b[j][1], b[j + 1][0], b[j + 1][1], panel_b + j * 8 * ALONG_STRIDE + (k));
#else
#define LOAD_B(k)                                                                               \
  UNROLLED for (int j = 0; j < B_FRAGMENTS; j += 4) {                                           \
    const uint4 near = *(__local const uint4 *)(panel_b + B_PLACE(j * 8, k));                   \
    const uint4 far = *(__local const uint4 *)(panel_b + B_PLACE(j * 8, (k) + 4));              \
    b[j][0] = near.x, b[j + 1][0] = near.y, b[j + 2][0] = near.z, b[j + 3][0] = near.w;         \
    b[j][1] = far.x, b[j + 1][1] = far.y, b[j + 2][1] = far.z, b[j + 3][1] = far.w;             \
  }
#endif

// x becomes the nearest number of 10 places, rest what is left over.
#define SPLIT(x, rest)                                                                          \
  {                                                                                             \
    const uint whole = x;                                                                       \
    x = (whole + 0x1000) & 0xffffe000;                                                          \
    rest = as_uint(as_float(whole) - as_float(x));                                              \
  }
#define ADD_PRODUCT(c, a, b)                                                                    \
  __asm__("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "                                 \
          "{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"                               \
          : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                                      \
          : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))

// FETCH fetches into stage `next`. Panels beyond the end are fetched as 0, so that one count fits all.
#define MULTIPLY(begin, end)                                                                    \
  UNROLLED for (next = 0; next < STAGES - 1; ++next) {                                          \
    FETCH((begin) + next * TILE_K)                                                              \
    COPIES_BEGUN;                                                                               \
  }                                                                                             \
  int stage = 0;                                                                                \
  for (long k0 = begin; k0 < end;) {                                                            \
    float part[A_FRAGMENTS][B_FRAGMENTS][4];                                                    \
    EACH_SUM UNROLLED for (int r = 0; r < 4; ++r) part[i][j][r] = 0;                            \
    for (int panel = 0; panel < PANELS && k0 < end; ++panel, k0 += TILE_K) {                    \
      AWAIT_ALL_BUT(STAGES - 2);                                                                \
      barrier(CLK_LOCAL_MEM_FENCE); /* this panel has come for all, the one before is used up */ \
      FETCH(k0 + (STAGES - 1) * TILE_K)                                                         \
      COPIES_BEGUN;                                                                             \
      __local const float *panel_a = tile_a[stage] + A_OWN, *panel_b = tile_b[stage] + B_OWN;   \
      UNROLLED for (int k = 0; k < TILE_K; k += 8) {                                            \
        uint a[A_FRAGMENTS][4], b[B_FRAGMENTS][2];                                              \
        uint a_rest[A_FRAGMENTS][4], b_rest[B_FRAGMENTS][2];                                    \
        LOAD_A(k)                                                                               \
        LOAD_B(k)                                                                               \
        UNROLLED for (int i = 0; i < A_FRAGMENTS; ++i)                                          \
            UNROLLED for (int r = 0; r < 4; ++r) SPLIT(a[i][r], a_rest[i][r])                   \
        UNROLLED for (int j = 0; j < B_FRAGMENTS; ++j)                                          \
            UNROLLED for (int r = 0; r < 2; ++r) SPLIT(b[j][r], b_rest[j][r])                   \
        EACH_SUM ADD_PRODUCT(part[i][j], a_rest[i], b[j]);                                      \
        EACH_SUM ADD_PRODUCT(part[i][j], a[i], b_rest[j]);                                      \
        EACH_SUM ADD_PRODUCT(part[i][j], a[i], b[j]);                                           \
      }                                                                                         \
      stage = stage + 1 == STAGES ? 0 : stage + 1;                                              \
      next = next + 1 == STAGES ? 0 : next + 1;                                                 \
    }                                                                                           \
    EACH_SUM UNROLLED for (int r = 0; r < 4; ++r) sum[i][j][r] += part[i][j][r];                \
  }
