import Geometry
import Layers

/// The sizes of a Pose2Mesh network.
///
/// Choi, Moon, Lee, "Pose2Mesh: Graph Convolutional Network for 3D Human Pose and Mesh Recovery from a 2D Human Pose",
/// ECCV 2020. Where paper and published code differ, the code is followed.
public struct Pose2MeshArchitecture: Sendable, Equatable {
  public var jointSet: JointSet
  /// Coarsenings of the mesh graph: 9 for the published body network, 6 for the hand.
  public var levels: Int
  /// Base width of MeshNet; published: 64.
  public var width: Int
  /// Width of PoseNet; published: 4096.
  public var hidden: Int
  /// Dropout rate in PoseNet; published: 0.5.
  public var dropout: Double
  /// Whether MeshNet's gradient stops at the 3D pose, as in the published code.
  public var detachesPose: Bool

  public init(
    jointSet: JointSet, levels: Int, width: Int = 64, hidden: Int = 4096, dropout: Double = 0.5,
    detachesPose: Bool = true
  ) {
    self.jointSet = jointSet
    self.levels = levels
    self.width = width
    self.hidden = hidden
    self.dropout = dropout
    self.detachesPose = detachesPose
  }

  /// Per block, the channels before, between and after its convolutions; block 0 works on the joints.
  public func channelPlan() throws -> [[Int]] {
    let isHand = jointSet.family == .hand
    let w = width
    let middle = levels - 1 - (isHand ? 2 : 4)
    guard middle >= 0, w >= 2, w.isMultiple(of: 2) else {
      throw ComputeError(
        .configuration, what: "Pose2Mesh: \(levels) levels at width \(w)",
        why: "the \(isHand ? "hand" : "body") plan needs at least \(isHand ? 3 : 5) levels and an even width",
        mend: "raise the levels (published: 9 body, 6 hand) or the width (published: 64)")
    }
    var plan = [[5, w / 2, w, w], [w, 2 * w, 4 * w]]
    plan += Array(repeating: [4 * w, 4 * w, 4 * w], count: middle)
    plan.append([4 * w, 2 * w, 2 * w])
    if !isHand { plan += Array(repeating: [2 * w, 2 * w, 2 * w], count: 2) }
    plan.append([2 * w, w, 3])
    return plan
  }
}
