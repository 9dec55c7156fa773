// Included before a body: the body's float form.
#define REAL float
#define REAL_TYPE CPU_F32
#define NAME(stem) stem##_f32
// Loops over exp, log and tanh turn into vector instructions.
#define REAL_FUNCTION_LOOP CPU_INDEPENDENT
