import Datasets
import FileFormats
import Foundation
import Geometry
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
  /// Of how many pairs, the first ones, the EMD was measured.
  public let emdPairCount: Int?
  public let data: String

  /// Measures all test pairs and writes the network's errors of each to `pairs.csv` in the run folder.
  ///
  /// - Parameters:
  ///   - others: networks of other runs, by name.
  ///   - untrained: the network as it was before the first step.
  public init(
    _ setup: MAPConNetSetup, _ network: MAPConNetNetwork,
    beside others: [(name: String, network: MAPConNetNetwork)] = [],
    untrained: MAPConNetNetwork, in folder: RunFolder
  ) throws {
    let emdPairs = setup.settings.data.emdPairs
    let own = try setup.test.errors(emdPairs: emdPairs, of: network)
    try Self.write(own.refined, of: setup.test, to: folder)
    func row(_ name: String, _ network: MAPConNetNetwork) throws -> Row {
      Row(name: name, errors: .mean(of: try setup.test.errors(emdPairs: emdPairs, of: network).refined))
    }
    let unchanged = try setup.test.errors(emdPairs: emdPairs) { $0.identityPoints }
    rows =
      [
        Row(name: setup.modelName, errors: .mean(of: own.refined)),
        Row(name: "its match, not refined", errors: .mean(of: own.warped)),
      ]
      + (try others.map(row)) + [
        try row("untrained network", untrained), Row(name: "identity mesh unchanged", errors: .mean(of: unchanged)),
      ]
    emdPairCount = own.refined.count { $0.emd != nil }
    pairCount = setup.test.pairs.count
    data = setup.source.summary
  }

  // MARK: - Files

  private static func write(_ errors: [TransferErrors], of set: PoseTransferEvaluationSet, to folder: RunFolder) throws
  {
    var text = "identity,identity_pose,pose_identity,pose,pmd_m2,chamfer_m2,edge,normal_degrees,emd_m\n"
    for (pair, error) in zip(set.pairs, errors) {
      let (identity, pose) = (pair.identityMesh, pair.poseMesh)
      text += "\(identity.identity),\(identity.pose),\(pose.identity),\(pose.pose),"
      text += "\(error.pmd),\(error.chamfer),\(error.edge),\(error.normal),\(error.emd.map { "\($0)" } ?? "")\n"
    }
    try AtomicFile.write(Data(text.utf8), to: URL(fileURLWithPath: folder.path + "/pairs.csv"))
  }

  // MARK: - Text

  public static let columns = ["", "PMD, 1e-3 m²", "CD, 1e-3 m²", "EMD, 1e-2 m", "edges, %", "normals, °"]
  public static let columnWidth = 15

  public var cells: [[String]] {
    rows.map { row in
      let errors = row.errors
      let numbers = [
        1000 * errors.pmd, 1000 * errors.chamfer, errors.emd.map { 100 * $0 }, 100 * errors.edge, errors.normal,
      ]
      return [row.name] + numbers.map { $0.map { String(format: "%.2f", $0) } ?? "-" }
    }
  }

  public var caption: String {
    let emd = emdPairCount.flatMap { $0 > 0 ? "on the first \($0) pairs" : nil } ?? "not measured"
    return "\(pairCount) pairs of unseen people in unseen poses; \(data). EMD: exact, for meshes of up to "
      + "\(earthMoversLimit) vertices; \(emd)."
  }
}
