// winograd.c: minimal filtering (Lavin and Gray, 2016) for windows of 3 x 3 that step from pixel to pixel: 2 x 2 results of
// a channel by 16 multiplications instead of 36.
//
// A tile is 2 x 2 results and the 4 x 4 pixels d under them. With
//
//       |1  0 -1  0|       | 1    0    0 |
//   B = |0  1  1  0|   G = |1/2  1/2  1/2|   A = |1  1  1  0|
//       |0 -1  1  0|       |1/2 -1/2  1/2|       |0  1 -1 -1|
//       |0  1  0 -1|       | 0    0    1 |
//
// the tile's results are A ((B d B') * (G w G')) A', summed over channels: 16 matrix products of tiles times channels, one
// for each place of the 4 x 4. Every transform acts alike on lines and on columns.
#include "CPUPictures.h"
#include "kernel.h"

#define REAL float
#include "winograd_body.h"
#undef REAL

#define REAL double
#include "winograd_body.h"
#undef REAL
