import Compute
import FileFormats
import Foundation
import Geometry

/// A folder of pictures by synchronized, fixed cameras.
///
/// ```
/// dataset.json
/// SEQUENCE/VIEW/000123.jpg      frames, also png, ppm, pgm; equal numbers are the same instant
/// SEQUENCE/VIEW/background.png  optional, else the median of the view's pictures
/// SEQUENCE/VIEW/boxes.csv       optional: frame,cx,cy,side (a square, in pixels); else found from the mask
/// SEQUENCE/VIEW/masks/000123.png  optional: not black is the person; else what differs from the background
/// SEQUENCE/VIEW/poses.csv       optional: frame, then 17 x (x,y,z) in the camera's coordinates, in order of Human3.6M
/// SEQUENCE/frames.csv           optional: one frame per line, the only ones used
/// ```
///
/// `dataset.json` is `{"version": 1, "fps": 50, "unit": "mm", "sequences": [{"id": "S1/Walking-1", "subject": "S1",
/// "split": "train", "views": ["a", "b"]}]}`; `joints`, `parents`, `left`, `right` and `root` may describe the poses and are
/// then checked. Frames that not all views of a sequence have are left out.
///
/// Pictures are read when they are asked for. `MultiViewPreparation` computes once what would be computed at each start.
public struct MultiViewFolder: MultiViewRecordings {
  /// What becomes of the room behind a person.
  public enum Background: String, Codable, Sendable, CaseIterable {
    /// Black.
    case removed
    case kept
    /// The background of another sequence of the same split and another camera, drawn for each picture.
    case substituted
  }

  public let folder: URL
  public let sequences: [MultiViewSequence]
  /// What was left out, one line per sequence.
  public let remarks: [String]
  public var background = Background.removed
  let views: [[ViewFiles]]
  let store: BackgroundStore

  /// Where thinning stands.
  static let framesFile = "frames.csv"

  /// - Throws: `ComputeError` `.noInput` when the folder, `dataset.json` or a view is missing; `.data` when a file is
  ///   malformed, or no frame of a sequence is in all its views.
  public init(_ folder: URL) throws { try self.init(folder, isThinned: true, memory: 1 << 30) }

  /// - Parameters:
  ///   - isThinned: whether `frames.csv` counts.
  ///   - memory: bytes for backgrounds.
  init(_ folder: URL, isThinned: Bool, memory: Int) throws {
    self.folder = folder
    store = BackgroundStore(capacityInBytes: memory)
    let description = try FolderDescription(contentsOf: folder.appendingPathComponent("dataset.json"))
    var (sequences, views, remarks): ([MultiViewSequence], [[ViewFiles]], [String]) = ([], [], [])
    for entry in description.sequences {
      let place = folder.appendingPathComponent(entry.identifier)
      let files = try entry.views.map {
        try ViewFiles(place.appendingPathComponent($0), millimetresPerUnit: description.millimetresPerUnit)
      }
      var frames = try Self.commonFrames(files, entry, remarks: &remarks)
      let list = place.appendingPathComponent(Self.framesFile)
      if isThinned, FileManager.default.fileExists(atPath: list.path) {
        let kept = Set(try FrameTable(contentsOf: list, columns: []).frames)
        frames = frames.filter { kept.contains($0) }
        guard !frames.isEmpty else {
          throw ComputeError(
            .data, what: "\(list.path): it names no frame that all views have", why: "only frames it names are used",
            mend: "delete it, or write it anew: contrapposto data prepare FOLDER --replace")
        }
      }
      sequences.append(
        MultiViewSequence(
          identifier: entry.identifier, subject: entry.subject, split: entry.split, views: entry.views,
          framesPerSecond: description.framesPerSecond, frames: frames))
      views.append(files)
    }
    (self.sequences, self.views, self.remarks) = (sequences, views, remarks)
  }

  /// "12 sequences of 3 subjects, 3456 instants, in studio"
  public var summary: String {
    let subjects = Set(sequences.map(\.subject)).count
    return "\(sequences.count) sequence\(sequences.count == 1 ? "" : "s") of \(subjects) "
      + "subject\(subjects == 1 ? "" : "s"), \(sequences.map(\.frames.count).reduce(0, +)) instants, in "
      + folder.lastPathComponent
  }

  public func joints(at place: MultiViewPlace) throws -> [SIMD3<Double>]? {
    views[place.sequence][place.view].joints(place.frame)
  }

  private static func commonFrames(
    _ files: [ViewFiles], _ entry: FolderDescription.Sequence, remarks: inout [String]
  ) throws -> [Int] {
    let all = files.reduce(into: Set<Int>()) { $0.formUnion($1.frames) }
    let common = files.dropFirst().reduce(Set(files[0].frames)) { $0.intersection($1.frames) }
    guard !common.isEmpty else {
      let counts = zip(entry.views, files).map { "\($0) has \($1.frames.count)" }.joined(separator: ", ")
      throw ComputeError(
        .data, what: "sequence \(entry.identifier): no frame is in all of its views",
        why: "of frames, \(counts); files of the same instant have the same number",
        mend: "name pictures by their instant, such as 000123.jpg, or take the view or sequence out of dataset.json")
    }
    if common.count < all.count {
      remarks.append(
        "\(entry.identifier): \(all.count - common.count) of \(all.count) frames are not in all views and are left out")
    }
    return common.sorted()
  }
}
