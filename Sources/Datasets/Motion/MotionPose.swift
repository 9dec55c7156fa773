import Geometry

/// The twenty joints of a motion: the skeleton onto which clips are read and from which bodies are posed.
///
/// Axes of motion: y up, the person's left is +x, facing +z. All rotations zero is the T-pose: legs straight down,
/// arms level and sideways, palms down.
public enum MotionJoint: Int, Sendable, CaseIterable {
  case hips, leftUpLeg, leftLeg, leftFoot, rightUpLeg, rightLeg, rightFoot, spine, spine1, spine2, neck, head
  case leftShoulder, leftArm, leftForeArm, leftHand, rightShoulder, rightArm, rightForeArm, rightHand

  public var parent: MotionJoint? {
    switch self {
    case .hips: nil
    case .leftUpLeg, .rightUpLeg, .spine: .hips
    case .neck, .leftShoulder, .rightShoulder: .spine2
    default: MotionJoint(rawValue: rawValue - 1)
    }
  }

  /// The joint of the other side; joints of the middle are their own.
  public var mirrored: MotionJoint {
    switch self {
    case .leftUpLeg, .leftLeg, .leftFoot: MotionJoint(rawValue: rawValue + 3) ?? self
    case .rightUpLeg, .rightLeg, .rightFoot: MotionJoint(rawValue: rawValue - 3) ?? self
    case .leftShoulder, .leftArm, .leftForeArm, .leftHand: MotionJoint(rawValue: rawValue + 4) ?? self
    case .rightShoulder, .rightArm, .rightForeArm, .rightHand: MotionJoint(rawValue: rawValue - 4) ?? self
    default: self
    }
  }

  /// The joint's name in a clip's hierarchy: "LeftUpLeg".
  public var name: String {
    let words = "\(self)"
    return words.prefix(1).uppercased() + words.dropFirst()
  }
}

/// A pose: the rotation of every motion joint against its parent, the root's against the world.
public struct MotionPose: Sendable, Equatable {
  /// One per `MotionJoint`, in its order.
  public var rotations: [Matrix3]

  public init(rotations: [Matrix3]) {
    precondition(rotations.count == MotionJoint.allCases.count, "MotionPose: one rotation per joint is needed")
    self.rotations = rotations
  }

  public static let tPose = MotionPose(
    rotations: [Matrix3](repeating: .identity, count: MotionJoint.allCases.count))

  public subscript(joint: MotionJoint) -> Matrix3 {
    get { rotations[joint.rawValue] }
    set { rotations[joint.rawValue] = newValue }
  }

  /// Rotations against the world.
  public var worldRotations: [Matrix3] {
    var world: [Matrix3] = []
    for joint in MotionJoint.allCases {
      let local = self[joint]
      world.append(joint.parent.map { world[$0.rawValue] * local } ?? local)
    }
    return world
  }

  /// The turn of the root about the vertical in radians; 0 faces +z. It is the twist of the root's rotation, which is
  /// defined in every pose but an exact half turn about a level axis.
  public var heading: Double { self[.hips].twist(about: 1) }

  /// The same pose with the given heading.
  public func facing(_ heading: Double) -> MotionPose {
    var pose = self
    pose[.hips] = Matrix3(axis: 1, radians: heading - self.heading) * self[.hips]
    return pose
  }

  /// The pose seen in a mirror across the person's middle plane.
  public var mirrored: MotionPose {
    var pose = self
    for joint in MotionJoint.allCases {
      let m = self[joint.mirrored]
      pose[joint] = Matrix3(
        columns: SIMD3(m.x.x, -m.x.y, -m.x.z), SIMD3(-m.y.x, m.y.y, m.y.z), SIMD3(-m.z.x, m.z.y, m.z.z))
    }
    return pose
  }
}
