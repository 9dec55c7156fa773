// Pictures: convolution, pooling, batch normalisation. Activations are [batch, height, width, channels] without gaps.
#pragma once

#include "CPURuntime.h"

/// Pictures, and how a window moves over them; output_height times output_width is the number of its positions.
typedef struct {
  int64_t height, width, channels, output_height, output_width, size, stride, padding;
} cpu_window_shape;

// MARK: Convolution (convolution.c)

/// windows = what lies under the window at the positions first ..< last, counted over all pictures: a row of size size
/// channels each, zeros outside the picture.
void cpu_unfold_float(const cpu_window_shape *shape, const float *x, int64_t first, int64_t last, float *windows);
void cpu_unfold_double(const cpu_window_shape *shape, const double *x, int64_t first, int64_t last,
                       double *windows);
/// The adjoint: adds each window's row where the window lies.
void cpu_fold_float(const cpu_window_shape *shape, const float *windows, int64_t first, int64_t last, float *x);
void cpu_fold_double(const cpu_window_shape *shape, const double *windows, int64_t first, int64_t last, double *x);

/// Rows first ..< last of a weight [outputs, inputs, size, size] in the order of windows: rows[o][u][v][i]; turned by
/// half a circle and with inputs and outputs exchanged, rows[i][u][v][o], for the way back.
void cpu_filter_rows_float(const float *weight, int64_t outputs, int64_t inputs, int64_t size, bool turned,
                           int64_t first, int64_t last, float *rows);
void cpu_filter_rows_double(const double *weight, int64_t outputs, int64_t inputs, int64_t size, bool turned,
                            int64_t first, int64_t last, double *rows);
/// weight = beta weight + parts[0] + parts[1] + ..., each part [size, size, inputs, outputs], in order and in double, for
/// the inputs first ..< last.
void cpu_add_filter_parts_float(const float *parts, int64_t part_count, int64_t outputs, int64_t inputs,
                                int64_t size, double beta, int64_t first, int64_t last, float *weight);
void cpu_add_filter_parts_double(const double *parts, int64_t part_count, int64_t outputs, int64_t inputs,
                                 int64_t size, double beta, int64_t first, int64_t last, double *weight);

/// y = scale x + bias + residual, then the ReLU, for `pixels` pixels; each of the three may be NULL, x and the residual
/// may be y.
void cpu_picture_epilogue_float(const float *x, float *y, int64_t pixels, int64_t channels, const float *scale,
                                const float *bias, const float *residual, bool relu);
void cpu_picture_epilogue_double(const double *x, double *y, int64_t pixels, int64_t channels, const double *scale,
                                 const double *bias, const double *residual, bool relu);

// MARK: Convolution by minimal filtering (winograd.c): windows of 3 x 3 that step by 1
//
// A tile is 2 x 2 results; (output_width + 1) / 2 of them lie side by side, (output_height + 1) / 2 below each other,
// and they are counted over all pictures. What is transformed are 16 matrices that begin `matrix` elements apart, with
// a row per tile from `first` on.

/// Matrices [last - first, channels]: the 4 x 4 pixels under each tile.
void cpu_winograd_input_float(const cpu_window_shape *shape, const float *x, int64_t first, int64_t last,
    int64_t matrix, float *transformed);
void cpu_winograd_input_double(const cpu_window_shape *shape, const double *x, int64_t first, int64_t last,
    int64_t matrix, double *transformed);
/// The tiles' results from matrices [last - first, outputs]: with beta = 0 y = scale results + bias + residual, then
/// the ReLU, as cpu_picture_epilogue does it; else y = beta y + results.
void cpu_winograd_output_float(const cpu_window_shape *shape, int64_t outputs, const float *products, int64_t first,
    int64_t last, int64_t matrix, double beta, const float *scale, const float *bias, const float *residual, bool relu,
    float *y);
void cpu_winograd_output_double(const cpu_window_shape *shape, int64_t outputs, const double *products, int64_t first,
    int64_t last, int64_t matrix, double beta, const double *scale, const double *bias, const double *residual, bool relu,
    double *y);
/// The adjoint of the plain results: matrices [last - first, outputs] from the pictures dy.
void cpu_winograd_output_adjoint_float(const cpu_window_shape *shape, int64_t outputs, const float *dy, int64_t first,
    int64_t last, int64_t matrix, float *transformed);
void cpu_winograd_output_adjoint_double(const cpu_window_shape *shape, int64_t outputs, const double *dy, int64_t first,
    int64_t last, int64_t matrix, double *transformed);
/// Rows first ..< last of 16 matrices [outputs, inputs] without gaps from a weight [outputs, inputs, 3, 3]; turned by
/// half a circle and with inputs and outputs exchanged, [inputs, outputs], for the way back.
void cpu_winograd_filters_float(const float *weight, int64_t outputs, int64_t inputs, bool turned, int64_t first,
    int64_t last, float *transformed);
void cpu_winograd_filters_double(const double *weight, int64_t outputs, int64_t inputs, bool turned, int64_t first,
    int64_t last, double *transformed);
/// weight = beta weight + the adjoint of the filters' transform of 16 matrices [outputs, inputs] without gaps, for the
/// outputs first ..< last.
void cpu_winograd_filter_gradient_float(const float *sums, int64_t outputs, int64_t inputs, double beta,
    int64_t first, int64_t last, float *weight);
void cpu_winograd_filter_gradient_double(const double *sums, int64_t outputs, int64_t inputs, double beta,
    int64_t first, int64_t last, double *weight);

// MARK: Pooling (pooling.c)

/// Rows first ..< last of the batch's output rows, counted over all pictures.
void cpu_maximum_pool_float(const cpu_window_shape *shape, const float *x, int64_t first, int64_t last, float *y,
                            uint8_t *choice);
void cpu_maximum_pool_double(const cpu_window_shape *shape, const double *x, int64_t first, int64_t last,
                             double *y, uint8_t *choice);
/// Rows first ..< last of the batch's input rows.
void cpu_maximum_pool_gradient_float(const cpu_window_shape *shape, const float *dy, const uint8_t *choice,
                                     int64_t first, int64_t last, double beta, float *dx);
void cpu_maximum_pool_gradient_double(const cpu_window_shape *shape, const double *dy, const uint8_t *choice,
                                      int64_t first, int64_t last, double beta, double *dx);
