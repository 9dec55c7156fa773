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
  /// The network's errors by what people do, where takes are named so and there is more than one action.
  public let actions: [Row]
  public let pictureCount: Int
  public let data: String

  /// A trained network with what its poses were standardised by.
  public typealias Candidate = (name: String, network: PoseNetwork, statistics: PoseStatistics)

  /// - Parameter candidates: the run's network, then those of other runs.
  public init(_ setup: MultiViewSyncSetup, _ candidates: [Candidate]) throws {
    let places = try setup.testPlaces()
    let errors = try candidates.map { candidate in
      try candidate.network.errors(
        at: places, in: setup.recordings, size: setup.settings.data.imageSize, statistics: candidate.statistics)
    }
    var rows = zip(candidates, errors).map { Row(name: $0.name, errors: .mean(of: $1)) }
    let mean = [SIMD3<Double>.zero] + points(candidates[0].statistics.mean)
    let constant = try places.map { place in
      RootedPoseErrors(predicted: mean, target: [.zero] + (try setup.recordings.relativeJoints(at: place)))
    }
    rows.append(Row(name: "mean of the labelled poses", errors: .mean(of: constant)))
    self.rows = rows
    let byAction = Dictionary(grouping: zip(places, errors[0])) { setup.recordings.sequences[$0.0.sequence].action }
    actions =
      byAction.count < 2
      ? []
      : byAction.map { Row(name: $0 ?? "other", errors: .mean(of: $1.map(\.1))) }.sorted { $0.name < $1.name }
    pictureCount = places.count
    data = setup.summary
  }

  // MARK: - Text

  public static let columns = ["", "MPJPE, mm", "N-MPJPE, mm", "PA-MPJPE, mm", "PA of 16, mm"]
  public static let columnWidth = 15

  public var cells: [[String]] {
    (rows + actions).map { row in
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
      + (actions.isEmpty ? "" : " The lower \(actions.count) rows are those of the first network by action.")
  }
}
