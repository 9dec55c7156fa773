import Compute
import Datasets
import Foundation
import Training

/// How often a pretext network is right, by the time between two pictures: about people whom training never saw, and for
/// comparison about people whom it saw.
public struct SyncComparison: EvaluationTable, Sendable, Equatable {
  /// Shares of right answers, synchronized and unsynchronized (or flipped) pairs counting alike.
  public struct Shares: Codable, Sendable, Equatable {
    public let sync, noflip: Double
  }

  public struct Row: Codable, Sendable, Equatable {
    /// The middle of the gaps of unsynchronized pairs, in seconds.
    public let gap: Double
    public let unseen: Shares
    /// Nil where no take of training is long enough.
    public let seen: Shares?
  }

  public let rows: [Row]
  /// Pairs of each kind in each row.
  public let pairCount: Int
  public let data: String

  /// Measures every gap that the test takes are long enough for.
  public init(_ setup: MultiViewSyncSetup, _ network: PretextNetwork) throws {
    func shares(_ split: SampleSplit, centre: Int) throws -> Shares? {
      try Self.pairs(of: setup, split, centre: centre).map { try Self.shares(of: $0, setup, network) }
    }
    rows = try MultiViewPairs.gapCentres.compactMap { centre in
      guard let unseen = try shares(.test, centre: centre) else { return nil }
      return Row(
        gap: Double(centre) / TimeGap.publishedRate, unseen: unseen, seen: try shares(.train, centre: centre))
    }
    pairCount = setup.settings.data.testPairs
    data = setup.summary
  }

  /// Nil where no take is long enough; that the shortest gap finds none among the test takes is an error.
  private static func pairs(
    of setup: MultiViewSyncSetup, _ split: SampleSplit, centre: Int
  ) throws -> MultiViewPairs? {
    do {
      return try MultiViewPairs(
        of: setup.recordings, split: split, gapCentre: centre, count: setup.settings.data.testPairs,
        seed: UInt64(setup.settings.seed))
    } catch let error as ComputeError
      where error.kind == .data && (split == .train || centre > MultiViewPairs.gapCentres[0])
    {
      return nil
    }
  }

  private static func shares(
    of pairs: MultiViewPairs, _ setup: MultiViewSyncSetup, _ network: PretextNetwork
  ) throws -> Shares {
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
    return Shares(
      sync: (share(verdicts.sync[..<count], above: true) + share(verdicts.sync[(2 * count)...], above: false)) / 2,
      noflip: (share(verdicts.noflip[..<count], above: true)
        + share(verdicts.noflip[count..<2 * count], above: false)) / 2)
  }

  /// Means over the gaps.
  public var unseen: Shares { Self.mean(rows.map(\.unseen)) }
  /// Nil where a gap lacks it.
  public var seen: Shares? {
    let shares = rows.compactMap(\.seen)
    return shares.count == rows.count ? Self.mean(shares) : nil
  }

  private static func mean(_ shares: [Shares]) -> Shares {
    let count = Double(shares.count)
    return Shares(
      sync: shares.reduce(0) { $0 + $1.sync } / count, noflip: shares.reduce(0) { $0 + $1.noflip } / count)
  }

  // MARK: - Text

  public static let columns = [
    "time gap", "synchronized, %", "not mirrored, %", "seen: synchronized, %", "seen: not mirrored, %",
  ]
  public static let columnWidth = 23

  public var cells: [[String]] {
    rows.map { Self.line(String(format: "%.2f s", $0.gap), $0.unseen, $0.seen) } + [Self.line("all", unseen, seen)]
  }

  private static func line(_ name: String, _ unseen: Shares, _ seen: Shares?) -> [String] {
    [name]
      + [unseen.sync, unseen.noflip, seen?.sync, seen?.noflip].map { share in
        share.map { String(format: "%.1f", 100 * $0) } ?? "-"
      }
  }

  public var caption: String {
    "\(pairCount) pairs of each kind per gap, of people whom training never saw, and under \"seen\" of people whom it saw; "
      + "\(data). Chance: 50 %. A gap stands for those up to 0.16 s around it."
  }
}
