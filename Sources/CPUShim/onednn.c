// onednn.c: the optional library's version, its instruction set and its threads.
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "onednn.h"

#include "CPUMatrix.h"

#ifdef CONTRAPPOSTO_ONEDNN

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

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

void onednn_prepare(void) { pthread_once(&once, prepare); }

int onednn_begin(void) {
  const int threads = get_openmp_threads ? get_openmp_threads() : 1;
  if (threads != 1 && set_openmp_threads) set_openmp_threads(1);
  return threads;
}

void onednn_end(int threads) {
  if (threads != 1 && set_openmp_threads) set_openmp_threads(threads);
}

const char *cpu_gemm_library(void) {
  onednn_prepare();
  return library;
}

#else

#include <stddef.h>

const char *cpu_gemm_library(void) { return NULL; }

#endif
