/// The greatest power of two that is at most `count`; 1 for counts below 1.
package func greatestPowerOfTwo(notAbove count: Int) -> Int {
  1 << (Int.bitWidth - 1 - max(count, 1).leadingZeroBitCount)
}
