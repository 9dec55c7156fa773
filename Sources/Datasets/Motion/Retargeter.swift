import Geometry

/// Carries a motion pose over to a body: the same pose for every person, whatever the shape.
///
/// World rotations of motion joints are taken into the body's axes and composed with an alignment per bone, which turns
/// the bone's direction at rest (arms half lowered) to its direction in the T-pose. Bones without a motion joint follow
/// their parent.
public struct Retargeter: Sendable {
  private let skeleton: Skeleton
  /// Per bone the motion joint and the alignment E, nil where the bone follows its parent.
  private let sources: [(joint: MotionJoint, alignment: Matrix3)?]

  /// From motion axes (y up, facing +z) to body axes (z up, facing -y): (x, y, z) to (x, -z, y).
  static let axes = Matrix3(rows: SIMD3(1, 0, 0), SIMD3(0, 0, -1), SIMD3(0, 1, 0))

  private static let boneOfJoint: [(MotionJoint, String)] = [
    (.hips, "root"), (.leftUpLeg, "upperleg01.L"), (.leftLeg, "lowerleg01.L"), (.leftFoot, "foot.L"),
    (.rightUpLeg, "upperleg01.R"), (.rightLeg, "lowerleg01.R"), (.rightFoot, "foot.R"), (.spine, "spine04"),
    (.spine1, "spine03"), (.spine2, "spine02"), (.neck, "neck01"), (.head, "head"), (.leftShoulder, "clavicle.L"),
    (.leftArm, "upperarm01.L"), (.leftForeArm, "lowerarm01.L"), (.leftHand, "wrist.L"),
    (.rightShoulder, "clavicle.R"), (.rightArm, "upperarm01.R"), (.rightForeArm, "lowerarm01.R"),
    (.rightHand, "wrist.R"),
  ]

  /// The bones whose direction is aligned: from its head to another's, and the direction in the T-pose.
  private static let alignedBones: [(bones: [String], from: String, to: String, direction: SIMD3<Double>)] = [
    (["upperleg01.L"], "upperleg01.L", "lowerleg01.L", SIMD3(0, 0, -1)),
    (["upperleg01.R"], "upperleg01.R", "lowerleg01.R", SIMD3(0, 0, -1)),
    (["lowerleg01.L"], "lowerleg01.L", "foot.L", SIMD3(0, 0, -1)),
    (["lowerleg01.R"], "lowerleg01.R", "foot.R", SIMD3(0, 0, -1)),
    (["upperarm01.L"], "upperarm01.L", "lowerarm01.L", SIMD3(1, 0, 0)),
    (["upperarm01.R"], "upperarm01.R", "lowerarm01.R", SIMD3(-1, 0, 0)),
    (["lowerarm01.L", "wrist.L"], "lowerarm01.L", "wrist.L", SIMD3(1, 0, 0)),
    (["lowerarm01.R", "wrist.R"], "lowerarm01.R", "wrist.R", SIMD3(-1, 0, 0)),
  ]

  /// Takes the alignment from the body of `Phenotype.reference`.
  ///
  /// - Precondition: the skeleton has the twenty bones posed by motion joints, as both body models have.
  public init(_ body: BodyModel) {
    let reference = body.shaped(.reference)
    skeleton = body.skeleton
    func bone(_ name: String) -> Int {
      guard let index = body.skeleton.index(of: name) else {
        preconditionFailure("Retargeter: \(body.name) has no bone \(name)")
      }
      return index
    }
    var alignment: [String: Matrix3] = [:]
    for aligned in Self.alignedBones {
      let direction = reference.heads[bone(aligned.to)] - reference.heads[bone(aligned.from)]
      for name in aligned.bones { alignment[name] = Matrix3(from: direction, to: aligned.direction) }
    }
    var sources = [(joint: MotionJoint, alignment: Matrix3)?](repeating: nil, count: skeleton.count)
    for (joint, name) in Self.boneOfJoint { sources[bone(name)] = (joint, alignment[name] ?? .identity) }
    self.sources = sources
  }

  /// World rotations G_b of the body's bones: M C M^T E where a motion joint leads, the parent's elsewhere.
  public func worldRotations(_ pose: MotionPose) -> [Matrix3] {
    let motion = pose.worldRotations
    var world: [Matrix3] = []
    world.reserveCapacity(sources.count)
    for (bone, source) in sources.enumerated() {
      if let source {
        world.append(Self.axes * motion[source.joint.rawValue] * Self.axes.transposed * source.alignment)
      } else {
        world.append(world[skeleton.parents[bone]])
      }
    }
    return world
  }
}
