// transport.c: passes over rows of a Gibbs kernel. A few rows at a time, so that what is read twice is read
// from cache, and what runs along the columns is read once for all of them.
#include <math.h>
#include <string.h>

#include "CPUMatching.h"
#include "kernel.h"
#include "vector_math.h"

#define REAL float
#define INDEX int32_t
#include "vectors.h"
#include "points_body.h"
#undef INDEX
#undef REAL

#define REAL double
#define INDEX int64_t
#include "vectors.h"
#include "points_body.h"
#undef INDEX
#undef REAL

#define KERNEL_NAME(stem) CPU_PASTE(stem, STORED_NAME)

// MARK: Kernels stored as they are computed with

#define WIDEN(x) (x)
#define NARROW(x) (x)
#define LOAD_STORED(from) (*(const NAME(vector) *)(from))

#define REAL float
#define INDEX int32_t
#define STORED float
#define STORED_NAME float
#include "transport_body.h"
#undef STORED_NAME
#undef STORED
#undef INDEX
#undef REAL

#define REAL double
#define INDEX int64_t
#define STORED double
#define STORED_NAME double
#include "transport_body.h"
#undef STORED_NAME
#undef STORED
#undef INDEX
#undef REAL

#undef LOAD_STORED
#undef NARROW
#undef WIDEN

// MARK: bfloat16, the upper half of a float

typedef uint16_t halves __attribute__((vector_size(32), aligned(2)));
typedef uint32_t words __attribute__((vector_size(64), aligned(4)));

/// Rounds to nearest even; the values are finite, or NaN with its quiet bit set.
CPU_INLINE cpu_bfloat16 bfloat16_of(float value) {
  const uint32_t bits = bits_of(value);
  return (cpu_bfloat16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

#define WIDEN(x) float_of((uint32_t)(x) << 16)
#define NARROW(x) bfloat16_of(x)
#define LOAD_STORED(from) ((vector_float)(__builtin_convertvector(*(const halves *)(from), words) << 16))

#define REAL float
#define INDEX int32_t
#define STORED cpu_bfloat16
#define STORED_NAME bfloat16
#include "transport_body.h"
