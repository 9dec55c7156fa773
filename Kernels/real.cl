// real.cl: what every program starts with: the working type and its literals.
//
// Build-time: DOUBLE = 0 (float, to work) or 1 (double, for gradient checks; needs cl_khr_fp64); PROCESSOR
// (1: the device is one).
#if DOUBLE
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define REAL double
#define REAL_LITERAL(x) x
#else
#define REAL float
#define REAL_LITERAL(x) x##f
#endif

// Before a loop that waits for memory: a GPU then has four rounds' loads under way.
#if PROCESSOR
#define SEVERAL_LOADS
#else
#define SEVERAL_LOADS _Pragma("unroll 4")
#endif

#define JOIN_TEXT(a, b) a##b
#define JOIN(a, b) JOIN_TEXT(a, b)
