// Included before a body: the body's double form.
#undef REAL
#undef REAL_TYPE
#undef NAME
#undef REAL_FUNCTION_LOOP
#define REAL double
#define REAL_TYPE CPU_F64
#define NAME(stem) stem##_f64
// Loops over exp, log and tanh call libm.
#define REAL_FUNCTION_LOOP
