// triplet.c: distances of anchors to their positives and negatives, and their gradients, one point after the
// other, so that what the gradients read three times is read from memory once.
#include "CPUMatching.h"
#include "kernel.h"
#include "vector_math.h"

#define REAL float
#define INDEX int32_t
#include "vectors.h"
#include "triplet_body.h"
#undef INDEX
#undef REAL

#define REAL double
#define INDEX int64_t
#include "vectors.h"
#include "triplet_body.h"
#undef INDEX
#undef REAL
