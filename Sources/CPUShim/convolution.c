// convolution.c: what a convolution needs beside matrix products: windows as rows of a matrix, filters in that order,
// and what follows the product.
#include "CPUPictures.h"
#include "kernel.h"

#include <string.h>

#define REAL float
#include "convolution_body.h"
#undef REAL

#define REAL double
#include "convolution_body.h"
#undef REAL
