import Compute
import Foundation
import Geometry

/// Recordings whose joints are known in the room, not only in each camera.
public protocol RoomJoints: MultiViewRecordings {
  /// `[17]`: the joints of Human3.6M in the room (z up), in millimetres.
  func roomJoints(sequence: Int, frame: Int) throws -> [SIMD3<Double>]
}

/// How far the poses of a take's instants differ: the mean distance of the joints, each pose relative to its root and
/// turned about the vertical to fit the other best. Someone who stands still, or walks on in the same phase, has a small
/// difference, and two pictures of it would be a synchronized pair but for the label.
public struct PoseDifferences: Sendable {
  /// What the two poses of an unsynchronized pair of rendered people differ by at least, in millimetres, where nobody
  /// chooses otherwise.
  public static let leastOfRenderedPairs = 60.0

  private let joints: [Int: [SIMD3<Double>]]

  /// Takes the poses of all frames of a sequence.
  ///
  /// - Throws: `ComputeError` `.configuration` when the recordings do not know them.
  init(of sequence: Int, in recordings: any MultiViewRecordings) throws {
    guard let recordings = recordings as? any RoomJoints else {
      throw ComputeError(
        .configuration, what: "poses cannot be compared in these recordings",
        why: "the joints are not known in the room, only in single cameras or not at all",
        mend: "leave out the least difference of poses; thin the frames by motion instead")
    }
    joints = try recordings.sequences[sequence].frames.reduce(into: [:]) { joints, frame in
      joints[frame] = try recordings.roomJoints(sequence: sequence, frame: frame)
    }
  }

  /// In millimetres.
  func difference(_ first: Int, _ second: Int) -> Double {
    guard let a = joints[first], let b = joints[second] else {
      preconditionFailure("PoseDifferences: frames \(first) and \(second) are not of the sequence")
    }
    return Self.difference(a, b)
  }

  /// How much a pose differs from those at most half a second away, on average, in millimetres; 0 where there are none.
  func movement(at frame: Int, of sequence: MultiViewSequence) -> Double {
    let reach = Int(sequence.framesPerSecond / 2)
    let near = sequence.frames.filter { $0 != frame && abs($0 - frame) <= reach }
    return near.reduce(0) { $0 + difference(frame, $1) / Double(near.count) }
  }

  /// The mean distance of two poses' joints after the turn that makes the squared distances least.
  static func difference(_ a: [SIMD3<Double>], _ b: [SIMD3<Double>]) -> Double {
    var (sine, cosine) = (0.0, 0.0)
    for joint in a.indices {
      let (p, q) = (a[joint] - a[0], b[joint] - b[0])
      cosine += p.x * q.x + p.y * q.y
      sine += p.x * q.y - p.y * q.x
    }
    let length = (sine * sine + cosine * cosine).squareRoot()
    let (s, c) = length > 0 ? (sine / length, cosine / length) : (0, 1)
    var sum = 0.0
    for joint in a.indices {
      let (p, q) = (a[joint] - a[0], b[joint] - b[0])
      sum += norm(SIMD3(c * p.x - s * p.y, s * p.x + c * p.y, p.z) - q)
    }
    return sum / Double(a.count)
  }
}
