import Compute
import FileFormats
import Foundation

/// What a multi-view folder holds of one camera in one sequence: names of files, and the small tables.
struct ViewFiles: Sendable {
  let folder: URL
  /// Ascending.
  let frames: [Int]
  /// File names, of each frame.
  private let names: [String]
  let background: URL?
  private let masks: [Int: String]
  /// Of `boxes.csv`, which may leave frames out.
  let boxes: [Int: PersonBox]
  let hasBoxFile: Bool
  private let poses: PoseTable?

  static let boxColumns = ["cx", "cy", "side"]
  static let boxFile = "boxes.csv"
  static let maskFolder = "masks"

  /// - Throws: `ComputeError` `.noInput` when the folder cannot be listed; `.data` when a frame has two pictures, or a table
  ///   is malformed.
  init(_ folder: URL, millimetresPerUnit: Double) throws {
    self.folder = folder
    let files = try Self.list(folder)
    let pictures = try Self.numbered(files, in: folder)
    frames = pictures.keys.sorted()
    names = frames.compactMap { pictures[$0] }
    background = PictureFile.extensions.lazy.map { "background." + $0 }.first { name in
      files.contains { $0.lowercased() == name }
    }.flatMap { name in files.first { $0.lowercased() == name } }.map { folder.appendingPathComponent($0) }
    masks =
      files.contains(Self.maskFolder)
      ? try Self.numbered(
        Self.list(folder.appendingPathComponent(Self.maskFolder)), in: folder.appendingPathComponent(Self.maskFolder))
      : [:]
    hasBoxFile = files.contains(Self.boxFile)
    boxes = hasBoxFile ? try Self.boxes(folder.appendingPathComponent(Self.boxFile)) : [:]
    poses =
      files.contains("poses.csv")
      ? try PoseTable(folder.appendingPathComponent("poses.csv"), millimetresPerUnit: millimetresPerUnit) : nil
  }

  /// The picture of a frame.
  ///
  /// - Throws: `ComputeError` as `PictureFile.read(_:)`; `.data` when there is no such frame.
  func picture(_ frame: Int) throws -> Image {
    guard let url = url(frame) else {
      throw ComputeError(
        .data, what: "\(folder.path): no picture of frame \(frame)", why: "this view has \(frames.count) other frames",
        mend: "ask for a frame that the sequence lists")
    }
    return try PictureFile.read(url)
  }

  func url(_ frame: Int) -> URL? {
    var (low, high) = (0, frames.count)
    while low < high {
      let middle = (low + high) / 2
      if frames[middle] < frame { low = middle + 1 } else { high = middle }
    }
    return low < frames.count && frames[low] == frame ? folder.appendingPathComponent(names[low]) : nil
  }

  /// The drawn mask of a frame, if there is one.
  func maskURL(_ frame: Int) -> URL? {
    masks[frame].map { folder.appendingPathComponent(Self.maskFolder).appendingPathComponent($0) }
  }

  /// `[17]`: millimetres, in the camera's coordinates; nil when they are not known.
  func joints(_ frame: Int) -> [SIMD3<Double>]? { poses?[frame] }

  var hasPoses: Bool { poses != nil }

  // MARK: - Reading

  private static func list(_ folder: URL) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path)
    } catch {
      throw ComputeError(
        .noInput, what: "\(folder.path): cannot list it", why: "it is missing, not a folder, or not readable",
        mend: "complete the folder, or take the view or sequence out of dataset.json")
    }
  }

  /// The pictures among files whose names are a number: "000123.png" is frame 123.
  private static func numbered(_ files: [String], in folder: URL) throws -> [Int: String] {
    var named: [Int: String] = [:]
    for file in files {
      let parts = file.split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 2, PictureFile.extensions.contains(parts[1].lowercased()), (1...9).contains(parts[0].count),
        parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let frame = Int(parts[0])
      else { continue }
      if let other = named.updateValue(file, forKey: frame) {
        let pair = [other, file].sorted()
        throw ComputeError(
          .data, what: "\(folder.path): \(pair[0]) and \(pair[1]) are the same frame",
          why: "a camera has one picture of an instant", mend: "take one of them out")
      }
    }
    return named
  }

  private static func boxes(_ url: URL) throws -> [Int: PersonBox] {
    let table = try FrameTable(contentsOf: url, columns: boxColumns)
    var boxes: [Int: PersonBox] = [:]
    for (row, frame) in table.frames.enumerated() {
      let side = table.values[3 * row + 2]
      guard side > 0 else {
        throw ComputeError(
          .data, what: "\(url.path): the box of frame \(frame) has the side \(side)", why: "a square has a size",
          mend: "correct its line, or take it out: the box is then found from the mask")
      }
      boxes[frame] = PersonBox(centre: SIMD2(table.values[3 * row], table.values[3 * row + 1]), side: side)
    }
    return boxes
  }
}

/// The poses of one view, in float32: a thousandth of a millimetre at ten metres.
struct PoseTable: Sendable {
  private let rows: [Int: Int]
  private let values: [Float]

  private static let columns = (1...17).flatMap { joint in ["x", "y", "z"].map { "\($0)\(joint)" } }

  init(_ url: URL, millimetresPerUnit: Double) throws {
    let table = try FrameTable(contentsOf: url, columns: Self.columns)
    rows = Dictionary(uniqueKeysWithValues: table.frames.enumerated().map { ($1, $0) })
    values = table.values.map { Float($0 * millimetresPerUnit) }
  }

  /// `[17]`: millimetres.
  subscript(frame: Int) -> [SIMD3<Double>]? {
    guard let row = rows[frame] else { return nil }
    return (0..<17).map { joint in
      let place = (row * 17 + joint) * 3
      return SIMD3(Double(values[place]), Double(values[place + 1]), Double(values[place + 2]))
    }
  }
}
