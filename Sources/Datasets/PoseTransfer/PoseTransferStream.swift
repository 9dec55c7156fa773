import Geometry

/// The random streams of pose transfer: every draw depends on the seed, its purpose and its number alone.
enum PoseTransferStream: UInt64 {
  case identity = 0x10
  case pose, half, pairList, order, item, identityShuffle, poseShuffle, drawnPairs

  func generator(seed: UInt64, number: Int) -> PhiloxGenerator {
    PhiloxGenerator(seed: seed, stream: rawValue << 56 | UInt64(number))
  }
}

extension RandomNumberGenerator {
  /// The numbers 0 ..< count in random order, each order as likely as any other (Durstenfeld, "Algorithm 235: random
  /// permutation", 1964). The standard library's shuffle does not promise the same order in every release.
  mutating func permutation(of count: Int) -> [Int32] {
    var order = (0..<Int32(count)).map { $0 }
    for last in stride(from: count - 1, to: 0, by: -1) { order.swapAt(last, index(below: last + 1)) }
    return order
  }
}
