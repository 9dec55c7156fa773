import Compute
import FileFormats
import Foundation
import Geometry

/// 2D poses as detectors write them: COCO's results format for key points.
///
///     [{"image_id": 1, "category_id": 1, "keypoints": [x, y, s, ...], "score": 0.9}, ...]
struct KeypointFile {
  struct Pose {
    /// As it stands in the file; empty when it does not.
    let image: String
    /// `[joints]`, pixels, in the order of the joint set.
    let joints: [SIMD2<Double>]
  }

  let poses: [Pose]

  /// - Parameter set: what the key points are. Files for COCO hold its 17 points; pelvis and neck are computed.
  /// - Throws: `.noInput`, `.data` for anything but this format and for points without a place.
  init(_ path: String, of set: JointSet) throws {
    let file = URL(fileURLWithPath: path)
    let document = try JSONValue(parsing: InputFile.read(file), source: path)
    guard let entries = document.array, !entries.isEmpty else {
      throw ComputeError(
        .data, what: "\(path) holds no list of poses", why: "COCO's results format is a JSON array of objects",
        mend: "write [{\"image_id\": ..., \"category_id\": 1, \"keypoints\": [x, y, s, ...], \"score\": ...}]")
    }
    poses = try entries.enumerated().map { index, entry in
      let stored = set == .coco ? 17 : set.count
      guard let numbers = entry["keypoints"]?.doubles, numbers.count == 3 * stored else {
        let found = entry["keypoints"]?.array.map { "\($0.count) numbers" } ?? "no list"
        throw ComputeError(
          .data, what: "\(path): pose \(index + 1) has \(found) under \"keypoints\"",
          why: "\(set.name) has \(stored) points of x, y and score: \(3 * stored) numbers",
          mend: "check that the file and --joint-set go together")
      }
      var joints: [SIMD2<Double>] = []
      for joint in 0..<stored {
        let (x, y, score) = (numbers[3 * joint], numbers[3 * joint + 1], numbers[3 * joint + 2])
        guard score > 0, x.isFinite, y.isFinite else {
          throw ComputeError(
            .data, what: "\(path): pose \(index + 1) has no place for \(set.joints[joint])",
            why: "its score is \(score); the network needs every joint", mend: "leave this pose out, or complete it")
        }
        joints.append(SIMD2(x, y))
      }
      if set == .coco { joints += [(joints[11] + joints[12]) / 2, (joints[5] + joints[6]) / 2] }
      let image = entry["image_id"].map { $0.string ?? $0.int.map(String.init) ?? "" } ?? ""
      return Pose(image: image, joints: joints)
    }
  }
}
