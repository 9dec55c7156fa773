import Compute
import Geometry

/// A clip's poses on the motion skeleton.
public struct MotionClip: Sendable {
  public let name: String
  /// Seconds from one pose to the next.
  public let frameTime: Double
  public let poses: [MotionPose]
  /// Where the hips are in every frame, in lengths of the clip's own leg (thigh and shank), since the format does not state
  /// its unit; y up.
  public let hips: [SIMD3<Double>]

  /// Reads the poses off a clip whose joints bear the names of one of the layouts known.
  ///
  /// Layouts: this project's own (Hips, LeftUpLeg ... Spine, Spine1, Spine2, Neck, Head, LeftShoulder ... LeftHand),
  /// and the widespread conversions of CMU's motions, whose trunk reads LowerBack, Spine, Spine1 and whose hips and
  /// neck carry one joint more. Only world rotations are read, so extra joints in a chain do no harm. Joints of
  /// fingers, toes and face are left out.
  ///
  /// - Throws: `ComputeError` of kind `.data` for an unknown or missing joint, and for a skeleton whose zero pose is not
  ///   the T-pose.
  public init(_ clip: BVHClip) throws {
    let source = try Self.sources(in: clip)
    try Self.checkTPose(clip, source)
    name = clip.name
    frameTime = clip.frameTime
    let leg =
      norm(clip.joints[source[MotionJoint.leftLeg.rawValue]].offset)
      + norm(clip.joints[source[MotionJoint.leftFoot.rawValue]].offset)
    var hips: [SIMD3<Double>] = []
    poses = (0..<clip.frameCount).map { frame in
      let (world, places) = clip.worldTransforms(frame: frame)
      hips.append(places[source[MotionJoint.hips.rawValue]] / leg)
      return MotionPose(
        rotations: MotionJoint.allCases.map { joint in
          let rotation = world[source[joint.rawValue]]
          return joint.parent.map { world[source[$0.rawValue]].transposed * rotation } ?? rotation
        })
    }
    self.hips = hips
  }

  /// Joints of other skeletons that only pass a rotation on.
  private static let passedOver: Set<String> = ["LHipJoint", "RHipJoint", "Neck1"]

  /// For every motion joint the index of the clip's joint that carries it.
  private static func sources(in clip: BVHClip) throws -> [Int] {
    let index = Dictionary(uniqueKeysWithValues: clip.joints.enumerated().map { ($1.name, $0) })
    let isConversion = index["LowerBack"] != nil
    let trunk: [MotionJoint: String] =
      isConversion ? [.spine: "LowerBack", .spine1: "Spine", .spine2: "Spine1"] : [:]
    var source: [Int] = []
    for joint in MotionJoint.allCases {
      let name = trunk[joint] ?? joint.name
      guard let found = index[name] else {
        throw ComputeError(
          .data, what: "BVH \(clip.name): joint \(name) is missing",
          why: "the body is posed from twenty named joints, Hips to RightHand",
          mend: "rename the joints of the clip; it has " + clip.joints.prefix(8).map(\.name).joined(separator: ", ")
            + (clip.joints.count > 8 ? " ..." : ""))
      }
      source.append(found)
    }
    let known = Set(source)
    let limbEnds = Set([MotionJoint.leftFoot, .rightFoot, .head, .leftHand, .rightHand].map { source[$0.rawValue] })
    for (number, joint) in clip.joints.enumerated() where !known.contains(number) && !passedOver.contains(joint.name) {
      var ancestor = joint.parent
      while let above = ancestor, !limbEnds.contains(above) { ancestor = clip.joints[above].parent }
      guard ancestor != nil else {
        throw ComputeError(
          .data, what: "BVH \(clip.name): joint \(joint.name) is unknown",
          why: "a joint between the ones known would change the pose in a way that cannot be guessed",
          mend: "remove the joint or rename it to one of " + MotionJoint.allCases.map(\.name).joined(separator: ", "))
      }
    }
    return source
  }

  /// The zero pose must have legs down and arms sideways, each within 35 degrees.
  private static func checkTPose(_ clip: BVHClip, _ source: [Int]) throws {
    var rest: [SIMD3<Double>] = []
    for joint in clip.joints { rest.append((joint.parent.map { rest[$0] } ?? SIMD3()) + joint.offset) }
    let limbs: [(MotionJoint, MotionJoint, SIMD3<Double>)] = [
      (.leftUpLeg, .leftLeg, SIMD3(0, -1, 0)), (.rightUpLeg, .rightLeg, SIMD3(0, -1, 0)),
      (.leftArm, .leftForeArm, SIMD3(1, 0, 0)), (.rightArm, .rightForeArm, SIMD3(-1, 0, 0)),
    ]
    for (from, to, direction) in limbs {
      let bone = rest[source[to.rawValue]] - rest[source[from.rawValue]]
      guard dot(bone, direction) > 0.82 * norm(bone) else {
        throw ComputeError(
          .data, what: "BVH \(clip.name): with all rotations zero, \(from.name) does not stand as in a T-pose",
          why: "rotations are measured from legs straight down and arms level, y up, the left side at +x",
          mend: "re-export the clip with a T-pose as its zero pose, y up and facing +z")
      }
    }
  }
}
