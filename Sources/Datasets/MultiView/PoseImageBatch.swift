import Foundation
import Geometry

/// Labelled pictures, ready for upload.
public struct PoseImageBatch: Sendable {
  public let count: Int
  /// Height and width in pixels.
  public let size: Int
  public let shots: [MultiViewShot]
  /// `[count, size, size, 3]`: normalised red, green, blue.
  public let pixels: [Float]
  /// `[count, 16, 3]`: joints 1...16 of Human3.6M relative to joint 0, x right, y down, z forward, in millimetres.
  public let joints: [Float]

  /// - Throws: `ComputeError` `.data` where a pose is not known; what the recordings throw.
  public init(_ shots: [MultiViewShot], of recordings: any MultiViewRecordings, size: Int) throws {
    count = shots.count
    self.size = size
    self.shots = shots
    let length = size * size * 3
    var pixels = [Float](repeating: 0, count: shots.count * length)
    var joints: [Float] = []
    for (number, shot) in shots.enumerated() {
      PictureNormalization.write(try recordings.picture(at: shot, size: size), into: &pixels, at: number * length)
      for joint in shot.augmentation.applied(to: try recordings.relativeJoints(at: shot.place)) {
        joints += [Float(joint.x), Float(joint.y), Float(joint.z)]
      }
    }
    self.pixels = pixels
    self.joints = joints
  }
}

extension PictureAugmentation {
  /// A pose in camera axes, turned and mirrored as its picture is: joints 1...16 of Human3.6M relative to joint 0.
  public func applied(to joints: [SIMD3<Double>]) -> [SIMD3<Double>] {
    precondition(joints.count == 16, "PictureAugmentation: \(joints.count) joints, but 16 are relative to the root")
    // With y down, a positive angle from x to y is clockwise.
    let (sine, cosine) = (sin(rotation), cos(rotation))
    let turned = joints.map { SIMD3(cosine * $0.x - sine * $0.y, sine * $0.x + cosine * $0.y, $0.z) }
    guard isMirrored else { return turned }
    let swapped = JointSet.human36.swappingPartners([SIMD3.zero] + turned.map { SIMD3(-$0.x, $0.y, $0.z) })
    return Array(swapped.dropFirst())
  }
}

/// Mean and standard deviation of poses, per joint and coordinate: what a network's targets are normalised by.
public struct PoseStatistics: Sendable, Equatable {
  /// `[16, 3]`, in millimetres.
  public let mean: [Double]
  /// `[16, 3]`, in millimetres: the population's; below 1e-6 it is 1.
  public let deviation: [Double]

  public init(mean: [Double], deviation: [Double]) {
    self.mean = mean
    self.deviation = deviation
  }

  /// Over poses `[16]` relative to the root.
  public init(_ poses: [[SIMD3<Double>]]) {
    precondition(!poses.isEmpty, "PoseStatistics: no poses")
    let flat = poses.map { $0.flatMap { [$0.x, $0.y, $0.z] } }
    let count = Double(poses.count)
    let mean = flat[0].indices.map { k in flat.reduce(0) { $0 + $1[k] } / count }
    self.mean = mean
    deviation = mean.indices.map { k in
      let variance = flat.reduce(0) { $0 + ($1[k] - mean[k]) * ($1[k] - mean[k]) } / count
      return variance.squareRoot() < 1e-6 ? 1 : variance.squareRoot()
    }
  }
}
