/// Names one stretch of random numbers: the same key gives the same numbers on every device.
///
/// The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
/// Element i takes word `i % 4` of the block with counter (i / 4, offset) under the key `seed`.
public struct RandomKey: Sendable, Hashable {
  public let seed: UInt64
  /// Which stretch: unique per use, for instance a running number of the draw.
  public let offset: UInt64

  public init(seed: UInt64, offset: UInt64) {
    self.seed = seed
    self.offset = offset
  }

  /// The four words of block number `block`.
  public func words(block: UInt64) -> SIMD4<UInt32> {
    philox4x32(
      counter: SIMD4(
        UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32),
        UInt32(truncatingIfNeeded: offset), UInt32(truncatingIfNeeded: offset >> 32)),
      key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
  }
}

/// Ten rounds of Philox4x32.
public func philox4x32(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
  var c = counter
  var k = key
  for _ in 0..<10 {
    let a = c.x.multipliedFullWidth(by: 0xD251_1F53)
    let b = c.z.multipliedFullWidth(by: 0xCD9E_8D57)
    c = SIMD4(b.high ^ c.y ^ k.x, b.low, a.high ^ c.w ^ k.y, a.low)
    k = k &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
  }
  return c
}

public protocol RandomOperations: AnyObject, Sendable {
  /// Fills a contiguous int32 view with the words of `key`, bit pattern kept.
  func randomBits(_ key: RandomKey, into destination: TensorView)

  /// Fills a contiguous real view with `scale` where the element's word is below `keepProbability` * 2^32 and with 0
  /// elsewhere: a dropout mask when scale is 1 / keepProbability.
  func randomMask(_ key: RandomKey, keepProbability: Double, scale: Double, into destination: TensorView)
}

/// The first word that `randomMask` drops; kept words are below it.
public func maskThreshold(_ keepProbability: Double) -> UInt64 {
  precondition((0...1).contains(keepProbability), "randomMask: \(keepProbability) is not a probability")
  return UInt64((keepProbability * 0x1p32).rounded())
}
