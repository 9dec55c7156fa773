// spmm.c: sparse matrix times dense matrix, one row after the other, each row added in CSR order.
#include "CPUMatrix.h"
#include "kernel.h"

#define REAL float
#include "spmm_body.h"
#undef REAL

#define REAL double
#include "spmm_body.h"
#undef REAL
