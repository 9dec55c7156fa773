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
  return (HEIGHT + WIDTH) * DEPTH * (int64_t)(is_double ? sizeof(double) : sizeof(float));
}

void cpu_gemm_double(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha,
                     const double *a, int64_t lda, const double *b, int64_t ldb, double beta, double *c,
                     int64_t ldc, void *scratch) {
  plain_gemm_double(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, scratch);
}

#ifdef CONTRAPPOSTO_ONEDNN
static bool library_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha,
                         const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c,
                         int64_t ldc) {
  onednn_prepare();
  const int threads = onednn_begin();
  const dnnl_status_t status = dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, alpha, a,
                                          lda, b, ldb, beta, c, ldc);
  onednn_end(threads);
  return status == dnnl_success;
}
#endif

void cpu_gemm_float(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha,
                    const float *a, int64_t lda, const float *b, int64_t ldb, double beta, float *c,
                    int64_t ldc, void *scratch) {
#ifdef CONTRAPPOSTO_ONEDNN
  // With k = 0 the library would return without scaling c. What else it cannot do it refuses before it has
  // written.
  if (k > 0 &&
      library_gemm(transpose_a, transpose_b, m, n, k, (float)alpha, a, lda, b, ldb, (float)beta, c, ldc))
    return;
#endif
  plain_gemm_float(transpose_a, transpose_b, m, n, k, (float)alpha, a, lda, b, ldb, (float)beta, c, ldc,
                   scratch);
}
