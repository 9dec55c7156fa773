import Datasets
import Foundation
import Training

/// The errors of a trained network beside those of simple baselines, on people and poses that training never saw.
public struct Pose2MeshComparison: EvaluationTable, Sendable, Equatable {
  public struct Row: Codable, Sendable, Equatable {
    public let name: String
    /// Millimetres.
    public let mpjpe, alignedMPJPE, mpvpe, alignedMPVPE: Double
  }

  /// The network first.
  public let rows: [Row]
  public let sampleCount: Int
  /// Where the poses came from.
  public let trainingPoses, testPoses: String
  /// Training samples that the baselines were fitted to.
  public let baselineSampleCount: Int

  public init(_ setup: Pose2MeshSetup, _ network: Pose2MeshNetwork) throws {
    let evaluation = Pose2MeshEvaluation(setup, setup.test, count: setup.settings.data.evaluationSamples)
    func row(_ name: String, _ errors: MeanErrors) -> Row {
      Row(
        name: name, mpjpe: errors.mpjpe, alignedMPJPE: errors.alignedMPJPE, mpvpe: errors.mpvpe,
        alignedMPVPE: errors.alignedMPVPE)
    }
    let count = setup.settings.data.baselineSamples
    let fitted = 0..<count
    let baselines: [any MeshBaseline] = [
      MeanPoseBaseline(fittedTo: setup.training, samples: fitted),
      NearestPoseBaseline(fittedTo: setup.training, samples: fitted),
      RidgeBaseline(
        fittedTo: setup.training, samples: fitted, heldOut: count..<count + (count + 15) / 16),
    ]
    rows =
      [row("Pose2Mesh", try evaluation.meshErrors(of: network))]
      + (try baselines.map { row($0.name, try evaluation.meshErrors(of: $0.meshes)) })
    sampleCount = setup.settings.data.evaluationSamples
    trainingPoses = setup.training.poses.summary
    testPoses = setup.test.poses.summary
    baselineSampleCount = count
  }

  // MARK: - Text

  public static let columns = ["mm", "MPJPE", "PA-MPJPE", "MPVPE", "PA-MPVPE"]
  public static let columnWidth = 11

  public var cells: [[String]] {
    rows.map { row in
      [row.name] + [row.mpjpe, row.alignedMPJPE, row.mpvpe, row.alignedMPVPE].map { String(format: "%.1f", $0) }
    }
  }

  public var caption: String {
    "\(sampleCount) unseen people in unseen poses (\(testPoses)); trained on \(trainingPoses); baselines fitted to "
      + "\(baselineSampleCount) training samples."
  }
}
