import Foundation
import Geometry

/// What a camera does to one picture: it differs from picture to picture, so that no two of them share it.
struct SceneSensor: Sendable {
  /// Per channel.
  let gain: SIMD3<Float>
  let gamma: Float
  /// Standard deviation of the noise, on the scale from 0 to 1.
  let noise: Float
  /// Standard deviation of the blur, in pixels.
  let blur: Float
  private let noiseSeed: UInt64

  init(using random: inout PhiloxGenerator) {
    let overall = random.uniform(in: 0.85...1.15)
    gain = SIMD3<Float>(
      SIMD3(random.uniform(in: 0.95...1.05), random.uniform(in: 0.95...1.05), random.uniform(in: 0.95...1.05))
        * overall)
    gamma = Float(random.uniform(in: 0.9...1.1))
    noise = Float(random.uniform(in: 0...4) / 255)
    blur = Float(random.uniform(in: 0...0.8))
    noiseSeed = random.next()
  }

  /// A colour after gain, gamma and noise; `pixel` numbers the noise.
  @inline(__always)
  func applied(to color: SIMD3<Float>, pixel: Int) -> SIMD3<Float> {
    let lit = (color * gain).clamped(lowerBound: .zero, upperBound: .one)
    let developed = SIMD3(
      exp2f(gamma * log2f(max(lit.x, 1e-6))), exp2f(gamma * log2f(max(lit.y, 1e-6))),
      exp2f(gamma * log2f(max(lit.z, 1e-6))))
    return developed + noise * Self.normals(mixed(noiseSeed &+ UInt64(pixel) &* 0x9E37_79B9_7F4A_7C15))
  }

  /// Three numbers with mean 0 and deviation 1, nearly normal: sums of four uniform numbers of five bits.
  @inline(__always)
  private static func normals(_ word: UInt64) -> SIMD3<Float> {
    func sum(_ shift: UInt64) -> Float {
      let bits = word >> shift
      return Float((bits & 31) + (bits >> 5 & 31) + (bits >> 10 & 31) + (bits >> 15 & 31))
    }
    // The mean of four is 62, the variance 4 (32 32 - 1) / 12.
    return (SIMD3(sum(0), sum(20), sum(40)) - 62) / 18.466_185
  }

  /// Weights of a pixel and of its neighbours at one and two pixels' distance; nil where blur is too small to be seen.
  var blurWeights: SIMD3<Float>? {
    guard blur > 0.25 else { return nil }
    let (one, two) = (expf(-1 / (2 * blur * blur)), expf(-4 / (2 * blur * blur)))
    return SIMD3(1, one, two) / (1 + 2 * one + 2 * two)
  }
}
