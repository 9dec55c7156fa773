// operands.cl: the input lists of map and reduce, whose length is known only at build time.
//
//   INPUT_PARAMETERS    , __global const TYPE0 *x0, ...     one pointer per input
//   READ_INPUTS         const REAL in0 = ...;               every input's element, converted to REAL
//   READ_SCALARS        const REAL s0 = ...;                every run-time scalar of a program
//
// READ_INPUTS reads input k at element AT(k), which the kernel defines.
// Build-time: INPUTS (0 to 12), TYPE0... (float, double, int, long, uchar), SCALARS (0 to 8).
#define PARAMETERS_0
#define PARAMETERS_1 , __global const TYPE0 *x0
#define PARAMETERS_2 PARAMETERS_1, __global const TYPE1 *x1
#define PARAMETERS_3 PARAMETERS_2, __global const TYPE2 *x2
#define PARAMETERS_4 PARAMETERS_3, __global const TYPE3 *x3
#define PARAMETERS_5 PARAMETERS_4, __global const TYPE4 *x4
#define PARAMETERS_6 PARAMETERS_5, __global const TYPE5 *x5
#define PARAMETERS_7 PARAMETERS_6, __global const TYPE6 *x6
#define PARAMETERS_8 PARAMETERS_7, __global const TYPE7 *x7
#define PARAMETERS_9 PARAMETERS_8, __global const TYPE8 *x8
#define PARAMETERS_10 PARAMETERS_9, __global const TYPE9 *x9
#define PARAMETERS_11 PARAMETERS_10, __global const TYPE10 *x10
#define PARAMETERS_12 PARAMETERS_11, __global const TYPE11 *x11
#define INPUT_PARAMETERS JOIN(PARAMETERS_, INPUTS)

#define READ_0
#define READ_1 const REAL in0 = (REAL)x0[AT(0)];
#define READ_2 READ_1 const REAL in1 = (REAL)x1[AT(1)];
#define READ_3 READ_2 const REAL in2 = (REAL)x2[AT(2)];
#define READ_4 READ_3 const REAL in3 = (REAL)x3[AT(3)];
#define READ_5 READ_4 const REAL in4 = (REAL)x4[AT(4)];
#define READ_6 READ_5 const REAL in5 = (REAL)x5[AT(5)];
#define READ_7 READ_6 const REAL in6 = (REAL)x6[AT(6)];
#define READ_8 READ_7 const REAL in7 = (REAL)x7[AT(7)];
#define READ_9 READ_8 const REAL in8 = (REAL)x8[AT(8)];
#define READ_10 READ_9 const REAL in9 = (REAL)x9[AT(9)];
#define READ_11 READ_10 const REAL in10 = (REAL)x10[AT(10)];
#define READ_12 READ_11 const REAL in11 = (REAL)x11[AT(11)];
#define READ_INPUTS JOIN(READ_, INPUTS)

#define SCALARS_0
#define SCALARS_1 const REAL s0 = plan.scalar[0];
#define SCALARS_2 SCALARS_1 const REAL s1 = plan.scalar[1];
#define SCALARS_3 SCALARS_2 const REAL s2 = plan.scalar[2];
#define SCALARS_4 SCALARS_3 const REAL s3 = plan.scalar[3];
#define SCALARS_5 SCALARS_4 const REAL s4 = plan.scalar[4];
#define SCALARS_6 SCALARS_5 const REAL s5 = plan.scalar[5];
#define SCALARS_7 SCALARS_6 const REAL s6 = plan.scalar[6];
#define SCALARS_8 SCALARS_7 const REAL s7 = plan.scalar[7];
#define READ_SCALARS JOIN(SCALARS_, SCALARS)

// Arrays in a plan have at least one element.
#define AT_LEAST_ONE(n) ((n) > 0 ? (n) : 1)
