import Compute
import Foundation
import Geometry

/// The poses of all BVH clips of a folder.
public struct MotionLibrary: PoseSource {
  public let clips: [MotionClip]
  public let summary: String
  /// Running number of each clip's first pose, and at the end the number of poses.
  private let firstPose: [Int]

  public var poseCount: Int { firstPose[clips.count] }

  /// Reads every file of the folder whose name ends in `.bvh`, in the order of their names.
  ///
  /// - Throws: `ComputeError` of kind `.noInput` when the folder cannot be read or holds no clip, `.data` for a clip that
  ///   cannot be used.
  public init(folder: String) throws {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw ComputeError(
        .noInput, what: "motion: cannot list \(folder)", why: "it is missing, not a folder, or not readable",
        mend: "name a folder of BVH files")
    }
    let chosen = names.filter { $0.lowercased().hasSuffix(".bvh") }.sorted()
    guard !chosen.isEmpty else {
      throw ComputeError(
        .noInput, what: "motion: \(folder) holds no .bvh file", why: "poses are taken from BVH clips",
        mend: "name the folder that holds the clips themselves; subfolders are not searched")
    }
    try self.init(
      clips: chosen.map { try MotionClip(BVHClip(path: "\(folder)/\($0)")) },
      summary: "\(chosen.count) clips of \(URL(fileURLWithPath: folder).lastPathComponent)")
  }

  /// - Precondition: at least one clip.
  public init(clips: [MotionClip], summary: String) {
    precondition(!clips.isEmpty, "MotionLibrary: no clips")
    self.clips = clips
    self.summary = summary
    firstPose = clips.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.poses.count) }
  }

  /// Pose number `index` over all clips in their order.
  public func pose(at index: Int) -> MotionPose {
    precondition((0..<poseCount).contains(index), "MotionLibrary: pose \(index) of \(poseCount)")
    // The last clip that begins at or before the index.
    var low = 0
    var high = clips.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if firstPose[middle] <= index { low = middle } else { high = middle }
    }
    return clips[low].poses[index - firstPose[low]]
  }

  public func pose(using generator: inout PhiloxGenerator) -> MotionPose {
    pose(at: generator.index(below: poseCount)).facing(0)
  }
}
