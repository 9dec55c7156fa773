// raster.cl: triangles to pictures, a tile of pixels at a time.
//
//   picture[b, row, column] = mean over the pixel's SIDE^2 samples of the colour seen, 0 where nothing is
//   coverage[b, row, column] = share of the samples that see a triangle
//
// corners: [batch, vertices, 3], x and y in pixels, depth; faces: [faces, 3]; colors: [batch, vertices, 3];
// picture: [batch, height, width, 3]; coverage: [batch, height, width]; all without gaps. What a sample sees
// is in the contract of `rasterize`.
// Work: a work-group of GROUP items owns a tile of TILE_WIDTH x GROUP / TILE_WIDTH pixels, an item one pixel;
// groups lie across, down and over the batch.
// GROUP faces at a time, each item places one; those that reach into the tile are listed in local memory, and
// every item tests its samples against the list.
// Deterministic: the list's order varies, what a sample sees does not, as ties go to the lower face.
// Build-time: GROUP and TILE_WIDTH (powers of two), SIDE (samples to a pixel's side), REACH (how many pixels
// off the corner a vertex may be). No vector types: oclgrind 21.10 mistakes them for uninitialised.
#define SAMPLES (SIDE * SIDE)
#define STEPS 256  // places to a sample's width
#define TILE_HEIGHT (GROUP / TILE_WIDTH)

// A vertex on the grid of samples.
typedef struct {
  int x, y;
  float near;  // 1 / depth, or 0 where the vertex cannot be drawn
} placed;

placed place(__global const float *corner) {
  const float x = corner[0], y = corner[1], z = corner[2];
  placed at = {0, 0, 0};
  // A NaN fails every comparison.
  if (!(fabs(x) <= REACH && fabs(y) <= REACH && z >= 1e-6f && z <= 1e6f)) return at;
  at.x = convert_int_rte(x * (STEPS * SIDE));
  at.y = convert_int_rte(y * (STEPS * SIDE));
  at.near = 1 / z;
  return at;
}

// The edge function of a to b at a point: positive at the right of an edge that runs up, y down.
long edge(const int ax, const int ay, const int bx, const int by, const int x, const int y) {
  return (long)(bx - ax) * (y - ay) - (long)(by - ay) * (x - ax);
}

// The least value inside along an edge: a point on a top or a left edge belongs to the face.
int least(const int dx, const int dy) { return dy < 0 || (dy == 0 && dx > 0) ? 0 : 1; }

__kernel void rasterize(const long vertices, const long faces, const long width, const long height,
                        __global const float *corners, const long corners_offset, __global const int *face,
                        const long face_offset, __global const float *colors, const long colors_offset,
                        __global float *picture, const long picture_offset, __global float *coverage,
                        const long coverage_offset) {
  __local int listed_ax[GROUP], listed_ay[GROUP], listed_bx[GROUP], listed_by[GROUP], listed_cx[GROUP],
      listed_cy[GROUP];
  __local float listed_a[GROUP], listed_b[GROUP], listed_c[GROUP];  // 1 / depth over the area
  __local int listed_sign[GROUP], listed_face[GROUP];               // the sign of the area
  __local int count;

  const int item = get_local_id(0);
  const long element = get_group_id(2);
  const int tile_column = get_group_id(0) * TILE_WIDTH, tile_row = get_group_id(1) * TILE_HEIGHT;
  const int column = tile_column + (item & (TILE_WIDTH - 1)), row = tile_row + item / TILE_WIDTH;
  __global const float *corner = corners + corners_offset + element * vertices * 3;
  __global const float *color = colors + colors_offset + element * vertices * 3;
  // The first and the last sample of the tile, and of the item's pixel.
  const int tile_left = tile_column * (STEPS * SIDE) + STEPS / 2;
  const int tile_top = tile_row * (STEPS * SIDE) + STEPS / 2;
  const int tile_right = tile_left + (TILE_WIDTH * SIDE - 1) * STEPS;
  const int tile_bottom = tile_top + (TILE_HEIGHT * SIDE - 1) * STEPS;
  const int left = column * (STEPS * SIDE) + STEPS / 2, right = left + (SIDE - 1) * STEPS;
  const int top = row * (STEPS * SIDE) + STEPS / 2, bottom = top + (SIDE - 1) * STEPS;

  float nearest[SAMPLES], part_b[SAMPLES], part_c[SAMPLES];
  int seen[SAMPLES];
  for (int s = 0; s < SAMPLES; ++s) {
    nearest[s] = part_b[s] = part_c[s] = 0;
    seen[s] = -1;
  }

  for (long start = 0; start < faces; start += GROUP) {
    if (item == 0) count = 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    if (start + item < faces) {
      const long at = face_offset + (start + item) * 3;
      const int ia = face[at], ib = face[at + 1], ic = face[at + 2];
      if (ia >= 0 && ib >= 0 && ic >= 0 && ia < vertices && ib < vertices && ic < vertices) {
        const placed a = place(corner + (long)ia * 3), b = place(corner + (long)ib * 3),
                     c = place(corner + (long)ic * 3);
        const long area = edge(a.x, a.y, b.x, b.y, c.x, c.y);
        if (a.near != 0 && b.near != 0 && c.near != 0 && area != 0 && max(a.x, max(b.x, c.x)) >= tile_left &&
            max(a.y, max(b.y, c.y)) >= tile_top && min(a.x, min(b.x, c.x)) <= tile_right &&
            min(a.y, min(b.y, c.y)) <= tile_bottom) {
          const int slot = atomic_inc(&count);
          const float unit = 1 / (float)(area < 0 ? -area : area);
          listed_ax[slot] = a.x;
          listed_ay[slot] = a.y;
          listed_bx[slot] = b.x;
          listed_by[slot] = b.y;
          listed_cx[slot] = c.x;
          listed_cy[slot] = c.y;
          listed_a[slot] = a.near * unit;
          listed_b[slot] = b.near * unit;
          listed_c[slot] = c.near * unit;
          listed_sign[slot] = area < 0 ? -1 : 1;
          listed_face[slot] = start + item;
        }
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const int listed = count;
    for (int k = 0; k < listed; ++k) {
      const int ax = listed_ax[k], ay = listed_ay[k], bx = listed_bx[k], by = listed_by[k];
      const int cx = listed_cx[k], cy = listed_cy[k];
      // Few of a tile's faces reach into one pixel.
      if (max(ax, max(bx, cx)) < left || min(ax, min(bx, cx)) > right || max(ay, max(by, cy)) < top ||
          min(ay, min(by, cy)) > bottom)
        continue;
      const int sign = listed_sign[k], number = listed_face[k];
      const int least_a = least(sign * (cx - bx), sign * (cy - by));
      const int least_b = least(sign * (ax - cx), sign * (ay - cy));
      const int least_c = least(sign * (bx - ax), sign * (by - ay));
      int s = 0;
      for (int y = top; y <= bottom; y += STEPS)
        for (int x = left; x <= right; x += STEPS, ++s) {
          const long wa = sign * edge(bx, by, cx, cy, x, y), wb = sign * edge(cx, cy, ax, ay, x, y);
          const long wc = sign * edge(ax, ay, bx, by, x, y);
          if (wa < least_a || wb < least_b || wc < least_c) continue;
          const float b_part = (float)wb * listed_b[k], c_part = (float)wc * listed_c[k];
          const float nearness = (float)wa * listed_a[k] + b_part + c_part;
          if (nearness > nearest[s] || (nearness == nearest[s] && number < seen[s])) {
            nearest[s] = nearness;
            part_b[s] = b_part;
            part_c[s] = c_part;
            seen[s] = number;
          }
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (column >= width || row >= height) return;

  float red = 0, green = 0, blue = 0;
  int covered = 0;
  for (int s = 0; s < SAMPLES; ++s) {
    if (seen[s] < 0) continue;
    __global const int *corner_of = face + face_offset + (long)seen[s] * 3;
    __global const float *a = color + (long)corner_of[0] * 3, *b = color + (long)corner_of[1] * 3;
    __global const float *c = color + (long)corner_of[2] * 3;
    const float wb = part_b[s] / nearest[s], wc = part_c[s] / nearest[s], wa = 1 - wb - wc;
    red += wa * a[0] + wb * b[0] + wc * c[0];
    green += wa * a[1] + wb * b[1] + wc * c[1];
    blue += wa * a[2] + wb * b[2] + wc * c[2];
    covered += 1;
  }
  const long pixel = (element * height + row) * width + column;
  __global float *to = picture + picture_offset + pixel * 3;
  to[0] = red * (1.0f / SAMPLES);
  to[1] = green * (1.0f / SAMPLES);
  to[2] = blue * (1.0f / SAMPLES);
  coverage[coverage_offset + pixel] = covered * (1.0f / SAMPLES);
}
