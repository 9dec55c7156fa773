// raster.cl: triangles to pictures, a tile of pixels at a time.
//
//   picture[b, row, column] = mean over the pixel's SIDE^2 samples of the colour seen, 0 where nothing is
//   coverage[b, row, column] = share of the samples that see a triangle
//
// corners: [batch, vertices, 3], x and y in pixels, depth; faces: [faces, 3]; colors: [batch, vertices, 3];
// picture: [batch, height, width, 3]; coverage: [batch, height, width]; all without gaps. What a sample sees
// is in the contract of `rasterize`.
// Work: a work-group of GROUP items owns a tile of TILE_WIDTH x GROUP / TILE_WIDTH pixels, an item one pixel.
// GROUP faces at a time, each item places one; those that reach into the tile are listed in local memory, and
// every item tests its samples against the list.
// Deterministic: the list's order varies, what a sample sees does not, as ties go to the lower face.
// Build-time: GROUP, TILE_WIDTH (divides GROUP), SIDE (samples to a pixel's side), REACH (how many pixels off
// the corner a vertex may be).
#define SAMPLES (SIDE * SIDE)
#define STEPS 256  // places to a sample's width

// A vertex on the grid of samples; false where it cannot be drawn.
bool place(__global const float *corner, int2 *at, float *near) {
  const float x = corner[0], y = corner[1], z = corner[2];
  // A NaN fails every comparison.
  if (!(fabs(x) <= REACH && fabs(y) <= REACH && z >= 1e-6f && z <= 1e6f)) return false;
  *at = (int2)(convert_int_rte(x * (STEPS * SIDE)), convert_int_rte(y * (STEPS * SIDE)));
  *near = 1 / z;
  return true;
}

// The edge function of `from` to `to` at a point: positive at the right of an edge that runs up, y down.
long edge(const int2 from, const int2 to, const int2 at) {
  return (long)(to.x - from.x) * (at.y - from.y) - (long)(to.y - from.y) * (at.x - from.x);
}

// The least value inside: a point on a top or a left edge belongs to the face. `sign` is that of its area.
long least(const int2 from, const int2 to, const int sign) {
  const int dx = sign * (to.x - from.x), dy = sign * (to.y - from.y);
  return dy < 0 || (dy == 0 && dx > 0) ? 0 : 1;
}

__kernel void rasterize(const long vertices, const long faces, const long width, const long height,
                        const long tiles_across, const long tiles_down, __global const float *corners,
                        const long corners_offset, __global const int *face, const long face_offset,
                        __global const float *colors, const long colors_offset, __global float *picture,
                        const long picture_offset, __global float *coverage, const long coverage_offset) {
  __local int2 listed_a[GROUP], listed_b[GROUP], listed_c[GROUP];
  __local int4 listed_box[GROUP];     // least x and y, greatest x and y
  __local float4 listed_near[GROUP];  // of the three corners, over the area; the area's sign
  __local int listed_face[GROUP];
  __local int count;

  const int item = get_local_id(0);
  const long tile = get_group_id(0), tiles = tiles_across * tiles_down;
  const long element = tile / tiles, in_picture = tile - element * tiles;
  const int tile_row = in_picture / tiles_across * (GROUP / TILE_WIDTH);
  const int tile_column = in_picture % tiles_across * TILE_WIDTH;
  const int column = tile_column + item % TILE_WIDTH, row = tile_row + item / TILE_WIDTH;
  __global const float *corner = corners + corners_offset + element * vertices * 3;
  __global const float *color = colors + colors_offset + element * vertices * 3;
  const int2 first = (int2)(tile_column, tile_row) * (STEPS * SIDE) + STEPS / 2;
  const int2 last = first + ((int2)(TILE_WIDTH, GROUP / TILE_WIDTH) * SIDE - 1) * STEPS;
  const int2 own_first = (int2)(column, row) * (STEPS * SIDE) + STEPS / 2;
  const int2 own_last = own_first + (SIDE - 1) * STEPS;

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
      int2 a, b, c;
      float near_a, near_b, near_c;
      if (ia >= 0 && ib >= 0 && ic >= 0 && ia < vertices && ib < vertices && ic < vertices &&
          place(corner + (long)ia * 3, &a, &near_a) && place(corner + (long)ib * 3, &b, &near_b) &&
          place(corner + (long)ic * 3, &c, &near_c)) {
        const long area = edge(a, b, c);
        const int2 low = min(a, min(b, c)), high = max(a, max(b, c));
        if (area != 0 && high.x >= first.x && high.y >= first.y && low.x <= last.x && low.y <= last.y) {
          const int slot = atomic_inc(&count);
          const float unit = 1 / (float)(area < 0 ? -area : area);
          listed_a[slot] = a;
          listed_b[slot] = b;
          listed_c[slot] = c;
          listed_box[slot] = (int4)(low, high);
          listed_near[slot] = (float4)(near_a * unit, near_b * unit, near_c * unit, area < 0 ? -1.0f : 1.0f);
          listed_face[slot] = start + item;
        }
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = 0; k < count; ++k) {
      const int4 box = listed_box[k];
      if (box.x > own_last.x || box.y > own_last.y || box.z < own_first.x || box.w < own_first.y) continue;
      const int2 a = listed_a[k], b = listed_b[k], c = listed_c[k];
      const float4 near = listed_near[k];
      const int sign = near.w < 0 ? -1 : 1, number = listed_face[k];
      const long least_a = least(b, c, sign), least_b = least(c, a, sign), least_c = least(a, b, sign);
      for (int s = 0; s < SAMPLES; ++s) {
        const int2 at = (int2)(column * SIDE + s % SIDE, row * SIDE + s / SIDE) * STEPS + STEPS / 2;
        const long wa = sign * edge(b, c, at), wb = sign * edge(c, a, at), wc = sign * edge(a, b, at);
        if (wa < least_a || wb < least_b || wc < least_c) continue;
        const float b_part = (float)wb * near.y, c_part = (float)wc * near.z;
        const float nearness = (float)wa * near.x + b_part + c_part;
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

  float3 sum = (float3)(0, 0, 0);
  int covered = 0;
  for (int s = 0; s < SAMPLES; ++s) {
    if (seen[s] < 0) continue;
    __global const int *corner_of = face + face_offset + (long)seen[s] * 3;
    const float wb = part_b[s] / nearest[s], wc = part_c[s] / nearest[s];
    sum += (1 - wb - wc) * vload3(corner_of[0], color) + wb * vload3(corner_of[1], color) +
           wc * vload3(corner_of[2], color);
    covered += 1;
  }
  const long pixel = (element * height + row) * width + column;
  vstore3(sum * (1.0f / SAMPLES), pixel, picture + picture_offset);
  coverage[coverage_offset + pixel] = covered * (1.0f / SAMPLES);
}
