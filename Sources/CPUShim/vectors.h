// Vectors of a cache line, and where the greatest or least of many values stands. Included with REAL defined
// and INDEX, the integer type of its size.
//
// Vectors are never passed to or returned from functions: their registers depend on the instruction set.

typedef REAL NAME(vector) __attribute__((vector_size(64), aligned(sizeof(REAL))));
typedef INDEX NAME(indices) __attribute__((vector_size(64), aligned(sizeof(REAL))));
enum { NAME(lanes) = 64 / sizeof(REAL) };

/// Per lane, the best value so far and the first place where it stood.
typedef struct {
  NAME(vector) value;
  NAME(indices) place;
} NAME(best);

CPU_INLINE void NAME(start_best)(NAME(best) * best, REAL value) {
  for (int lane = 0; lane < NAME(lanes); ++lane) {
    best->value[lane] = value;
    best->place[lane] = lane;
  }
}

/// a where every bit of the mask is set, else b.
#define CPU_SELECT(type, mask, a, b) ((type)(((mask) & (NAME(indices))(a)) | (~(mask) & (NAME(indices))(b))))

/// The lane's place moves to `current` where `is_better` (lanes of all or no bits).
#define CPU_UPDATE_BEST(best, is_better, candidate, current)                                   \
  do {                                                                                         \
    const NAME(indices) better = (is_better);                                                  \
    (best).value = CPU_SELECT(NAME(vector), better, candidate, (best).value);                  \
    (best).place = CPU_SELECT(NAME(indices), better, current, (best).place);                   \
  } while (0)
