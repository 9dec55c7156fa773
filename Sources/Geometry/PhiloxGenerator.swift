import Compute
import Foundation

/// A counter-based source of random numbers on the host: stream s of seed k gives the same numbers everywhere, however
/// many other streams have been read before.
///
/// Give each sample, identity or epoch its own stream; then samples can be made in any order, or again.
public struct PhiloxGenerator: RandomNumberGenerator, Sendable, Equatable {
  private let key: RandomKey
  /// How many 64-bit words have been taken; set it to continue where another generator stood.
  public var position: UInt64 = 0

  public init(seed: UInt64, stream: UInt64) {
    // The device draws from keys (seed, offset); another key space keeps the host's numbers apart from dropout masks.
    key = RandomKey(seed: seed ^ 0x9E37_79B9_7F4A_7C15, offset: stream)
  }

  public mutating func next() -> UInt64 {
    let words = key.words(block: position / 2)
    defer { position += 1 }
    return position.isMultiple(of: 2)
      ? UInt64(words.x) | UInt64(words.y) << 32 : UInt64(words.z) | UInt64(words.w) << 32
  }
}

extension RandomNumberGenerator {
  /// Uniform on [0, 1), with 53 random bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform on [range.lowerBound, range.upperBound).
  public mutating func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// Uniform on 0 ..< count.
  public mutating func index(below count: Int) -> Int { Int(next(upperBound: UInt64(count))) }

  /// A normal number with mean 0 and standard deviation 1 (Box and Muller, "A note on the generation of random normal
  /// deviates", 1958).
  public mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()  // 1 - u is never 0
    return radius * cos(2 * .pi * uniform())
  }

  /// A normal number with the given mean and standard deviation.
  public mutating func normal(mean: Double, deviation: Double) -> Double { mean + deviation * normal() }
}
