// copy.cl: destination = source between strided views of one shape, converting the element type.
//
// Real values become integers by truncation, saturating; float64 becomes float32, and every type bfloat16,
// by rounding to nearest even (bfloat16 through float32).
// Work: as in map.cl.
// Deterministic: one work-item copies an element.
// Build-time: INDEX (as in map.cl), ITEMS, SOURCE and DESTINATION = storage types (ushort holds bfloat16),
// CONVERT(x) = the conversion, UNIT (1: both views have unit stride along the innermost axis).
#define RANK 6

typedef struct {
  long first;  // axes before this one have size 1
  long shape[RANK];
  long source_stride[RANK], destination_stride[RANK];
  long source_offset, destination_offset;
  long outer;  // product of all axes but the innermost
} CopyPlan;

#if UNIT
#define SOURCE_INNER 1
#define DESTINATION_INNER 1
#else
#define SOURCE_INNER plan.source_stride[RANK - 1]
#define DESTINATION_INNER plan.destination_stride[RANK - 1]
#endif

float bfloat16_to_float(const ushort bits) { return as_float((uint)bits << 16); }

ushort float_to_bfloat16(const float x) {
  const uint bits = as_uint(x);
  if (x != x) return (ushort)((bits >> 16) | 0x40);  // a quiet NaN stays one
  return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

__kernel void copy(const CopyPlan plan, __global const SOURCE *source, __global DESTINATION *destination) {
  const long first = (long)get_group_id(0) * (get_local_size(0) * ITEMS) + get_local_id(0);
  for (long outer = get_global_id(1); outer < plan.outer; outer += get_global_size(1)) {
    long from = plan.source_offset, to = plan.destination_offset;
    INDEX rest = outer;
    for (int axis = RANK - 2; axis >= plan.first; --axis) {
      const INDEX size = plan.shape[axis], next = axis > plan.first ? rest / size : 0;
      const long coordinate = rest - next * size;
      from += coordinate * plan.source_stride[axis];
      to += coordinate * plan.destination_stride[axis];
      rest = next;
    }
    for (int t = 0; t < ITEMS; ++t) {
      const long i = first + t * (long)get_local_size(0);
      if (i < plan.shape[RANK - 1])
        destination[to + i * DESTINATION_INNER] = CONVERT(source[from + i * SOURCE_INNER]);
    }
  }
}
