// CPUShim: the hot loops of the CPU backend, its threads and its pages. No policy, no tensors.
//
// A function `..._float` works on float, `..._double` on double; both come from one body. Strides and offsets
// count elements unless a name says bytes. Operations are cut into tiles whose number depends on the shape
// alone; Swift hands the tiles to the worker pool, so a result never depends on the number of threads.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "CPUElementwise.h"
#include "CPUMatching.h"
#include "CPUMatrix.h"
#include "CPUPictures.h"
#include "CPURuntime.h"
