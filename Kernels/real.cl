// real.cl: what every program starts with: the working type and its literals.
//
// Build-time: DOUBLE = 0 (float, to work) or 1 (double, for gradient checks; needs cl_khr_fp64).
#if DOUBLE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define REAL double
#define REAL_LITERAL(x) x
#else
#define REAL float
#define REAL_LITERAL(x) x##f
#endif

#define JOIN_TEXT(a, b) a##b
#define JOIN(a, b) JOIN_TEXT(a, b)
