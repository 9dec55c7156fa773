import Compute
import FileFormats
import Foundation

/// Errors of a trained model beside those of baselines: `evaluation.json` of a run folder, and a table.
public protocol EvaluationTable: Codable {
  /// The first one heads the rows' names.
  static var columns: [String] { get }
  /// Characters per column of numbers on a terminal.
  static var columnWidth: Int { get }

  var cells: [[String]] { get }
  var caption: String { get }
}

extension EvaluationTable {
  /// Reads what `write(to:)` wrote; nil when there is none.
  ///
  /// - Throws: `ComputeError` `.data` for a file that holds something else.
  public static func read(_ folder: RunFolder) throws -> Self? {
    guard FileManager.default.fileExists(atPath: path(folder)) else { return nil }
    let data = try InputFile.read(URL(fileURLWithPath: path(folder)))
    do {
      return try JSONDecoder().decode(Self.self, from: data)
    } catch is DecodingError {
      throw ComputeError(
        .data, what: "\(path(folder)) cannot be read", why: "another version or another program wrote it",
        mend: "evaluate the run again: contrapposto evaluate MODEL \(folder.path)")
    }
  }

  /// Writes evaluation.json into the run folder.
  public func write(to folder: RunFolder) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try AtomicFile.write(try encoder.encode(self), to: URL(fileURLWithPath: Self.path(folder)))
  }

  private static func path(_ folder: RunFolder) -> String { folder.path + "/evaluation.json" }

  /// Aligned columns for a terminal.
  public var table: String {
    let lines = [Self.columns] + cells
    let width = lines.map(\.[0].count).max() ?? 0
    return
      lines.map { line in
        line[0].padding(toLength: width, withPad: " ", startingAt: 0)
          + line.dropFirst().map { String(repeating: " ", count: max(1, Self.columnWidth - $0.count)) + $0 }.joined()
      }.joined(separator: "\n") + "\n" + caption
  }
}
