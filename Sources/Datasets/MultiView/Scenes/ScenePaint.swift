import Foundation
import Geometry

/// What a person wears: one colour per part of the body.
struct ScenePaint: Sendable {
  let skin, hair, shirt, trousers, shoes: SIMD3<Float>
  let hasLongSleeves, hasLongTrousers: Bool
  /// What the sleeves' colour is multiplied by, left and right.
  let sleeves: SIMD2<Float>
  private let pattern: UInt64

  /// Size of a patch of the pattern, metres; its strength as a standard deviation.
  private static let patch = 0.07
  private static let strength = 0.04

  init(unevenSleeves: Double, using random: inout PhiloxGenerator) {
    func jittered(_ color: SIMD3<Double>, _ size: Double) -> SIMD3<Double> {
      color
        * SIMD3(
          random.uniform(in: 1 - size...1 + size), random.uniform(in: 1 - size...1 + size),
          random.uniform(in: 1 - size...1 + size))
    }
    let tone = random.uniform()
    let skin = SIMD3(0.93, 0.76, 0.66) * (1 - tone) + SIMD3(0.36, 0.22, 0.15) * tone
    self.skin = SIMD3<Float>(jittered(skin, 0.05))
    let hairs = [
      SIMD3(0.09, 0.07, 0.06), SIMD3(0.27, 0.17, 0.10), SIMD3(0.45, 0.30, 0.18), SIMD3(0.75, 0.60, 0.38),
      SIMD3(0.50, 0.24, 0.12), SIMD3(0.62, 0.61, 0.60),
    ]
    hair = SIMD3<Float>(jittered(hairs[random.index(below: hairs.count)], 0.15))
    shirt = Self.garment(using: &random)
    trousers = Self.garment(using: &random)
    shoes = Self.garment(using: &random) * 0.7
    hasLongSleeves = random.uniform() < 0.5
    hasLongTrousers = random.uniform() < 0.7
    let isUneven = random.uniform() < unevenSleeves
    let shade = Float(random.uniform(in: 0.8...0.92))
    let isLeft = random.uniform() < 0.5
    sleeves = isUneven ? (isLeft ? SIMD2(shade, 1) : SIMD2(1, shade)) : SIMD2(1, 1)
    pattern = random.next()
  }

  /// Any hue, from dull to saturated and from dark to light.
  private static func garment(using random: inout PhiloxGenerator) -> SIMD3<Float> {
    let hue = 6 * random.uniform()
    let (saturation, value) = (random.uniform(in: 0.05...0.85), random.uniform(in: 0.15...0.95))
    let channels = SIMD3(5.0, 3, 1).map { offset in
      let k = (offset + hue).truncatingRemainder(dividingBy: 6)
      return value * (1 - saturation * max(0, min(k, 4 - k, 1)))
    }
    return SIMD3<Float>(channels)
  }

  /// `[vertices, 3]`: the colours of a body.
  ///
  /// The pattern is the same left and right, so that it does not tell them apart.
  ///
  /// - Parameters:
  ///   - regions: `[vertices]`
  ///   - rest: `[vertices, 3]`: the body at rest, metres.
  ///   - face: where its face ends.
  func colors(regions: [BodyRegion], rest: [Float], face: FaceBounds) -> [Float] {
    regions.indices.flatMap { vertex -> [Float] in
      let place = SIMD3(Double(rest[3 * vertex]), Double(rest[3 * vertex + 1]), Double(rest[3 * vertex + 2]))
      let sleeve = place.x > 0 ? sleeves.x : sleeves.y
      let color =
        switch regions[vertex] {
        case .head: face.isHair(place) ? hair : skin
        case .neck, .hand: skin
        case .trunk: shirt
        case .upperArm: shirt * sleeve
        case .forearm: hasLongSleeves ? shirt * sleeve : skin
        case .pelvis, .thigh: trousers
        case .shank: hasLongTrousers ? trousers : skin
        case .foot: shoes
        }
      let noise = valueNoise(SIMD3(abs(place.x), place.y, place.z) / Self.patch, seed: pattern)
      // Trilinear noise of uniform values has a deviation of about 0.17 on the average.
      let factor = Float(1 + Self.strength / 0.17 * (noise - 0.5))
      return [color.x * factor, color.y * factor, color.z * factor]
    }
  }
}

/// Which part of a head has hair: what lies above the brow, and behind the ears.
struct FaceBounds: Sendable {
  let brow, ear: SIMD3<Double>

  /// - Parameter rest: `[vertices, 3]`: the body at rest, facing -y.
  init(of body: BodyModel, rest: [Float]) {
    if let coco = body.jointRegressors[JointSet.coco.name] {
      let joints = coco.joints(of: rest)
      brow = (joints[1] + joints[2]) / 2 + SIMD3(0, 0, 0.035)
      ear = (joints[3] + joints[4]) / 2
    } else {
      let head = body.skeleton.index(of: "head").map { body.boneHeads[$0] } ?? .zero
      brow = head + SIMD3(0, -0.08, 0.1)
      ear = head + SIMD3(0, 0, 0.06)
    }
  }

  func isHair(_ place: SIMD3<Double>) -> Bool { place.z > brow.z || (place.y > ear.y && place.z > ear.z - 0.07) }
}

extension SIMD3<Double> {
  fileprivate func map(_ transform: (Double) -> Double) -> SIMD3<Double> {
    SIMD3(transform(x), transform(y), transform(z))
  }
}
