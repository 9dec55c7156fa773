// pooling.c: the greatest value under a window, and its gradient, a row of pixels at a time.
#include "CPUPictures.h"
#include "kernel.h"

#include <math.h>

#define REAL float
#include "pooling_body.h"
#undef REAL

#define REAL double
#include "pooling_body.h"
#undef REAL
