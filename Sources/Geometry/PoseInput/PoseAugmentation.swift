import Foundation

/// How one training sample is varied.
public struct PoseAugmentation: Sendable, Equatable {
  public var isFlipped = false
  /// Radians.
  public var rotation = 0.0

  /// The sample as it is.
  public static let none = PoseAugmentation()

  public init(isFlipped: Bool = false, rotation: Double = 0) {
    self.isFlipped = isFlipped
    self.rotation = rotation
  }

  /// Draws a variation in upstream's order: the flip if allowed, an angle, and whether there is a rotation at all.
  ///
  /// - Parameters:
  ///   - flips: true for the training of PoseNet alone; a mesh is never flipped.
  ///   - rotateFactor: standard deviation of the angle in degrees, which is clamped to twice that; 0 in all published
  ///     configurations.
  public init(flips: Bool, rotateFactor: Double = 0, using random: inout some RandomNumberGenerator) {
    isFlipped = flips && random.uniform() <= 0.5
    let degrees = min(max(random.normal() * rotateFactor, -2 * rotateFactor), 2 * rotateFactor)
    rotation = random.uniform() <= 0.5 ? 0 : degrees * .pi / 180
  }

  /// A 2D pose in crop pixels after the flip; the crop itself has turned it.
  public func applied(toCrop joints: [SIMD2<Double>], of set: JointSet) -> [SIMD2<Double>] {
    guard isFlipped else { return joints }
    return set.swappingPartners(joints.map { SIMD2(InputCrop.size.x - $0.x - 1, $0.y) })
  }

  /// A 3D pose in camera axes after flip and rotation; both leave the origin, its root, in place.
  public func applied(toPose joints: [SIMD3<Double>], of set: JointSet) -> [SIMD3<Double>] {
    let turned = joints.map { joint in
      let flat = rotate(SIMD2(joint.x, joint.y), by: -rotation)
      return SIMD3(flat.x, flat.y, joint.z)
    }
    return isFlipped ? set.swappingPartners(turned.map { SIMD3(-$0.x, $0.y, $0.z) }) : turned
  }
}

extension JointSet {
  /// Values per joint with those of left and right partners exchanged.
  public func swappingPartners<Value>(_ values: [Value]) -> [Value] {
    var swapped = values
    for pair in flipPairs { swapped.swapAt(pair.x, pair.y) }
    return swapped
  }
}
