// vertices.c: normals, light and projection of a mesh's vertices.
#include <math.h>
#include <string.h>

#include "RasterShim.h"
#include "kernel.h"

CPU_KERNEL void raster_normals(const float *positions, int64_t vertices, const int32_t *faces,
                               int64_t count, float *normals) {
  memset(normals, 0, (size_t)vertices * 3 * sizeof *normals);
  for (int64_t f = 0; f < count; ++f) {
    const int64_t ia = 3 * (int64_t)faces[3 * f], ib = 3 * (int64_t)faces[3 * f + 1],
                  ic = 3 * (int64_t)faces[3 * f + 2];
    const float *a = positions + ia, *b = positions + ib, *c = positions + ic;
    const float ux = b[0] - a[0], uy = b[1] - a[1], uz = b[2] - a[2];
    const float vx = c[0] - a[0], vy = c[1] - a[1], vz = c[2] - a[2];
    const float normal[3] = {uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx};
    for (int k = 0; k < 3; ++k) {
      normals[ia + k] += normal[k];
      normals[ib + k] += normal[k];
      normals[ic + k] += normal[k];
    }
  }
}

CPU_KERNEL void raster_shade(const float *normals, const float *albedo, int64_t vertices, const float *light,
                             const float *direct, const float *ambient, float *colors) {
  for (int64_t v = 0; v < vertices; ++v) {
    const float *n = normals + 3 * v;
    const float squared = n[0] * n[0] + n[1] * n[1] + n[2] * n[2];
    const float towards = n[0] * light[0] + n[1] * light[1] + n[2] * light[2];
    const float lambert = towards > 0 && squared > 0 ? towards / sqrtf(squared) : 0;
    for (int k = 0; k < 3; ++k) {
      const float color = albedo[3 * v + k] * sqrtf(ambient[k] + direct[k] * lambert);
      colors[3 * v + k] = color < 0 ? 0 : color > 1 ? 1 : color;
    }
  }
}

CPU_KERNEL void raster_project(const float *positions, int64_t vertices, const float *matrix,
                               float *corners) {
  for (int64_t v = 0; v < vertices; ++v) {
    const float x = positions[3 * v], y = positions[3 * v + 1], z = positions[3 * v + 2];
    const float u = matrix[0] * x + matrix[1] * y + matrix[2] * z + matrix[3];
    const float w = matrix[4] * x + matrix[5] * y + matrix[6] * z + matrix[7];
    const float depth = matrix[8] * x + matrix[9] * y + matrix[10] * z + matrix[11];
    corners[3 * v] = u / depth;
    corners[3 * v + 1] = w / depth;
    corners[3 * v + 2] = depth;
  }
}
