import Geometry

/// The random streams of samples from several views: every draw depends on the seed, its purpose and its number alone.
enum MultiViewStream: UInt64 {
  case tuple = 0x30
  case labels, pose, pairs

  func generator(seed: UInt64, number: Int) -> PhiloxGenerator {
    PhiloxGenerator(seed: seed, stream: rawValue << 56 | UInt64(number))
  }
}
