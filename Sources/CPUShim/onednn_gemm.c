// onednn_gemm.c: float products by oneDNN, whose slow cases are laid out for it.
#include "onednn.h"

#ifdef CONTRAPPOSTO_ONEDNN

#include <string.h>

#include "kernel.h"

// The library packs an operand with a row for each step of the sum (a transposed, or b as it is) in narrow
// columns. Rows a kilobyte or more apart, most of all whole pages apart, then share a few places of the cache,
// and the product runs at down to a third of its speed. Such an operand is copied first, as many rows at a time
// as the scratch holds.
enum {
  FAR = 256,        // Floats from row to row.
  MANY_USES = 96,   // Of a copied element.
  FEWEST_ROWS = 64  // Of a copy.
};

/// From row to row of a copy: an odd number of cache lines.
static int64_t copy_stride(int64_t columns) { return ((columns + 15) / 16 | 1) * 16; }

static void copy_rows(const float *x, int64_t ld, int64_t rows, int64_t columns, float *y) {
  for (int64_t r = 0; r < rows; ++r)
    memcpy(y + r * copy_stride(columns), x + r * ld, (size_t)columns * sizeof(float));
}

int64_t onednn_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha,
                    const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c,
                    int64_t ldc, float *scratch) {
  int64_t row_a = transpose_a && lda >= FAR && n >= MANY_USES ? copy_stride(m) : 0;
  int64_t row_b = !transpose_b && ldb >= FAR && m >= MANY_USES ? copy_stride(n) : 0;
  int64_t most = k;
  if (row_a + row_b > 0) {
    most = ONEDNN_GEMM_SCRATCH / (int64_t)sizeof(float) / (row_a + row_b);
    if (most < CPU_MIN(k, (int64_t)FEWEST_ROWS)) {
      row_a = row_b = 0;
      most = k;
    }
  }
  onednn_prepare();
  const int threads = onednn_begin();
  int64_t done = 0;
  for (int64_t pieces = most > 0 ? (k + most - 1) / most : 0, piece = 0; piece < pieces; ++piece) {
    const int64_t depth = (k * (piece + 1)) / pieces - done;
    const float *left = a + done * (transpose_a ? lda : 1), *right = b + done * (transpose_b ? 1 : ldb);
    if (row_a > 0) {
      copy_rows(left, lda, depth, m, scratch);
      left = scratch;
    }
    if (row_b > 0) {
      copy_rows(right, ldb, depth, n, scratch + depth * row_a);
      right = scratch + depth * row_a;
    }
    if (dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, depth, alpha, left,
                   row_a > 0 ? row_a : lda, right, row_b > 0 ? row_b : ldb, done > 0 ? 1 : beta, c,
                   ldc) != dnnl_success)
      break;
    done += depth;
  }
  onednn_end(threads);
  return done;
}

#else

int64_t onednn_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha,
                    const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c,
                    int64_t ldc, float *scratch) {
  return 0;
}

#endif
