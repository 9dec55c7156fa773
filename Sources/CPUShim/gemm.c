// gemm.c: matrix products on the calling thread: oneDNN for float where it is installed, our own loops
// elsewhere.
#include "CPUMatrix.h"
#include "kernel.h"
#include "onednn.h"

enum { MR = 6, HEIGHT = 96, DEPTH = 256, WIDTH = 512 };

#define REAL float
#include "gemm_body.h"
#undef REAL

#define REAL double
#include "gemm_body.h"
#undef REAL

int64_t cpu_gemm_scratch(bool is_double) {
  const int64_t panels = (HEIGHT + WIDTH) * DEPTH * (int64_t)(is_double ? sizeof(double) : sizeof(float));
  return is_double ? panels : CPU_MAX(panels, (int64_t)ONEDNN_GEMM_SCRATCH);
}

void cpu_gemm_double(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha,
                     const double *a, int64_t lda, const double *b, int64_t ldb, double beta, double *c,
                     int64_t ldc, void *scratch) {
  plain_gemm_double(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, scratch);
}

void cpu_gemm_float(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha,
                    const float *a, int64_t lda, const float *b, int64_t ldb, double beta, float *c,
                    int64_t ldc, void *scratch) {
  const int64_t done = onednn_gemm(transpose_a, transpose_b, m, n, k, (float)alpha, a, lda, b, ldb,
                                   (float)beta, c, ldc, scratch);
  if (done > 0 && done == k) return;
  plain_gemm_float(transpose_a, transpose_b, m, n, k - done, (float)alpha, a + done * (transpose_a ? lda : 1),
                   lda, b + done * (transpose_b ? 1 : ldb), ldb, done > 0 ? 1 : (float)beta, c, ldc, scratch);
}
