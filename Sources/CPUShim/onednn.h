// The optional library: its header, its products, and running it on the calling thread alone.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#ifdef CONTRAPPOSTO_ONEDNN
/// Bytes: what a core's cache holds.
enum { ONEDNN_GEMM_SCRATCH = 1 << 20 };
#else
enum { ONEDNN_GEMM_SCRATCH = 0 };
#endif
/// As cpu_gemm_float. Gives how many of the k steps of the sum are done; 0, and c untouched, without the library.
int64_t onednn_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha,
                    const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c,
                    int64_t ldc, float *scratch);

#ifdef CONTRAPPOSTO_ONEDNN

#if __has_include(<oneapi/dnnl/dnnl.h>)
#include <oneapi/dnnl/dnnl.h>
#else
#include <dnnl.h>
#endif

/// Prepares the library once; call it before anything else of it.
void onednn_prepare(void);
/// From here to `onednn_end` the library uses the calling thread alone; gives what `onednn_end` wants. The setting
/// belongs to this thread, and the caller's own OpenMP code finds it as it was.
int onednn_begin(void);
void onednn_end(int threads);

#endif
