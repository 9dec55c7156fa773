import Compute
import Foundation
import Geometry

/// Whether rendered recordings give their pairs away by anything but the person's pose, and whether they are what they say
/// (shared/specs of the recordings, section 5): probes that may see no pose must stay at chance, joints must lie where
/// pictures show them, splits must share nothing, and equal arguments must give equal pictures.
public struct ShortcutChecks: Sendable {
  public struct Settings: Codable, Sendable, Equatable {
    /// Tuples to fit the probes on, and as many to measure them on; each has a pair of either kind for each head.
    public var tuples = 4000
    /// Height and width of the pictures in pixels.
    public var size = 64
    public var seed: UInt64 = 1
    /// Pictures made at the same time.
    public var threads = 2
    /// In millimetres; nil admits all unsynchronized pairs.
    public var leastPoseDifference: Double?

    public init() {}
  }

  public let settings: Settings
  public let figures: [ShortcutFigure]

  public var failures: [ShortcutFigure] { figures.filter { !$0.holds } }

  /// - Throws: `ComputeError` `.configuration` for settings that make no sense; as `MultiViewTupleSampler`.
  public init(_ recordings: RenderedRecordings, settings: Settings = Settings()) throws {
    guard settings.tuples > 0, settings.size >= 16, settings.threads > 0 else {
      throw ComputeError(
        .configuration,
        what: "\(settings.tuples) tuples at \(settings.size) pixels on \(settings.threads) threads",
        why: "there is something to measure, at a size at which a person can be seen",
        mend: "use at least 1 tuple, 16 pixels and 1 thread")
    }
    self.settings = settings
    figures =
      try Self.probes(recordings, settings) + [Self.movement(recordings, settings)] + Self.tuples(recordings, settings)
      + [try Self.reprojection(recordings, settings)] + Self.splits(recordings)
      + [Self.repetition(recordings, settings)]
  }

  // MARK: - Probes

  /// Chance, and what a few thousand pairs of each kind leave of it.
  private static let chance = 0.47...0.53

  /// Cues of a tuple's four pictures.
  struct TupleCues: Sendable {
    let a, b, c, f: ShortcutCues
  }

  private static func probes(_ recordings: RenderedRecordings, _ settings: Settings) throws -> [ShortcutFigure] {
    let training = try cues(recordings, .train, settings)
    let test = try cues(recordings, .test, settings)
    func absolute(_ x: [Double], _ y: [Double]) -> [Double] { zip(x, y).map { abs($0 - $1) } }
    typealias Features = @Sendable (ShortcutCues, ShortcutCues) -> [Double]
    let colours: Features = { x, y in
      zip(x.histogram, y.histogram).map { $0 - $1 } + zip(x.histogram, y.histogram).map { abs($0 - $1) }
    }
    let boxes: Features = { x, y in [x.aspect, y.aspect] }
    let background: Features = { x, y in x.border + y.border + zip(x.border, y.border).map { abs($0 - $1) } }
    let shading: Features = { x, y in [x.tilt, y.tilt] }
    let sides: Features = { x, y in [x.tilt, y.tilt, x.tilt * y.tilt] }
    let headings: Features = { x, y in
      let (first, second) = (x.heading ?? 0, y.heading ?? 0)
      let turns = (1...4).flatMap { [cos(Double($0) * (first - second)), sin(Double($0) * (first - second))] }
      return turns + [cos(first), sin(first), cos(second), sin(second)]
    }
    let probes: [(name: String, mustHold: Bool, meaning: String, features: Features)] = [
      ("colours", true, "differences of colour histograms", colours),
      ("boxes", true, "width over height of both boxes", boxes),
      ("background", true, "pixels along the border", background),
      ("all three", true, "colours, boxes and background", { colours($0, $1) + boxes($0, $1) + background($0, $1) }),
      ("shading", true, "which side of each picture is brighter", shading),
      ("shading of both", false, "the same, and whether they agree", sides),
      ("headings", false, "which way the person faces in each view", headings),
    ]
    return probes.flatMap { probe in
      let heads: [(String, @Sendable (TupleCues) -> [(Bool, ShortcutCues, ShortcutCues)])] = [
        ("sync", { [(true, $0.a, $0.b), (false, $0.b, $0.c)] }),
        ("noflip", { [(true, $0.a, $0.b), (false, $0.a, $0.f)] }),
      ]
      return heads.map { head, pairs in
        func rows(_ tuples: [TupleCues]) -> (rows: [[Double]], labels: [Bool]) {
          let pairs = tuples.flatMap(pairs)
          return (pairs.map { probe.features($0.1, $0.2) }, pairs.map(\.0))
        }
        let (fitted, measured) = (rows(training), rows(test))
        let accuracy = LinearProbe(rows: fitted.rows, labels: fitted.labels)
          .accuracy(rows: measured.rows, labels: measured.labels)
        return ShortcutFigure(
          "\(head): \(probe.name)", accuracy, within: probe.mustHold ? chance : nil,
          "accuracy of a linear probe on \(probe.meaning)")
      }
    }
  }

  private static func cues(
    _ recordings: RenderedRecordings, _ split: SampleSplit, _ settings: Settings
  ) throws -> [TupleCues] {
    let sampler = try sampler(recordings, split, settings)
    return concurrentMap(settings.tuples, threads: settings.threads) { number in
      let tuple = sampler.tuple(number)
      func cues(_ shot: MultiViewShot, mirrored: Bool = false) -> ShortcutCues {
        let (picture, box) = recordings.drawn(at: shot.place, shot.augmentation, size: settings.size, draw: shot.draw)
        let heading = recordings.heading(at: shot.place)
        return ShortcutCues(
          mirrored ? picture.mirrored : picture, heading: shot.augmentation.isMirrored != mirrored ? -heading : heading,
          box: box)
      }
      return TupleCues(a: cues(tuple.a), b: cues(tuple.b), c: cues(tuple.c), f: cues(tuple.b, mirrored: true))
    }
  }

  private static func sampler(
    _ recordings: RenderedRecordings, _ split: SampleSplit, _ settings: Settings
  ) throws -> MultiViewTupleSampler {
    var sampling = MultiViewTupleSampler.Settings()
    sampling.leastPoseDifference = settings.leastPoseDifference
    return try MultiViewTupleSampler(recordings, split: split, seed: settings.seed, settings: sampling)
  }

  private static func poses(
    of recordings: RenderedRecordings, _ split: SampleSplit
  ) throws -> [Int: PoseDifferences] {
    try recordings.sequences.indices.filter { recordings.sequences[$0].split == split }
      .reduce(into: [:]) { $0[$1] = try PoseDifferences(of: $1, in: recordings) }
  }

  // MARK: - Movement

  /// Where pairs of like poses are left out, still stretches have few partners; how much a person moves about the instant of
  /// the second picture, which that picture alone may hint at, must tell nothing all the same. The first picture's instant is
  /// the same in pairs of both kinds.
  private static func movement(_ recordings: RenderedRecordings, _ settings: Settings) throws -> ShortcutFigure {
    var settings = settings
    settings.leastPoseDifference = settings.leastPoseDifference ?? PoseDifferences.leastOfRenderedPairs
    func rows(_ split: SampleSplit) throws -> (rows: [[Double]], labels: [Bool]) {
      let sampler = try sampler(recordings, split, settings)
      let poses = try poses(of: recordings, split)
      func movement(_ shot: MultiViewShot) -> Double {
        let place = shot.place
        return poses[place.sequence]?.movement(at: place.frame, of: recordings.sequences[place.sequence]) ?? .nan
      }
      let tuples = (0..<settings.tuples).map(sampler.tuple)
      return (
        tuples.flatMap { [[movement($0.b)], [movement($0.c)]] },
        tuples.flatMap { _ in [true, false] }
      )
    }
    let (fitted, measured) = try (rows(.train), rows(.test))
    return ShortcutFigure(
      "sync: movement",
      LinearProbe(rows: fitted.rows, labels: fitted.labels).accuracy(rows: measured.rows, labels: measured.labels),
      within: chance, "accuracy of a linear probe on how much the person moves about one instant")
  }

  // MARK: - Tuples

  private static func tuples(_ recordings: RenderedRecordings, _ settings: Settings) throws -> [ShortcutFigure] {
    let sampler = try sampler(recordings, .train, settings)
    let tuples = (0..<settings.tuples).map(sampler.tuple)
    let gaps = tuples.map { abs($0.gapInSeconds) }
    let (least, greatest) = (gaps.min() ?? .nan, gaps.max() ?? .nan)
    let poses = try poses(of: recordings, .train)
    let alike = PoseDifferences.leastOfRenderedPairs
    var (still, ahead) = (0.0, 0.0)
    for tuple in tuples {
      let sequence = tuple.a.place.sequence
      let (first, second) = (tuple.b.place.frame, tuple.c.place.frame)
      if let poses = poses[sequence], poses.difference(first, second) < alike { still += 1 / Double(tuples.count) }
      let take = recordings.takes[sequence]
      let turn = abs(remainder(take.heading(first) - take.heading(second), 2 * .pi))
      if turn < 20 * .pi / 180 { ahead += 1 / Double(tuples.count) }
    }
    let batch = try PretextBatch(Array(tuples.prefix(8)), of: recordings, size: settings.size)
    return [
      ShortcutFigure(
        "least gap", least, within: (0.08).nextUp...(2.56).nextDown,
        "seconds between the instants of an unsynchronized pair"),
      ShortcutFigure(
        "greatest gap", greatest, within: (0.08).nextUp...(2.56).nextDown,
        "seconds between the instants of an unsynchronized pair"),
      ShortcutFigure(
        "balance: sync", balance(batch, of: 0, against: 1), within: 0.5...0.5, "share of pairs with label 1"),
      ShortcutFigure(
        "balance: noflip", balance(batch, of: 0, against: 2), within: 0.5...0.5, "share of pairs with label 1"),
      ShortcutFigure(
        "unlike mirrors", Double(unlikeMirrors(batch)), within: 0...0, "values of f that are not those of b in a mirror"
      ),
      ShortcutFigure(
        "standing still", still, "share of unsynchronized pairs whose poses differ by less than \(Int(alike)) mm"),
      ShortcutFigure(
        "same heading", ahead, "share of unsynchronized pairs whose headings differ by less than 20 degrees"),
    ]
  }

  /// Share of the pairs of one kind among those of two; kinds: synchronized, unsynchronized, flipped.
  private static func balance(_ batch: PretextBatch, of kind: Int, against other: Int) -> Double {
    /// A pair's kind by the blocks of its pictures, a to f.
    func kindNumber(_ pair: SIMD2<Int32>) -> Int? {
      let blocks = Set([Int(pair.x) / batch.count, Int(pair.y) / batch.count])
      return [[0, 1], [1, 2], [0, 3]].firstIndex { Set($0) == blocks }
    }
    let kinds = batch.pairs.map(kindNumber)
    let (positive, negative) = (kinds.count { $0 == kind }, kinds.count { $0 == other })
    return Double(positive) / Double(positive + negative)
  }

  private static func unlikeMirrors(_ batch: PretextBatch) -> Int {
    let (size, length) = (batch.size, batch.size * batch.size * 3)
    return (0..<batch.count * length).count { place in
      let (tuple, at) = place.quotientAndRemainder(dividingBy: length)
      let (row, column, channel) = (at / (3 * size), at / 3 % size, at % 3)
      let other = (row * size + size - 1 - column) * 3 + channel
      return batch.pixels[(3 * batch.count + tuple) * length + at]
        != batch.pixels[(batch.count + tuple) * length + other]
    }
  }

  // MARK: - Splits

  private static func splits(_ recordings: RenderedRecordings) -> [ShortcutFigure] {
    func shared<Value: Hashable>(_ value: (Int) -> Value) -> Double {
      var owner: [Value: Set<SampleSplit>] = [:]
      for number in recordings.sequences.indices {
        owner[value(number), default: []].insert(recordings.sequences[number].split)
      }
      return Double(owner.values.count { $0.count > 1 })
    }
    return [
      ShortcutFigure(
        "shared subjects", shared { recordings.sequences[$0].subject }, within: 0...0, "in more than one split"),
      ShortcutFigure(
        "shared takes", shared { recordings.takes[$0].motion.name }, within: 0...0, "in more than one split"),
      ShortcutFigure(
        "shared people", shared { "\(recordings.takes[$0].phenotype)" }, within: 0...0, "in more than one split"),
      ShortcutFigure(
        "shared rooms", shared { recordings.takes[$0].room.number }, within: 0...0,
        "in more than one split; each has backdrops of its own"),
    ]
  }

  // MARK: - Repetition

  /// Pictures made again, by recordings built anew, in another order and on several threads.
  private static func repetition(_ recordings: RenderedRecordings, _ settings: Settings) -> ShortcutFigure {
    let count = 24
    guard
      let again = try? RenderedRecordings(
        body: recordings.body, motions: recordings.motions, settings: recordings.settings, seed: recordings.seed),
      let sampler = try? sampler(recordings, .test, settings)
    else { return ShortcutFigure("unlike repetitions", .nan, within: 0...0, "the recordings could not be built again") }
    @Sendable func picture(_ recordings: RenderedRecordings, _ number: Int) -> PersonPicture {
      let shot = sampler.tuple(number).c
      return recordings.drawn(at: shot.place, shot.augmentation, size: settings.size, draw: shot.draw).picture
    }
    let first = (0..<count).map { picture(recordings, $0).colors }
    let second = concurrentMap(count, threads: settings.threads) { picture(again, count - 1 - $0).colors }
    return ShortcutFigure(
      "unlike repetitions", Double(zip(first, second.reversed()).count { $0 != $1 }), within: 0...0,
      "of \(count) pictures made twice")
  }
}
