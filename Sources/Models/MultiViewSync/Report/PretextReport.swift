import Datasets
import FileFormats
import Foundation
import Rendering
import Training

/// The page that a run of the pretext task leaves: accuracy against time, curves, and what it says of pictures.
public struct PretextReport {
  private let setup: MultiViewSyncSetup
  private let network: PretextNetwork
  private let comparison: SyncComparison
  private let shortcuts: ShortcutRecord?

  /// - Parameter shortcuts: what probes that see no pose make of the same recordings, where they were asked.
  public init(
    _ setup: MultiViewSyncSetup, _ network: PretextNetwork, _ comparison: SyncComparison,
    shortcuts: ShortcutRecord? = nil
  ) {
    self.setup = setup
    self.network = network
    self.comparison = comparison
    self.shortcuts = shortcuts
  }

  /// Where `contrapposto data check-multiview --run` leaves its figures.
  public static func shortcuts(in folder: RunFolder) -> URL { URL(fileURLWithPath: folder.path + "/shortcuts.json") }

  /// - Parameters:
  ///   - records: the run's metrics.
  ///   - facts: what the caller knows: device, command.
  public func page(_ records: [EpochRecord], facts: OrderedMap<String>) throws -> Report {
    Report(
      title: "Multi-view synchronization",
      summary: "Whether two cameras' pictures show one instant, and whether one is mirrored: learned without labels.",
      facts: facts, keyFigures: keyFigures,
      sections: [
        Report.Section("Accuracy", [.figure(gapChart), .table(table)]),
        Report.Section("Shortcuts", shortcutBlocks), Report.Section("Training", curves(records)),
        Report.Section("Pairs", try pictures()),
        Report.Section("Settings", [.code(configurationText(setup.settings))]),
      ], footnotes: Self.footnotes)
  }

  // MARK: - Numbers

  private var keyFigures: [Report.KeyFigure] {
    func figure(_ label: String, _ share: Double) -> Report.KeyFigure {
      Report.KeyFigure(String(format: "%.1f", 100 * share), unit: "%", label: label, note: "chance: 50")
    }
    return [figure("Synchronized or not", comparison.unseen.sync), figure("Mirrored or not", comparison.unseen.noflip)]
  }

  private var gapChart: Report.Figure {
    typealias Shares = SyncComparison.Shares
    func series(
      _ name: String, of shares: (SyncComparison.Row) -> Shares?, _ value: KeyPath<Shares, Double>,
      _ style: LineChart.Series.Style, color: Int
    ) -> LineChart.Series {
      LineChart.Series(
        name,
        points: comparison.rows.compactMap { row in
          shares(row).map { SIMD2(row.gap, 100 * $0[keyPath: value]) }
        }, style: style, colorIndex: color)
    }
    let title = "Accuracy against the time between two pictures"
    let chart = LineChart(
      title, x: Axis("time gap", unit: "s"), y: Axis("right answers", unit: "%"),
      series: [
        series("synchronized", of: \.unseen, \.sync, .solid, color: 0),
        series("not mirrored", of: \.unseen, \.noflip, .solid, color: 1),
        series("synchronized, seen", of: \.seen, \.sync, .dashed, color: 0),
        series("not mirrored, seen", of: \.seen, \.noflip, .dashed, color: 1),
      ].filter { !$0.points.isEmpty },
      references: [LineChart.Reference("chance", y: 50)])
    return .init(
      svg: chart.svg(),
      caption: title
        + ", of people whom training never saw; dashed: of people whom it saw. A mirrored picture has no time gap.")
  }

  private var table: Report.Table {
    let cells = comparison.cells
    return Report.Table(
      columns: SyncComparison.columns, rows: cells, highlightedRow: cells.count - 1, caption: comparison.caption)
  }

  private var shortcutBlocks: [Report.Block] {
    guard let shortcuts else {
      return [
        .paragraph(
          "Not checked. `contrapposto data check-multiview --run RUN` asks probes that see no pose about pairs of these "
            + "recordings, and puts their figures here.")
      ]
    }
    return [
      .table(
        Report.Table(
          columns: ["", "value", "verdict"],
          rows: shortcuts.figures.map {
            ["\($0.name) (\($0.meaning))", String(format: "%.3f", $0.value), $0.verdict]
          },
          caption: "\(shortcuts.settings.tuples) tuples to fit each probe, and as many of unseen people to measure it; "
            + "\(shortcuts.recordings). What is only reported may tell something: the network has to do better."))
    ]
  }

  private func curves(_ records: [EpochRecord]) -> [Report.Block] {
    func chart(
      _ title: String, _ names: [String], _ values: KeyPath<EpochRecord, [String: Double]>, _ y: Axis, factor: Double,
      references: [LineChart.Reference]
    ) -> Report.Block? {
      let series = names.map { name in
        LineChart.Series(
          name,
          points: records.compactMap { record in
            record[keyPath: values][name].map { SIMD2(Double(record.epoch), factor * $0) }
          })
      }
      guard series.contains(where: { $0.points.count > 1 }) else { return nil }
      return .figure(
        .init(
          svg: LineChart(title, x: Axis("epoch"), y: y, series: series, references: references).svg(),
          caption: title + "."))
    }
    let lossAxis = Axis("loss")
    // Terms are plotted with their factors.
    let loss = setup.settings.loss
    let chances =
      loss.sync == loss.flip
      ? [LineChart.Reference("chance, one term", y: loss.sync * log(2))]
      : [
        LineChart.Reference("chance, sync", y: loss.sync * log(2)),
        LineChart.Reference("chance, noflip", y: loss.flip * log(2)),
      ]
    let names = PretextLoss.names
    return [
      chart("Loss terms in training", names, \.losses, lossAxis, factor: 1, references: chances),
      chart("Loss terms on unseen people", names, \.metrics, lossAxis, factor: 1, references: chances),
      chart(
        "Accuracy on unseen people", ["sync_accuracy", "noflip_accuracy"], \.metrics, Axis("right answers", unit: "%"),
        factor: 100, references: [LineChart.Reference("chance", y: 50)]),
    ].compactMap { $0 }
  }

  private static let footnotes = [
    "Method: Jenni and Favaro, \"Self-Supervised Multi-View Synchronization Learning for 3D Pose Estimation\", ACCV 2020. "
      + "Its figures are of photographs (Human3.6M) and of far longer training: they cannot be compared with those here."
  ]

  // MARK: - Pictures

  /// The first test pairs, as they come: a and b of one instant, c of another, and b in a mirror.
  private func pictures(count: Int = 4) throws -> [Report.Block] {
    let tuples = try setup.tuples(of: .test).tuples(step: 0, count: count)
    let panels = try tuples.flatMap { try self.panels($0) }
    return [
      .paragraph(
        "The first \(count) test tuples, not chosen by hand. Under the second picture: how probable the network finds it "
          + "that it shows the instant of the first; under the third, the same of second and third; under the fourth, that "
          + "neither it nor the first is mirrored."),
      .figure(.init(panels, columns: 4)),
    ]
  }

  private func panels(_ tuple: MultiViewTuple) throws -> [Report.Figure.Panel] {
    let size = setup.settings.data.imageSize
    func plain(_ shot: MultiViewShot) -> MultiViewShot { MultiViewShot(shot.place, draw: shot.draw) }
    var flipped = plain(tuple.b)
    flipped.augmentation.isMirrored = true
    let shots = [plain(tuple.a), plain(tuple.b), plain(tuple.c), flipped]
    let features = try network.features(of: shots, in: setup.recordings, size: size)
    let verdicts = try network.judge(features, pairs: [(0, 1), (1, 2), (0, 3)])
    func percent(_ logit: Double) -> String { String(format: "%.0f %%", 100 / (1 + exp(-logit))) }
    let labels = [
      "first", "same instant: \(percent(verdicts.sync[0]))",
      String(format: "%.2f s off: ", abs(tuple.gapInSeconds)) + percent(verdicts.sync[1]),
      "mirrored: \(percent(verdicts.noflip[2]))",
    ]
    return try zip(shots, labels).map { shot, label in
      .init(.picture(try setup.recordings.picture(at: shot, size: size).panel), label: label)
    }
  }
}
