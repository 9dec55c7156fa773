// random.cl: counter-based random numbers, the same on every device.
//
// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): element i is word i % 4
// of the block with counter (i / 4, offset) under the key seed. Work: one work-item per block of four
// elements.
uint4 philox4x32(uint4 c, uint2 k) {
  for (int round = 0; round < 10; ++round) {
    const uint a = 0xD2511F53u, b = 0xCD9E8D57u;
    c = (uint4)(mul_hi(b, c.z) ^ c.y ^ k.x, b * c.z, mul_hi(a, c.x) ^ c.w ^ k.y, a * c.x);
    k += (uint2)(0x9E3779B9u, 0xBB67AE85u);
  }
  return c;
}

uint4 random_block(const ulong block, const ulong seed, const ulong offset) {
  return philox4x32((uint4)((uint)block, (uint)(block >> 32), (uint)offset, (uint)(offset >> 32)),
                    (uint2)((uint)seed, (uint)(seed >> 32)));
}

// y[i] = word i, bit pattern kept.
__kernel void randomBits(const long count, const ulong seed, const ulong offset, __global int *y,
                         const long y_offset) {
  const long block = get_global_id(0);
  if (4 * block >= count) return;  // the global size is rounded up
  const uint4 word = random_block(block, seed, offset);
  const uint words[4] = {word.x, word.y, word.z, word.w};
  for (int k = 0; k < 4; ++k)
    if (4 * block + k < count) y[y_offset + 4 * block + k] = as_int(words[k]);
}

// y[i] = word i < threshold ? scale : 0.
__kernel void randomMask(const long count, const ulong seed, const ulong offset, const ulong threshold,
                         const REAL scale, __global REAL *y, const long y_offset) {
  const long block = get_global_id(0);
  if (4 * block >= count) return;  // the global size is rounded up
  const uint4 word = random_block(block, seed, offset);
  const uint words[4] = {word.x, word.y, word.z, word.w};
  for (int k = 0; k < 4; ++k)
    if (4 * block + k < count) y[y_offset + 4 * block + k] = words[k] < threshold ? scale : (REAL)0;
}
