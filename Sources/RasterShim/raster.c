// raster.c: triangles to pictures, face after face into a buffer of samples.
//
// Places are rounded to 1/256 of a sample, so that edge functions are exact whole numbers: a sample on the
// edge of two faces belongs to one of them, whatever their order.
#include <math.h>
#include <string.h>

#include "RasterShim.h"
#include "kernel.h"

enum { HALF_STEP = RASTER_SUBSTEPS / 2, STEP_BITS = 8 };

/// A vertex on the grid of samples.
typedef struct {
  int32_t x, y;
  float near;  // 1 / depth, or 0 where the vertex cannot be drawn
} placed;

/// What a sample sees. `nearness` is the sum of the weighted 1 / depth, of which b and c are the second and
/// the third corner's part.
typedef struct {
  float nearness, b, c;
  int32_t face;
} sample;

static int64_t aligned(int64_t bytes) { return (bytes + 63) / 64 * 64; }

int64_t raster_scratch(int64_t vertices, int64_t width, int64_t rows, int64_t samples_per_side) {
  const int64_t samples = width * rows * samples_per_side * samples_per_side;
  return aligned(vertices * (int64_t)sizeof(placed)) + aligned(samples * (int64_t)sizeof(sample));
}

CPU_INLINE placed place(const float *corner, float scale) {
  const float x = corner[0], y = corner[1], z = corner[2];
  // A NaN fails every comparison.
  if (!(fabsf(x) <= RASTER_REACH && fabsf(y) <= RASTER_REACH && z >= 1e-6f && z <= 1e6f))
    return (placed){0, 0, 0};
  return (placed){(int32_t)lrintf(x * scale), (int32_t)lrintf(y * scale), 1 / z};
}

/// Draws one face on `width` x `height` samples, of which the first row is row `top` of the picture's.
CPU_INLINE void draw_face(placed a, placed b, placed c, int32_t face, int64_t width, int64_t top,
                          int64_t height, sample *samples) {
  const int32_t left_edge = CPU_MIN(a.x, CPU_MIN(b.x, c.x)), right_edge = CPU_MAX(a.x, CPU_MAX(b.x, c.x));
  const int32_t top_edge = CPU_MIN(a.y, CPU_MIN(b.y, c.y)), bottom_edge = CPU_MAX(a.y, CPU_MAX(b.y, c.y));
  // Sample i lies at 256 i + 128.
  const int64_t left = CPU_MAX(0, (left_edge + HALF_STEP - 1) >> STEP_BITS);
  const int64_t right = CPU_MIN(width - 1, (right_edge - HALF_STEP) >> STEP_BITS);
  const int64_t first = CPU_MAX(top, (int64_t)((top_edge + HALF_STEP - 1) >> STEP_BITS));
  const int64_t last = CPU_MIN(top + height - 1, (int64_t)((bottom_edge - HALF_STEP) >> STEP_BITS));
  if (left > right || first > last) return;

  int64_t area = (int64_t)(b.x - a.x) * (c.y - a.y) - (int64_t)(b.y - a.y) * (c.x - a.x);
  if (area == 0) return;
  // Weights of b and c are edge functions along c - a and a - b; the sign makes them positive inside.
  const int64_t sign = area < 0 ? -1 : 1;
  area *= sign;
  const int64_t bx = sign * (a.x - c.x), by = sign * (a.y - c.y);  // the edge from c to a
  const int64_t cx = sign * (b.x - a.x), cy = sign * (b.y - a.y);  // the edge from a to b
  const int64_t ax = sign * (c.x - b.x), ay = sign * (c.y - b.y);  // the edge from b to c
  // With y down and positive weights inside, an edge that runs up has the inside at its right.
  const int64_t a_least = ay < 0 || (ay == 0 && ax > 0) ? 0 : 1;
  const int64_t b_least = by < 0 || (by == 0 && bx > 0) ? 0 : 1;
  const int64_t c_least = cy < 0 || (cy == 0 && cx > 0) ? 0 : 1;
  const float unit = 1 / (float)area;
  const float a_near = a.near * unit, b_near = b.near * unit, c_near = c.near * unit;

  const int64_t px = left * RASTER_SUBSTEPS + HALF_STEP;
  for (int64_t row = first; row <= last; ++row) {
    const int64_t py = row * RASTER_SUBSTEPS + HALF_STEP;
    int64_t wa = ax * (py - b.y) - ay * (px - b.x);
    int64_t wb = bx * (py - c.y) - by * (px - c.x);
    int64_t wc = cx * (py - a.y) - cy * (px - a.x);
    sample *line = samples + (row - top) * width;
    for (int64_t column = left; column <= right; ++column) {
      if (wa >= a_least && wb >= b_least && wc >= c_least) {
        const float b_part = (float)wb * b_near, c_part = (float)wc * c_near;
        const float nearness = (float)wa * a_near + b_part + c_part;
        if (nearness > line[column].nearness) line[column] = (sample){nearness, b_part, c_part, face};
      }
      wa -= ay * RASTER_SUBSTEPS;
      wb -= by * RASTER_SUBSTEPS;
      wc -= cy * RASTER_SUBSTEPS;
    }
  }
}

CPU_KERNEL void raster_draw(const raster_mesh *mesh, int64_t width, int64_t first, int64_t last,
                            int64_t samples_per_side, void *scratch, float *picture, float *coverage) {
  const int64_t side = samples_per_side, columns = width * side, rows = (last - first) * side;
  placed *places = scratch;
  sample *samples = (sample *)((char *)scratch + aligned(mesh->vertices * (int64_t)sizeof(placed)));
  const float scale = (float)(RASTER_SUBSTEPS * side);
  for (int64_t v = 0; v < mesh->vertices; ++v) places[v] = place(mesh->corners + 3 * v, scale);
  memset(samples, 0, (size_t)(columns * rows) * sizeof *samples);

  const uint32_t vertices = (uint32_t)mesh->vertices;
  for (int64_t f = 0; f < mesh->count; ++f) {
    const uint32_t ia = (uint32_t)mesh->faces[3 * f], ib = (uint32_t)mesh->faces[3 * f + 1],
                   ic = (uint32_t)mesh->faces[3 * f + 2];
    if (ia >= vertices || ib >= vertices || ic >= vertices) continue;
    const placed a = places[ia], b = places[ib], c = places[ic];
    if (a.near == 0 || b.near == 0 || c.near == 0) continue;
    draw_face(a, b, c, (int32_t)f, columns, first * side, rows, samples);
  }

  const float share = 1 / (float)(side * side);
  for (int64_t row = first; row < last; ++row)
    for (int64_t column = 0; column < width; ++column) {
      float sum[3] = {0, 0, 0};
      int covered = 0;
      for (int64_t sy = 0; sy < side; ++sy) {
        const sample *line = samples + ((row - first) * side + sy) * columns + column * side;
        for (int64_t sx = 0; sx < side; ++sx) {
          const sample seen = line[sx];
          if (seen.nearness == 0) continue;
          const int32_t *face = mesh->faces + 3 * (int64_t)seen.face;
          const float *a = mesh->colors + 3 * (int64_t)face[0], *b = mesh->colors + 3 * (int64_t)face[1],
                      *c = mesh->colors + 3 * (int64_t)face[2];
          const float wb = seen.b / seen.nearness, wc = seen.c / seen.nearness, wa = 1 - wb - wc;
          for (int k = 0; k < 3; ++k) sum[k] += wa * a[k] + wb * b[k] + wc * c[k];
          covered += 1;
        }
      }
      float *pixel = picture + (row * width + column) * 3;
      for (int k = 0; k < 3; ++k) pixel[k] = sum[k] * share;
      coverage[row * width + column] = (float)covered * share;
    }
}
