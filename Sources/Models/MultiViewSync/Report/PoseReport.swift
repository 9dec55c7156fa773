import Datasets
import FileFormats
import Foundation
import Geometry
import Rendering
import Training

/// The page that a run of the pose task leaves: errors, curves, and predicted beside true poses.
public struct PoseReport {
  private let setup: MultiViewSyncSetup
  private let network: PoseNetwork
  private let statistics: PoseStatistics
  private let comparison: PoseComparison

  public init(
    _ setup: MultiViewSyncSetup, _ network: PoseNetwork, _ statistics: PoseStatistics, _ comparison: PoseComparison
  ) {
    self.setup = setup
    self.network = network
    self.statistics = statistics
    self.comparison = comparison
  }

  /// - Parameters:
  ///   - records: the run's metrics.
  ///   - facts: what the caller knows: device, command.
  public func page(_ records: [EpochRecord], facts: OrderedMap<String>) throws -> Report {
    Report(
      title: "3D poses from pictures", summary: "17 joints of a person in the camera's axes, from one picture.",
      facts: facts, keyFigures: keyFigures,
      sections: [
        Report.Section(
          "Errors",
          [
            .table(
              Report.Table(
                columns: PoseComparison.columns, rows: comparison.cells, highlightedRow: 0,
                caption: comparison.caption))
          ]),
        Report.Section("Training", trainingCurves(records, unit: "mm")),
        Report.Section("Poses", try pictures()),
        Report.Section("Settings", [.code(configurationText(setup.settings))]),
      ], footnotes: Self.footnotes)
  }

  private var keyFigures: [Report.KeyFigure] {
    guard let own = comparison.rows.first, let constant = comparison.rows.last else { return [] }
    func figure(_ label: String, _ value: KeyPath<RootedPoseErrors, Double>) -> Report.KeyFigure {
      Report.KeyFigure(
        String(format: "%.1f", own.errors[keyPath: value]), unit: "mm", label: label,
        note: String(format: "%@: %.1f", constant.name, constant.errors[keyPath: value]))
    }
    return [
      figure("MPJPE", \.mpjpe), figure("N-MPJPE", \.scaledMPJPE), figure("PA-MPJPE", \.alignedMPJPE),
    ]
  }

  private static let footnotes = [
    "MPJPE: mean distance of the joints, both poses relative to the pelvis. N-MPJPE: after the best scale. PA-MPJPE: after "
      + "the best similarity.",
    "Method: Jenni and Favaro, \"Self-Supervised Multi-View Synchronization Learning for 3D Pose Estimation\", ACCV 2020. "
      + "Its figures are of photographs (Human3.6M): they cannot be compared with those of rendered people.",
  ]

  // MARK: - Pictures

  /// Some test pictures, spread evenly: the picture, the predicted pose, the true one.
  private func pictures(count: Int = 6) throws -> [Report.Block] {
    let all = try setup.testPlaces()
    let shown = min(count, all.count)
    let places = (0..<shown).map { all[$0 * all.count / shown] }
    let size = setup.settings.data.imageSize
    let poses = try network.poses(
      of: places.map { MultiViewShot($0) }, in: setup.recordings, size: size, statistics: statistics)
    let skeleton = SkeletonPicture(of: .human36)
    func drawn(_ joints: [SIMD3<Double>]) -> Image {
      skeleton.image(joints.map { SIMD2($0.x, $0.y) }, width: 160, height: 160)
    }
    let panels = try zip(places, poses).flatMap { place, pose -> [Report.Figure.Panel] in
      let truth = [SIMD3<Double>.zero] + (try setup.recordings.relativeJoints(at: place))
      let errors = RootedPoseErrors(predicted: pose, target: truth)
      return [
        .init(.picture(try setup.recordings.picture(at: MultiViewShot(place), size: size).panel), label: "picture"),
        .init(.picture(drawn(pose)), label: String(format: "predicted: %.0f mm", errors.mpjpe)),
        .init(.picture(drawn(truth)), label: "true"),
      ]
    }
    return [
      .paragraph(
        "\(shown) test pictures at even distances, not chosen by hand. Skeletons are seen along the camera's axis and fill "
          + "their frames; the right side is amber."),
      .figure(.init(panels, columns: 3)),
    ]
  }
}
