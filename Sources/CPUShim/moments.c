// moments.c: mean and variance per column, block by block (Welford's method, merged as Chan, Golub and
// LeVeque do).
#include "CPUMatrix.h"
#include "kernel.h"

#define REAL float
#include "moments_body.h"
#undef REAL

#define REAL double
#include "moments_body.h"
#undef REAL

CPU_KERNEL void cpu_moments_merge(cpu_moments *total, const cpu_moments *part, int64_t columns) {
  if (part->weight == 0) return;
  const double weight = total->weight + part->weight;
  const double share = part->weight / weight;
  double *restrict mean = total->mean, *restrict squares = total->squares;
  for (int64_t c = 0; c < columns; ++c) {
    const double delta = part->mean[c] - mean[c];
    mean[c] += delta * share;
    squares[c] += part->squares[c] + delta * delta * total->weight * share;
  }
  total->weight = weight;
}
