import Compute
import Datasets
import Foundation

/// Which identities of a folder of meshes, in which poses, belong to which split: numbers and ranges of them, such as
/// "0-15, 21", or "" for none. The defaults are those of the published human set.
///
/// Without validation meshes, training meshes choose the best checkpoint.
public struct MeshRangeSettings: Codable, Sendable, Equatable {
  public var trainIdentities = "0-15"
  public var trainPoses = "200-599"
  public var validationIdentities = ""
  public var validationPoses = ""
  public var testIdentities = "16-29"
  public var testPoses = "600-799"

  public init() {}

  /// The layout with these ranges.
  ///
  /// - Parameter section: where errors find these settings.
  /// - Throws: `.configuration` for text that is no list of ranges, and for a mesh in both training and test.
  func layout(section: String) throws -> NPTLayout {
    func range(_ split: String, _ identities: String, _ poses: String) throws -> PoseTransferRange {
      PoseTransferRange(
        identities: try numbers(identities, "\(section).\(split)Identities"),
        poses: try numbers(poses, "\(section).\(split)Poses"))
    }
    var layout = NPTLayout.human
    layout.train = try range("train", trainIdentities, trainPoses)
    layout.validation = try range("validation", validationIdentities, validationPoses)
    layout.test = try range("test", testIdentities, testPoses)
    if let identity = layout.train.identities.first(where: Set(layout.test.identities).contains),
      let pose = layout.train.poses.first(where: Set(layout.test.poses).contains)
    {
      let name = layout.fileName(PosedIdentity(identity: identity, pose: pose))
      throw ComputeError(
        .configuration, what: "\(section): \(name) is for training and for test",
        why: "errors on meshes that training saw say nothing", mend: "give the splits other identities, or other poses")
    }
    return layout
  }
}

/// The numbers that a text such as "0-15, 21" stands for, in its order.
private func numbers(_ text: String, _ name: String) throws -> [Int] {
  func refuse(_ why: String) -> ComputeError {
    ComputeError(
      .configuration, what: "\(name) is \"\(text)\"", why: why, mend: "write numbers and ranges, such as \"0-15, 21\"")
  }
  var numbers: [Int] = []
  for part in text.split(separator: ",") {
    let ends = part.split(separator: "-", omittingEmptySubsequences: false).map {
      Int($0.trimmingCharacters(in: .whitespaces)).flatMap { (0...999_999).contains($0) ? $0 : nil }
    }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1] else {
      throw refuse("\"\(part)\" is neither a number up to 999999 nor a range of such")
    }
    guard first <= last else { throw refuse("the range \"\(part)\" runs backwards") }
    numbers += first...last
  }
  guard Set(numbers).count == numbers.count else { throw refuse("a number stands in it twice") }
  return numbers
}
