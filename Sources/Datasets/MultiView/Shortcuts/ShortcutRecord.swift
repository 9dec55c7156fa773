import FileFormats
import Foundation

/// The figures of `ShortcutChecks` as a file, with what they were measured on.
public struct ShortcutRecord: Codable, Sendable, Equatable {
  /// In a few words.
  public let recordings: String
  public let scenes: SceneSettings
  public let settings: ShortcutChecks.Settings
  public let holds: Bool
  public let figures: [ShortcutFigure]

  public init(_ checks: ShortcutChecks, of recordings: RenderedRecordings) {
    self.recordings = recordings.summary
    scenes = recordings.settings
    settings = checks.settings
    holds = checks.failures.isEmpty
    figures = checks.figures
  }

  /// Writes JSON.
  public func write(to url: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // A figure that is not a number is written as one all the same.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    try AtomicFile.write(try encoder.encode(self), to: url)
  }

  /// Reads what `write(to:)` wrote; nil when there is no such file.
  public static func read(_ url: URL) throws -> ShortcutRecord? {
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode(ShortcutRecord.self, from: InputFile.read(url))
  }
}
