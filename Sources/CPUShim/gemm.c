// gemm.c: matrix products on the calling thread: oneDNN for float where it is installed, our own loops
// elsewhere.
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <stdio.h>

#include "CPUMatrix.h"
#include "kernel.h"

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

#include <dlfcn.h>
#if __has_include(<oneapi/dnnl/dnnl.h>)
#include <oneapi/dnnl/dnnl.h>
#else
#include <dnnl.h>
#endif

// Found at run time, because a oneDNN built for another threading library brings no OpenMP.
static int (*get_openmp_threads)(void);
static void (*set_openmp_threads)(int);
static char library[32];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void prepare(void) {
  get_openmp_threads = (int (*)(void))dlsym(RTLD_DEFAULT, "omp_get_max_threads");
  set_openmp_threads = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
#if defined(__x86_64__)
  // Some virtual machines advertise AMX and then trap; a float product gains nothing beyond AVX-512.
  dnnl_set_max_cpu_isa(dnnl_cpu_isa_avx512_core);
#endif
  const dnnl_version_t *version = dnnl_version();
  snprintf(library, sizeof library, "oneDNN %d.%d.%d", version->major, version->minor, version->patch);
}

const char *cpu_gemm_library(void) {
  pthread_once(&once, prepare);
  return library;
}

static bool library_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha,
                         const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c,
                         int64_t ldc) {
  // The setting belongs to this thread; the caller's own OpenMP code finds it as it was.
  const int threads = get_openmp_threads ? get_openmp_threads() : 1;
  if (threads != 1 && set_openmp_threads) set_openmp_threads(1);
  const dnnl_status_t status = dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, alpha, a,
                                          lda, b, ldb, beta, c, ldc);
  if (threads != 1 && set_openmp_threads) set_openmp_threads(threads);
  return status == dnnl_success;
}

void cpu_gemm_float(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha,
                    const float *a, int64_t lda, const float *b, int64_t ldb, double beta, float *c,
                    int64_t ldc, void *scratch) {
  pthread_once(&once, prepare);
  // With k = 0 the library would return without scaling c. What else it cannot do it refuses before it has
  // written.
  if (k > 0 &&
      library_gemm(transpose_a, transpose_b, m, n, k, (float)alpha, a, lda, b, ldb, (float)beta, c, ldc))
    return;
  plain_gemm_float(transpose_a, transpose_b, m, n, k, (float)alpha, a, lda, b, ldb, (float)beta, c, ldc,
                   scratch);
}

#else

const char *cpu_gemm_library(void) { return NULL; }

void cpu_gemm_float(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, double alpha,
                    const float *a, int64_t lda, const float *b, int64_t ldb, double beta, float *c,
                    int64_t ldc, void *scratch) {
  plain_gemm_float(transpose_a, transpose_b, m, n, k, (float)alpha, a, lda, b, ldb, (float)beta, c, ldc,
                   scratch);
}

#endif
