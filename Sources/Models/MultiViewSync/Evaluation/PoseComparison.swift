import Datasets
import Foundation
import Geometry
import Training

/// The errors of a pose network beside those of others, on people whom training never saw.
public struct PoseComparison: EvaluationTable, Sendable, Equatable {
  public struct Row: Codable, Sendable, Equatable {
    public let name: String
    public let errors: RootedPoseErrors
  }

  /// The network first, the mean of the labelled poses last.
  public let rows: [Row]
  public let pictureCount: Int
  public let data: String

  /// A trained network with what its poses were standardised by.
  public typealias Candidate = (name: String, network: PoseNetwork, statistics: PoseStatistics)

  /// - Parameter candidates: the run's network, then those of other runs.
  public init(_ setup: MultiViewSyncSetup, _ candidates: [Candidate]) throws {
    let places = try setup.testPlaces()
    var rows = try candidates.map { candidate in
      Row(
        name: candidate.name,
        errors: .mean(
          of: try candidate.network.errors(
            at: places, in: setup.recordings, size: setup.settings.data.imageSize, statistics: candidate.statistics)))
    }
    let mean = [SIMD3<Double>.zero] + points(candidates[0].statistics.mean)
    let constant = try places.map { place in
      RootedPoseErrors(predicted: mean, target: [.zero] + (try setup.recordings.relativeJoints(at: place)))
    }
    rows.append(Row(name: "mean of the labelled poses", errors: .mean(of: constant)))
    self.rows = rows
    pictureCount = places.count
    data = setup.summary
  }

  // MARK: - Text

  public static let columns = ["", "MPJPE, mm", "N-MPJPE, mm", "PA-MPJPE, mm", "PA of 16, mm"]
  public static let columnWidth = 15

  public var cells: [[String]] {
    rows.map { row in
      let errors = row.errors
      return [row.name]
        + [errors.mpjpe, errors.scaledMPJPE, errors.alignedMPJPE, errors.alignedMPJPEWithoutRoot].map {
          String(format: "%.1f", $0)
        }
    }
  }

  public var caption: String {
    "\(pictureCount) pictures of people whom training never saw; \(data). MPJPE and N-MPJPE are means over the 16 joints "
      + "beside the root, PA-MPJPE over all 17; the last column leaves the root out of it."
  }
}
