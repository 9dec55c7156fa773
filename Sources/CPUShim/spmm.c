// spmm.c: sparse matrix times dense matrix, one row after the other, each row added in CSR order.
#include "CPUMatrix.h"
#include "kernel.h"

#include "real_float.h"
#include "spmm_body.h"

#include "real_double.h"
#include "spmm_body.h"
