// Pictures: convolution, pooling, batch normalisation. Activations are [batch, height, width, channels] without gaps.
#pragma once

#include "CPURuntime.h"

// MARK: Convolution (convolution.c)

/// What a convolution computes: y from x and the weight, or one of its two gradients.
enum cpu_convolution_kind { CPU_CONVOLUTION_FORWARD, CPU_CONVOLUTION_DATA, CPU_CONVOLUTION_FILTER };

typedef struct {
  int64_t batch, height, width, inputs;
  int64_t output_height, output_width, outputs;
  int64_t size, stride, padding;
} cpu_convolution_shape;

/// A convolution that the library has compiled for one shape, to be run on any one thread at a time or on several.
typedef struct cpu_convolution cpu_convolution;

/// NULL when the library is absent or cannot compute this shape in float.
cpu_convolution *cpu_convolution_create(int kind, const cpu_convolution_shape *shape);
void cpu_convolution_destroy(cpu_convolution *convolution);
/// Which of the library's algorithms it is.
const char *cpu_convolution_algorithm(const cpu_convolution *convolution);
/// Bytes of a weight in the order that the algorithm wants, and of the scratch memory of one run.
int64_t cpu_convolution_packed_bytes(const cpu_convolution *convolution);
int64_t cpu_convolution_scratch_bytes(const cpu_convolution *convolution);
/// packed = weight, from [outputs, inputs, size, size].
bool cpu_convolution_pack(const cpu_convolution *convolution, const float *weight, void *packed);
/// weight = packed.
bool cpu_convolution_unpack(const cpu_convolution *convolution, const void *packed, float *weight);
/// Forward: y from x; data: x from y; filter: packed from x and y.
bool cpu_convolution_run(const cpu_convolution *convolution, const float *x, const void *packed, const float *y,
                         void *scratch);

/// y = scale x + bias + residual, then the ReLU, for `pixels` pixels; each of the three may be NULL, x and the residual
/// may be y.
void cpu_picture_epilogue_float(const float *x, float *y, int64_t pixels, int64_t channels, const float *scale,
                                const float *bias, const float *residual, bool relu);
/// sum[k] = beta sum[k] + parts[0][k] + parts[1][k] + ..., in order, for elements first ..< last of `count`.
void cpu_add_parts_float(const float *parts, int64_t part_count, int64_t count, int64_t first, int64_t last,
                         double beta, float *sum);

// MARK: Pooling (pooling.c)

typedef struct {
  int64_t height, width, channels, output_height, output_width, size, stride, padding;
} cpu_pooling_shape;

/// Rows first ..< last of the batch's output rows, counted over all pictures.
void cpu_maximum_pool_float(const cpu_pooling_shape *shape, const float *x, int64_t first, int64_t last, float *y,
                            uint8_t *choice);
void cpu_maximum_pool_double(const cpu_pooling_shape *shape, const double *x, int64_t first, int64_t last,
                             double *y, uint8_t *choice);
/// Rows first ..< last of the batch's input rows.
void cpu_maximum_pool_gradient_float(const cpu_pooling_shape *shape, const float *dy, const uint8_t *choice,
                                     int64_t first, int64_t last, double beta, float *dx);
void cpu_maximum_pool_gradient_double(const cpu_pooling_shape *shape, const double *dy, const uint8_t *choice,
                                      int64_t first, int64_t last, double beta, double *dx);
