import Datasets
import FileFormats
import Foundation
import Training

/// The errors of a trained network beside those of simple baselines, on people and poses that training never saw.
public struct MAPConNetComparison: Codable, Sendable, Equatable {
  public struct Row: Codable, Sendable, Equatable {
    public let name: String
    public let errors: TransferErrors
  }

  /// The network first, the identity mesh as it was last.
  public let rows: [Row]
  public let pairCount: Int
  public let data: String

  /// Measures all test pairs and writes the network's errors of each to `pairs.csv` in the run folder.
  ///
  /// - Parameter untrained: the network as it was before the first step.
  public init(
    _ setup: MAPConNetSetup, _ network: MAPConNetNetwork, untrained: MAPConNetNetwork, in folder: RunFolder
  ) throws {
    let own = try setup.test.errors { try network.predict($0) }
    try Self.write(own, of: setup.test, to: folder)
    rows = [
      Row(name: setup.modelName, errors: .mean(of: own)),
      Row(name: "untrained network", errors: .mean(of: try setup.test.errors { try untrained.predict($0) })),
      Row(name: "identity mesh unchanged", errors: .mean(of: try setup.test.errors { $0.identityPoints })),
    ]
    pairCount = setup.test.pairs.count
    data = setup.source.summary
  }

  // MARK: - Files

  private static func write(_ errors: [TransferErrors], of set: PoseTransferEvaluationSet, to folder: RunFolder) throws
  {
    var text = "identity,identity_pose,pose_identity,pose,pmd_m2,chamfer_m2,edge,normal_degrees\n"
    for (pair, error) in zip(set.pairs, errors) {
      let (identity, pose) = (pair.identityMesh, pair.poseMesh)
      text += "\(identity.identity),\(identity.pose),\(pose.identity),\(pose.pose),"
      text += "\(error.pmd),\(error.chamfer),\(error.edge),\(error.normal)\n"
    }
    try AtomicFile.write(Data(text.utf8), to: URL(fileURLWithPath: folder.path + "/pairs.csv"))
  }

  /// Reads what `write(to:)` wrote; nil when there is none.
  public static func read(_ folder: RunFolder) throws -> MAPConNetComparison? {
    guard FileManager.default.fileExists(atPath: path(folder)) else { return nil }
    return try JSONDecoder().decode(Self.self, from: InputFile.read(URL(fileURLWithPath: path(folder))))
  }

  /// Writes evaluation.json into the run folder.
  public func write(to folder: RunFolder) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    try AtomicFile.write(try encoder.encode(self), to: URL(fileURLWithPath: Self.path(folder)))
  }

  private static func path(_ folder: RunFolder) -> String { folder.path + "/evaluation.json" }

  // MARK: - Text

  public static let columns = ["", "PMD, 1e-3 m²", "CD, 1e-3 m²", "edges, %", "normals, °"]

  public var cells: [[String]] {
    rows.map { row in
      let errors = row.errors
      return [row.name]
        + [1000 * errors.pmd, 1000 * errors.chamfer, 100 * errors.edge, errors.normal].map {
          String(format: "%.2f", $0)
        }
    }
  }

  public var caption: String { "\(pairCount) pairs of unseen people in unseen poses; \(data)." }

  /// Aligned columns for a terminal.
  public var table: String {
    let lines = [Self.columns] + cells
    let width = lines.map(\.[0].count).max() ?? 0
    return
      lines.map { line in
        line[0].padding(toLength: width, withPad: " ", startingAt: 0)
          + line.dropFirst().map { String(repeating: " ", count: max(1, 15 - $0.count)) + $0 }.joined()
      }.joined(separator: "\n") + "\n" + caption
  }
}
