// RasterShim: triangles to pictures, and what is computed per vertex before, on the calling thread alone. No
// policy.
//
// The CPU backend draws with it, and so do samples that are rendered on threads of their own while a device
// trains.
#pragma once

#include <stdint.h>

// MARK: Rasterisation (raster.c)

/// Places are kept in whole 1/256 of a sample's width; those farther than this many pixels from the picture's
/// corner are not drawn.
enum { RASTER_SUBSTEPS = 256, RASTER_REACH = 16384, RASTER_SAMPLES = 4 };

/// A mesh in pixel coordinates. A face with a corner that is no vertex, lies beyond RASTER_REACH pixels in x
/// or y, has no depth between 1e-6 and 1e6, or is not finite is left out.
typedef struct {
  const float *corners;  // [vertices, 3]: x, y in pixels, depth in front of the camera
  int64_t vertices;
  const int32_t *faces;  // [count, 3]
  int64_t count;
  const float *colors;  // [vertices, 3]
} raster_mesh;

/// Bytes of scratch memory for `raster_draw` of `rows` rows.
int64_t raster_scratch(int64_t vertices, int64_t width, int64_t rows, int64_t samples_per_side);

/// Draws rows `first` ..< `last` of a picture, each pixel the mean of samples_per_side^2 samples (at most
/// RASTER_SAMPLES^2) on a regular grid.
///
/// A sample belongs to a face when it lies inside, or on an edge that is a top or a left one; of several
/// faces to the one with the greatest 1 / depth, of equals to the first. Whatever the cut into rows, the
/// result is the same bits.
///
/// picture: [height, width, 3], the sum of the samples' colours over their number; coverage: [height, width];
/// both begin with row 0, and only rows first ..< last are written.
void raster_draw(const raster_mesh *mesh, int64_t width, int64_t first, int64_t last,
                 int64_t samples_per_side, void *scratch, float *picture, float *coverage);

// MARK: Vertices (vertices.c)

/// The sum of the adjacent faces' normals, each as long as twice the face's area; faces must name vertices.
/// positions, normals: [vertices, 3].
void raster_normals(const float *positions, int64_t vertices, const int32_t *faces, int64_t count,
                    float *normals);

/// Lambert's law: color = albedo * sqrt(ambient + direct * max(0, n . light)), clamped to 0 ... 1, with n the
/// normal at length 1. Light adds up before it is encoded, and the root is about a screen's encoding. All
/// [vertices, 3]; light is a unit vector towards the light, direct and ambient are per channel.
void raster_shade(const float *normals, const float *albedo, int64_t vertices, const float *light,
                  const float *direct, const float *ambient, float *colors);

/// corner = (X / Z, Y / Z, Z) with (X, Y, Z) = matrix (x, y, z, 1); matrix: [3, 4], row by row.
void raster_project(const float *positions, int64_t vertices, const float *matrix, float *corners);

// MARK: Pictures (blur.c)

/// Blurs a picture [size, size, channels] with weights of a pixel, of its neighbours and of theirs along each
/// axis; the border's pixels stand in for what lies outside. scratch: as large as the picture.
void raster_blur(float *values, int64_t size, int64_t channels, float middle, float first, float second,
                 float *scratch);
