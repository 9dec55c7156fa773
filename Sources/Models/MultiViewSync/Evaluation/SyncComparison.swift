import Compute
import Datasets
import Foundation
import Training

/// How often a pretext network is right about people whom training never saw, by the time between two pictures.
public struct SyncComparison: EvaluationTable, Sendable, Equatable {
  public struct Row: Codable, Sendable, Equatable {
    /// The middle of the gaps of unsynchronized pairs, in seconds.
    public let gap: Double
    /// Shares of right answers, synchronized and unsynchronized (or flipped) pairs counting alike.
    public let sync, noflip: Double
  }

  public let rows: [Row]
  /// Pairs of each kind in each row.
  public let pairCount: Int
  public let data: String

  /// Measures every gap that the test takes are long enough for.
  public init(_ setup: MultiViewSyncSetup, _ network: PretextNetwork) throws {
    let count = setup.settings.data.testPairs
    var rows: [Row] = []
    for centre in MultiViewPairs.gapCentres {
      guard
        let pairs = try Self.pairs(
          of: setup.recordings, centre: centre, count: count, seed: UInt64(setup.settings.seed))
      else { continue }
      rows.append(try Self.row(pairs, setup, network))
    }
    self.rows = rows
    pairCount = count
    data = setup.summary
  }

  /// Nil where no take is long enough.
  private static func pairs(
    of recordings: any MultiViewRecordings, centre: Int, count: Int, seed: UInt64
  ) throws -> MultiViewPairs? {
    do {
      return try MultiViewPairs(of: recordings, split: .test, gapCentre: centre, count: count, seed: seed)
    } catch let error as ComputeError where error.kind == .data && centre > MultiViewPairs.gapCentres[0] {
      return nil
    }
  }

  private static func row(
    _ pairs: MultiViewPairs, _ setup: MultiViewSyncSetup, _ network: PretextNetwork
  ) throws -> Row {
    let count = pairs.synchronized.count
    // Pictures in the order: first, second and mirrored second of synchronized pairs, then first and second of the others.
    let shots =
      pairs.synchronized.flatMap { [$0.first, $0.second, $0.flipped.second] }
      + pairs.unsynchronized.flatMap { [$0.first, $0.second] }
    let features = try network.features(of: shots, in: setup.recordings, size: setup.settings.data.imageSize)
    let synchronized = (0..<count).map { (3 * $0, 3 * $0 + 1) }
    let flipped = (0..<count).map { (3 * $0, 3 * $0 + 2) }
    let others = pairs.unsynchronized.indices.map { (3 * count + 2 * $0, 3 * count + 2 * $0 + 1) }
    let verdicts = try network.judge(features, pairs: synchronized + flipped + others)
    func share(_ logits: some Sequence<Double>, above: Bool) -> Double {
      let right = logits.map { ($0 > 0) == above ? 1.0 : 0 }
      return right.reduce(0, +) / Double(right.count)
    }
    return Row(
      gap: Double(pairs.gapCentre) / TimeGap.publishedRate,
      sync: (share(verdicts.sync[..<count], above: true) + share(verdicts.sync[(2 * count)...], above: false)) / 2,
      noflip: (share(verdicts.noflip[..<count], above: true)
        + share(verdicts.noflip[count..<2 * count], above: false)) / 2)
  }

  /// Means over the gaps.
  public var sync: Double { rows.reduce(0) { $0 + $1.sync } / Double(rows.count) }
  public var noflip: Double { rows.reduce(0) { $0 + $1.noflip } / Double(rows.count) }

  // MARK: - Text

  public static let columns = ["time gap", "synchronized, %", "not mirrored, %"]
  public static let columnWidth = 18

  public var cells: [[String]] {
    rows.map { [String(format: "%.2f s", $0.gap), Self.percent($0.sync), Self.percent($0.noflip)] }
      + [["all", Self.percent(sync), Self.percent(noflip)]]
  }

  private static func percent(_ share: Double) -> String { String(format: "%.1f", 100 * share) }

  public var caption: String {
    "\(pairCount) pairs of each kind per gap, of people whom training never saw; \(data). Chance: 50 %. A gap stands for "
      + "those up to 0.16 s around it."
  }
}
