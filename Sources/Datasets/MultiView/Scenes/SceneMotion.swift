import Geometry

/// A stretch of motion that an actor performs, on the motion skeleton.
protocol SceneMotion: Sendable {
  /// "001_01": unique among the motions of a set.
  var name: String { get }
  var subject: String { get }
  var framesPerSecond: Double { get }
  var frameCount: Int { get }
  /// Whether the hips' height is that of a capture; without, the lowest point of every pose touches the floor.
  var hasHeight: Bool { get }

  func pose(at frame: Int) -> MotionPose

  /// Where the hips are, in lengths of a leg; y up.
  func hips(at frame: Int) -> SIMD3<Double>
}

/// A captured clip. What stands before the first underscore of its name is its subject: "001_01.bvh" shows subject 001.
struct CapturedMotion: SceneMotion {
  let clip: MotionClip
  let name: String
  let subject: String

  init(_ clip: MotionClip) {
    self.clip = clip
    name = clip.name.hasSuffix(".bvh") ? String(clip.name.dropLast(4)) : clip.name
    subject = name.split(separator: "_").first.map(String.init) ?? name
  }

  var framesPerSecond: Double {
    // Frame times are written with few digits: 0.033333 stands for 30 frames per second.
    let rate = 1 / clip.frameTime
    return abs(rate - rate.rounded()) < 1e-3 * rate ? rate.rounded() : rate
  }

  var frameCount: Int { clip.poses.count }
  var hasHeight: Bool { true }

  func pose(at frame: Int) -> MotionPose { clip.poses[frame] }

  func hips(at frame: Int) -> SIMD3<Double> { clip.hips[frame] }
}
