import Foundation
import Geometry

/// A distant light and what comes from all sides; intensities, which add as light does.
struct SceneLight: Sendable {
  /// Unit vector towards the light, in the room.
  let direction: SIMD3<Double>
  /// Per channel.
  let direct, ambient: SIMD3<Float>

  init(using random: inout PhiloxGenerator) {
    let elevation = random.uniform(in: 35...75) * .pi / 180
    let azimuth = random.uniform(in: 0...2 * .pi)
    direction = SIMD3(cos(elevation) * cos(azimuth), cos(elevation) * sin(azimuth), sin(elevation))
    let share = random.uniform(in: 0.35...0.55)
    // Warmer or cooler, the two of them each for itself.
    func tint() -> SIMD3<Double> {
      let warmth = random.uniform(in: -0.08...0.08)
      return SIMD3(1 + warmth, 1, 1 - warmth)
    }
    ambient = SIMD3<Float>(tint() * share)
    direct = SIMD3<Float>(tint() * (1 - share))
  }
}
