import Geometry

/// Where poses come from: clips of a folder, or a fitted prior.
public protocol PoseSource: Sendable {
  /// In a few words, for logs and reports: "68 clips of mocap/train".
  var summary: String { get }

  /// A pose drawn with the numbers of `generator`; its heading is 0.
  func pose(using generator: inout PhiloxGenerator) -> MotionPose
}
