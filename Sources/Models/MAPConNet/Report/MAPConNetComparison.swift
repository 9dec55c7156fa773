import Datasets
import FileFormats
import Foundation
import Training

/// The errors of a trained network beside those of simple baselines, on people and poses that training never saw.
public struct MAPConNetComparison: EvaluationTable, Sendable, Equatable {
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

  // MARK: - Text

  public static let columns = ["", "PMD, 1e-3 m²", "CD, 1e-3 m²", "edges, %", "normals, °"]
  public static let columnWidth = 15

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
}
