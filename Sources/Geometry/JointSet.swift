import Compute

/// The joints of a skeleton: their names, how they hang together, and which of them count in an evaluation.
///
/// Indices run in the order of `names`.
public struct JointSet: Sendable, Equatable {
  /// A body or a hand: decides the channel plan of the mesh network.
  public enum Family: String, Sendable { case body, hand }

  public let name: String
  public let joints: [String]
  public let family: Family
  /// Bones, as pairs of joints.
  public let skeleton: [SIMD2<Int>]
  /// Further edges of the joint graph: left and right partners of a body, neighbouring fingers of a hand.
  public let extraEdges: [SIMD2<Int>]
  /// The pairs that change places when a picture is flipped; empty for the hand, which is never flipped.
  public let flipPairs: [SIMD2<Int>]
  /// The joint that poses are relative to.
  public let root: Int
  /// The joint set in which meshes are supervised and evaluated when this one is the input.
  public let targetName: String
  /// The joints that count when 3D poses of this set are evaluated, and meshes if this is the target set.
  public let evaluated: [Int]

  public var count: Int { joints.count }

  /// The joint set in which meshes are supervised and evaluated; its `evaluated` joints count for meshes.
  public var target: JointSet { JointSet.all.first { $0.name == targetName }! }

  /// The joint set of that name.
  ///
  /// - Throws: `ComputeError` of kind `.usage` that lists the known names.
  public init(named name: String) throws {
    guard let known = JointSet.all.first(where: { $0.name == name }) else {
      throw ComputeError(
        .usage, what: "there is no joint set \"\(name)\"",
        why: "a network's input and output joints are those of a known joint set",
        mend: "use one of \(JointSet.all.map(\.name).joined(separator: ", "))")
    }
    self = known
  }

  /// The index of a joint, or nil if there is none of that name.
  public func index(of joint: String) -> Int? { joints.firstIndex(of: joint) }

  init(
    _ name: String, _ family: Family, _ joints: String, skeleton: [[Int]], extraEdges: [SIMD2<Int>], root: Int,
    targetName: String, evaluated: [Int]? = nil
  ) {
    self.name = name
    self.family = family
    self.joints = joints.split(separator: " ").map(String.init)
    self.skeleton = skeleton.flatMap { chain in zip(chain, chain.dropFirst()).map { SIMD2($0, $1) } }
    self.extraEdges = extraEdges
    self.flipPairs = family == .body ? extraEdges : []
    self.root = root
    self.targetName = targetName
    self.evaluated = evaluated ?? Array(self.joints.indices)
  }
}

// MARK: - The known sets

extension JointSet {
  public static let all = [human36, coco, smpl, mano]

  /// The 17 joints of Human3.6M; Pelvis, Torso and Nose do not count in evaluations.
  public static let human36 = JointSet(
    "human36", .body,
    """
    Pelvis R_Hip R_Knee R_Ankle L_Hip L_Knee L_Ankle Torso Neck Nose Head L_Shoulder L_Elbow L_Wrist R_Shoulder \
    R_Elbow R_Wrist
    """,
    skeleton: [[0, 7, 8, 9, 10], [8, 11, 12, 13], [8, 14, 15, 16], [0, 1, 2, 3], [0, 4, 5, 6]],
    extraEdges: [SIMD2(1, 4), SIMD2(2, 5), SIMD2(3, 6), SIMD2(14, 11), SIMD2(15, 12), SIMD2(16, 13)],
    root: 0, targetName: "human36", evaluated: [1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 14, 15, 16])

  /// The 17 key points of COCO, then Pelvis and Neck as the midpoints of hips and shoulders.
  public static let coco = JointSet(
    "coco", .body,
    """
    Nose L_Eye R_Eye L_Ear R_Ear L_Shoulder R_Shoulder L_Elbow R_Elbow L_Wrist R_Wrist L_Hip R_Hip L_Knee R_Knee \
    L_Ankle R_Ankle Pelvis Neck
    """,
    skeleton: [
      [1, 2, 4], [2, 0, 1, 3], [18, 6, 8, 10], [18, 5, 7, 9], [17, 12, 14, 16], [17, 11, 13, 15], [17, 18, 0],
    ],
    extraEdges: stride(from: 1, to: 17, by: 2).map { SIMD2($0, $0 + 1) },
    root: 17, targetName: "human36")

  /// The 24 joints of the SMPL body model.
  public static let smpl = JointSet(
    "smpl", .body,
    """
    Pelvis L_Hip R_Hip Torso L_Knee R_Knee Spine L_Ankle R_Ankle Chest L_Toe R_Toe Neck L_Thorax R_Thorax Head \
    L_Shoulder R_Shoulder L_Elbow R_Elbow L_Wrist R_Wrist L_Hand R_Hand
    """,
    skeleton: [
      [0, 1, 4, 7, 10], [0, 2, 5, 8, 11], [0, 3, 6, 9, 12, 15], [9, 14, 17, 19, 21, 23], [9, 13, 16, 18, 20, 22],
    ],
    extraEdges: [
      SIMD2(1, 2), SIMD2(4, 5), SIMD2(7, 8), SIMD2(10, 11), SIMD2(13, 14), SIMD2(16, 17), SIMD2(18, 19), SIMD2(20, 21),
      SIMD2(22, 23),
    ],
    root: 0, targetName: "smpl")

  /// The 21 joints of the MANO hand: the wrist, then four per finger from its base to its tip.
  public static let mano = JointSet(
    "mano", .hand,
    "Wrist "
      + ["Thumb", "Index", "Middle", "Ring", "Pinky"].map { finger in
        (1...4).map { "\(finger)_\($0)" }.joined(separator: " ")
      }.joined(separator: " "),
    skeleton: (0..<5).map { finger in [0] + (1...4).map { 4 * finger + $0 } },
    extraEdges: (1...4).flatMap { depth in (0..<4).map { finger in SIMD2(4 * finger + depth, 4 * finger + depth + 4) }
    },
    root: 0, targetName: "mano")
}
