// random.c: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
//
// Word i is word i % 4 of the block with counter (i / 4, offset) under the key `seed`.
#include "CPURuntime.h"
#include "kernel.h"

CPU_INLINE void philox_block(uint64_t seed, uint64_t offset, uint64_t block, uint32_t *word) {
  uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32);
  uint32_t c2 = (uint32_t)offset, c3 = (uint32_t)(offset >> 32);
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = (uint64_t)c0 * 0xD2511F53u, b = (uint64_t)c2 * 0xCD9E8D57u;
    c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)b;
    c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)a;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  word[0] = c0;
  word[1] = c1;
  word[2] = c2;
  word[3] = c3;
}

CPU_KERNEL void cpu_philox(uint64_t seed, uint64_t offset, int64_t first, int64_t count, uint32_t *words) {
  const int64_t whole = count / 4;
  CPU_INDEPENDENT
  for (int64_t block = 0; block < whole; ++block)
    philox_block(seed, offset, (uint64_t)(first / 4 + block), words + 4 * block);
  if (count % 4 != 0) {
    uint32_t last[4];
    philox_block(seed, offset, (uint64_t)(first / 4 + whole), last);
    for (int64_t i = 0; i < count % 4; ++i) words[4 * whole + i] = last[i];
  }
}

#define DEFINE_MASK(REAL, STEM)                                                                          \
  CPU_KERNEL void STEM(uint64_t seed, uint64_t offset, int64_t first, int64_t count, uint64_t threshold, \
                       double scale, REAL *mask) {                                                       \
    enum { CHUNK = 256 };                                                                                \
    uint32_t words[CHUNK];                                                                               \
    for (int64_t i = 0; i < count; i += CHUNK) {                                                         \
      const int64_t n = CPU_MIN(count - i, (int64_t)CHUNK);                                              \
      cpu_philox(seed, offset, first + i, n, words);                                                     \
      for (int64_t j = 0; j < n; ++j) mask[i + j] = words[j] < threshold ? (REAL)scale : 0;              \
    }                                                                                                    \
  }
DEFINE_MASK(float, cpu_philox_mask_float)
DEFINE_MASK(double, cpu_philox_mask_double)
