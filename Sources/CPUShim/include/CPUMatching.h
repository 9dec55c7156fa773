// Matching point sets: passes over a Gibbs kernel, nearest points.
#pragma once

#include "CPURuntime.h"

// MARK: Transport (transport.c)
//
// Each function takes `rows` rows of one kernel of the batch; `..._bfloat16` reads a kernel of bfloat16 and
// computes in float. `row_scale` is NULL in the plain form. Column sums over these rows alone are written to
// `sums`, one per column; the caller adds those of all tiles.

typedef uint16_t cpu_bfloat16;

/// kernel = exp((similarity - 1) / temperature); in the shifted form the greatest element of a row takes the
/// place of 1 and its own value goes to row_scale. `kernel` may be `similarity`. `weights` and `sums` may be
/// NULL together.
void cpu_gibbs_kernel_float(const float *similarity, int64_t similarity_row, int64_t rows, int64_t columns,
                            double temperature, float *kernel, int64_t kernel_row, float *row_scale,
                            const float *weights, float *sums);
void cpu_gibbs_kernel_double(const double *similarity, int64_t similarity_row, int64_t rows, int64_t columns,
                             double temperature, double *kernel, int64_t kernel_row, double *row_scale,
                             const double *weights, double *sums);
void cpu_gibbs_kernel_bfloat16(const float *similarity, int64_t similarity_row, int64_t rows, int64_t columns,
                               double temperature, cpu_bfloat16 *kernel, int64_t kernel_row, float *row_scale,
                               const float *weights, float *sums);

/// result = marginal / (K x + constant), or -(K x) scaling^2 / marginal where `scaling` is given; then the
/// column sums of K weighted by it.
void cpu_alternate_float(const float *kernel, int64_t kernel_row, int64_t rows, int64_t columns,
                         const float *row_scale, const float *x, double marginal, double constant,
                         const float *scaling, float *result, float *sums);
void cpu_alternate_double(const double *kernel, int64_t kernel_row, int64_t rows, int64_t columns,
                          const double *row_scale, const double *x, double marginal, double constant,
                          const double *scaling, double *result, double *sums);
void cpu_alternate_bfloat16(const cpu_bfloat16 *kernel, int64_t kernel_row, int64_t rows, int64_t columns,
                            const float *row_scale, const float *x, double marginal, double constant,
                            const float *scaling, float *result, float *sums);

/// planes [4][columns]: weights, then weights times each coordinate of the points; NULL weights count as 1.
void cpu_weigh_points_float(const float *weights, const float *points, int64_t point_row, int64_t columns,
                            float *planes);
void cpu_weigh_points_double(const double *weights, const double *points, int64_t point_row, int64_t columns,
                             double *planes);

/// mass, warped and match of each row, from planes made with the weights.
void cpu_project_float(const float *kernel, int64_t kernel_row, int64_t rows, int64_t columns,
                       const float *planes, float *warped, int64_t warped_row, float *mass, int32_t *match);
void cpu_project_double(const double *kernel, int64_t kernel_row, int64_t rows, int64_t columns,
                        const double *planes, double *warped, int64_t warped_row, double *mass,
                        int32_t *match);
void cpu_project_bfloat16(const cpu_bfloat16 *kernel, int64_t kernel_row, int64_t rows, int64_t columns,
                          const float *planes, float *warped, int64_t warped_row, float *mass,
                          int32_t *match);

/// sums[j] = sum over rows i of kernel[i, j] (gradient[0..2, i] . points[j] + gradient[3, i]), from planes
/// made without weights.
void cpu_backproject_float(const float *kernel, int64_t kernel_row, int64_t rows, int64_t columns,
                           const float *gradient, int64_t gradient_row, const float *planes, float *sums);
void cpu_backproject_double(const double *kernel, int64_t kernel_row, int64_t rows, int64_t columns,
                            const double *gradient, int64_t gradient_row, const double *planes, double *sums);
void cpu_backproject_bfloat16(const cpu_bfloat16 *kernel, int64_t kernel_row, int64_t rows, int64_t columns,
                              const float *gradient, int64_t gradient_row, const float *planes, float *sums);

/// result[i, j] = scale kernel[i, j] (sum over r below `rank` of left[r, i] right[r, j]).
void cpu_low_rank_hadamard_float(const float *kernel, int64_t kernel_row, int64_t rows, int64_t columns,
                                 int64_t rank, const float *left, int64_t left_row, const float *right,
                                 int64_t right_row, double scale, float *result, int64_t result_row);
void cpu_low_rank_hadamard_double(const double *kernel, int64_t kernel_row, int64_t rows, int64_t columns,
                                  int64_t rank, const double *left, int64_t left_row, const double *right,
                                  int64_t right_row, double scale, double *result, int64_t result_row);
void cpu_low_rank_hadamard_bfloat16(const cpu_bfloat16 *kernel, int64_t kernel_row, int64_t rows,
                                    int64_t columns, int64_t rank, const float *left, int64_t left_row,
                                    const float *right, int64_t right_row, double scale, float *result,
                                    int64_t result_row);

// MARK: Nearest points (nearest.c)

/// For each of `rows` points of x: the least squared distance to `columns` > 0 points and the lowest index
/// that attains it. planes [3][columns]: the coordinates of those points.
void cpu_nearest_points_float(const float *x, int64_t x_row, int64_t rows, const float *planes,
                              int64_t columns, float *squared_distance, int32_t *index);
void cpu_nearest_points_double(const double *x, int64_t x_row, int64_t rows, const double *planes,
                               int64_t columns, double *squared_distance, int32_t *index);

// MARK: Triplets (triplet.c)

/// Rows of one real type, `row` elements apart.
typedef struct {
  const void *base;
  int64_t row;
} cpu_rows;

/// Anchors with their positives and negatives, a point per row. Group g of the channels is bounds[g] ..<
/// bounds[g + 1].
typedef struct {
  cpu_rows anchor, positive, negative;
  const int64_t *bounds;
  int64_t groups;
} cpu_triplet;

/// Rows that a result is added to: x = beta x + result. With a NULL base there are none.
typedef struct {
  void *base;
  int64_t row;
  double beta;
} cpu_accumulator;

/// Each anchor's distance to its positive and to its negative, and their difference: `groups` values a row.
void cpu_triplet_distance_float(const cpu_triplet *triplet, int64_t rows, void *towards, void *away,
                                void *difference);
void cpu_triplet_distance_double(const cpu_triplet *triplet, int64_t rows, void *towards, void *away,
                                 void *difference);
/// The gradients of these differences, each times its upstream.
void cpu_triplet_gradient_float(const cpu_triplet *triplet, int64_t rows, const void *towards,
                                const void *away, const void *upstream, const cpu_accumulator *anchor,
                                const cpu_accumulator *positive, const cpu_accumulator *negative);
void cpu_triplet_gradient_double(const cpu_triplet *triplet, int64_t rows, const void *towards,
                                 const void *away, const void *upstream, const cpu_accumulator *anchor,
                                 const cpu_accumulator *positive, const cpu_accumulator *negative);
