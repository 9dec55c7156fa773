import Compute
import FileFormats
import Foundation

/// What `dataset.json` says about a multi-view folder; the layout stands at `MultiViewFolder`.
struct FolderDescription {
  struct Sequence {
    /// Also its folder: "S1/Walking-1".
    let identifier: String
    let subject: String
    let split: SampleSplit
    let views: [String]
  }

  let framesPerSecond: Double
  /// Millimetres in the unit of poses.
  let millimetresPerUnit: Double
  let sequences: [Sequence]

  private static let units = ["mm": 1.0, "cm": 10, "m": 1000]
  private static let splits: [String: SampleSplit] = ["train": .train, "validation": .validation, "test": .test]
  /// The joints of Human3.6M: parent of each, and the two sides.
  private static let parents = [-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 9, 8, 11, 12, 8, 14, 15]
  private static let (left, right) = ([4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16])

  /// - Throws: `ComputeError` as `JSONValue.init(contentsOf:)`; `.data` when something is missing or does not go together.
  init(contentsOf url: URL) throws {
    let path = url.path
    func fault(_ what: String, _ why: String, _ mend: String) -> ComputeError {
      ComputeError(.data, what: "\(path): \(what)", why: why, mend: mend)
    }
    let json = try JSONValue(contentsOf: url)
    guard json.object != nil, json["version"]?.int == 1 else {
      throw fault("\"version\" is not 1", "other versions may mean other things", "write \"version\": 1")
    }
    guard let rate = json["fps"]?.double, rate > 0, rate.isFinite else {
      throw fault(
        "\"fps\" is not a number above 0", "gaps of time are counted in it", "write the frames per second, \"fps\": 50")
    }
    framesPerSecond = rate
    let unit = json["unit"].map { $0.string ?? $0.text } ?? "mm"
    guard let scale = Self.units[unit] else {
      throw fault("the unit \"\(unit)\" is unknown", "poses are given in it", "write \"unit\": \"mm\", \"cm\" or \"m\"")
    }
    millimetresPerUnit = scale
    if let wrong = Self.wrongJoints(json) {
      throw fault(
        "\"\(wrong)\" is not that of the 17 joints of Human3.6M", "poses are compared joint by joint in this order",
        "reorder the poses (root; right hip, knee, foot; left hip, knee, foot; spine, neck, nose, head; left shoulder, "
          + "elbow, wrist; right shoulder, elbow, wrist), or leave poses and their description out")
    }
    guard let entries = json["sequences"]?.array, !entries.isEmpty else {
      throw fault(
        "\"sequences\" is no list with something in it", "it names what there is", "list the sequences, one object each"
      )
    }
    var seen: Set<String> = []
    sequences = try entries.enumerated().map { index, entry in
      guard let id = entry["id"]?.string, let subject = entry["subject"]?.string, let split = entry["split"]?.string,
        let views = entry["views"]?.strings
      else {
        throw fault(
          "sequence \(index + 1) lacks id, subject, split or views", "all four are needed",
          "write {\"id\": \"S1/Walking-1\", \"subject\": \"S1\", \"split\": \"train\", \"views\": [\"left\", \"right\"]}"
        )
      }
      guard Self.isPlain(id, mayHaveParts: true), views.allSatisfy({ Self.isPlain($0, mayHaveParts: false) }) else {
        throw fault(
          "sequence \"\(id)\" or one of its views is no plain name", "they are folders below this one",
          "use names without \"..\" and without a slash at their ends")
      }
      guard seen.insert(id).inserted, Set(views).count == views.count else {
        throw fault("\"\(id)\" or one of its views is named twice", "each has one folder", "name each once")
      }
      guard views.count >= 2 else {
        throw fault(
          "sequence \"\(id)\" has \(views.count) view\(views.count == 1 ? "" : "s")",
          "synchronization is learned from pictures of two cameras at once",
          "name at least two views, or take the sequence out")
      }
      guard let known = Self.splits[split] else {
        throw fault(
          "sequence \"\(id)\" has the unknown split \"\(split)\"", "a split says what a sequence is for",
          "use train, validation or test")
      }
      return Sequence(identifier: id, subject: subject, split: known, views: views)
    }
  }

  /// The first of the keys about joints that is there and not as it should be.
  private static func wrongJoints(_ json: JSONValue) -> String? {
    if let joints = json["joints"], joints.strings?.count != 17 { return "joints" }
    if let given = json["parents"], given.ints != parents { return "parents" }
    if let given = json["left"], given.ints?.sorted() != left { return "left" }
    if let given = json["right"], given.ints?.sorted() != right { return "right" }
    if let root = json["root"], root.int != 0 { return "root" }
    return nil
  }

  /// A name of a folder that lies inside.
  private static func isPlain(_ name: String, mayHaveParts: Bool) -> Bool {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    return (mayHaveParts || parts.count == 1) && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
  }
}
