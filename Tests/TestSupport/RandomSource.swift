import Compute

/// A small deterministic generator for host data (Steele, Lea and Flood, "Fast splittable pseudorandom
/// number generators", 2014: SplitMix64). It shares no code with the devices' Philox.
public struct RandomSource: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A multiple of 2^-23 in [-1, 1): exact in float32, so every element type gets the same inputs.
  public mutating func signed() -> Double { Double(Int64(bitPattern: next()) >> 40) * 0x1p-23 }

  /// `count` values of `signed()`.
  public mutating func signed(_ count: Int) -> [Double] { (0..<count).map { _ in signed() } }

  /// A host tensor of `signed()` values.
  public mutating func tensor(_ shape: [Int]) -> HostTensor { HostTensor(shape, signed(shape.reduce(1, *))) }

  /// A sparse matrix with about `density` of its places filled, some rows left empty.
  public mutating func sparse(_ rows: Int, _ columns: Int, density: Double = 0.2) -> CompressedRows {
    var entries: [(row: Int, column: Int, value: Double)] = []
    for row in 0..<rows where row % 5 != 3 {
      for column in 0..<columns where Double.random(in: 0..<1, using: &self) < density {
        entries.append((row, column, signed()))
      }
    }
    return CompressedRows(rows: rows, columns: columns, entries: entries)
  }
}
