// nearest.c: the nearest of many points, by direct differences, a vector of points at a time.
#include <math.h>

#include "CPUMatching.h"
#include "kernel.h"

#define REAL float
#define INDEX int32_t
#include "vectors.h"
#include "nearest_body.h"
#undef INDEX
#undef REAL

#define REAL double
#define INDEX int64_t
#include "vectors.h"
#include "nearest_body.h"
#undef INDEX
#undef REAL
