import Geometry

/// The random streams of rendered scenes: every draw depends on the seed, its purpose and its number alone.
enum SceneStream: UInt64 {
  case motion = 0x40
  case actor, room, take, studio
  /// Drawn per picture.
  case sensor, backdrop

  func generator(seed: UInt64, number: Int) -> PhiloxGenerator {
    PhiloxGenerator(seed: seed, stream: rawValue << 56 | UInt64(number))
  }

  /// The stream of one picture: of its place and its draw.
  func generator(seed: UInt64, _ place: MultiViewPlace, draw: UInt64) -> PhiloxGenerator {
    let place = UInt64(place.sequence) << 40 ^ UInt64(place.view) << 32 ^ UInt64(place.frame)
    return PhiloxGenerator(seed: mixed(seed ^ mixed(rawValue << 56 ^ place)), stream: draw)
  }
}

/// A bijection of 64-bit words that leaves no pattern (the finaliser of SplitMix64; Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", 2014).
@inline(__always)
func mixed(_ word: UInt64) -> UInt64 {
  var z = word
  z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
  z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
  return z ^ (z >> 31)
}
