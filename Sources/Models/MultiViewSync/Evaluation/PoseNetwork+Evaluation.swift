import Datasets
import Geometry
import Layers

extension PoseNetwork {
  /// The poses that the network sees in pictures: `[shots][17]`, relative to the first joint, in millimetres.
  public func poses(
    of shots: [MultiViewShot], in recordings: any MultiViewRecordings, size: Int, statistics: PoseStatistics
  ) throws -> [[SIMD3<Double>]] {
    let pass = ForwardPass(parameters, isTraining: false)
    let width = MultiViewSyncArchitecture.poseValues
    var poses: [[SIMD3<Double>]] = []
    try PictureFeed(recordings: recordings, size: size).show(shots, on: parameters.device) { pictures, range in
      let values = try self(pictures, pass).doubles()
      for k in 0..<range.count { poses.append(statistics.joints(values[k * width..<(k + 1) * width])) }
    }
    return poses
  }

  /// The errors of the poses that the network sees at places whose joints are known.
  public func errors(
    at places: [MultiViewPlace], in recordings: any MultiViewRecordings, size: Int, statistics: PoseStatistics
  ) throws -> [RootedPoseErrors] {
    let predicted = try poses(
      of: places.map { MultiViewShot($0) }, in: recordings, size: size, statistics: statistics)
    return try zip(predicted, places).map { pose, place in
      RootedPoseErrors(predicted: pose, target: [.zero] + (try recordings.relativeJoints(at: place)))
    }
  }
}
