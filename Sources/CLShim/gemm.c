// CLBlast's matrix product, float and double, with a temporary buffer that the caller owns.
#define CL_TARGET_OPENCL_VERSION 120
#include <clblast_c.h>

#include "CLShim.h"

static CLBlastTranspose transposition(int32_t is_transposed) {
  return is_transposed ? CLBlastTransposeYes : CLBlastTransposeNo;
}

int32_t clshim_gemm_scratch(const struct clshim_gemm *g, clshim_queue queue, size_t *bytes) {
  *bytes = 0;
  const CLBlastTranspose ta = transposition(g->a_is_transposed), tb = transposition(g->b_is_transposed);
  return g->is_double ? CLBlastDGemmTempBufferSize(CLBlastLayoutRowMajor, ta, tb, g->m, g->n, g->k,
                                                   g->a_offset, g->a_leading, g->b_offset, g->b_leading,
                                                   g->c_offset, g->c_leading, &queue, bytes)
                      : CLBlastSGemmTempBufferSize(CLBlastLayoutRowMajor, ta, tb, g->m, g->n, g->k,
                                                   g->a_offset, g->a_leading, g->b_offset, g->b_leading,
                                                   g->c_offset, g->c_leading, &queue, bytes);
}

int32_t clshim_gemm_run(const struct clshim_gemm *g, clshim_queue queue, clshim_memory scratch,
                        clshim_event *event) {
  const CLBlastTranspose ta = transposition(g->a_is_transposed), tb = transposition(g->b_is_transposed);
  return g->is_double
             ? CLBlastDgemmWithTempBuffer(CLBlastLayoutRowMajor, ta, tb, g->m, g->n, g->k, g->alpha, g->a,
                                          g->a_offset, g->a_leading, g->b, g->b_offset, g->b_leading, g->beta,
                                          g->c, g->c_offset, g->c_leading, &queue, event, scratch)
             : CLBlastSgemmWithTempBuffer(CLBlastLayoutRowMajor, ta, tb, g->m, g->n, g->k, (float)g->alpha,
                                          g->a, g->a_offset, g->a_leading, g->b, g->b_offset, g->b_leading,
                                          (float)g->beta, g->c, g->c_offset, g->c_leading, &queue, event,
                                          scratch);
}
