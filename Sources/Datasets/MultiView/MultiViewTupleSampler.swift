import Compute
import Geometry

/// Endless tuples of the pretext task.
///
/// Tuple n of a seed is the same for ever: it draws from a random stream of its own, so training goes on exactly where it
/// stopped, and tuples can be made on any thread. Its two instants are drawn together, uniformly over all ordered pairs of
/// a take that are allowed. Drawn one after the other, instants of a still stretch, which have few partners, would be the
/// first more often than the second, and one picture alone would tell something of the label. Views are uniform over what is
/// allowed (Jenni and Favaro, ACCV 2020, section 3.1; choices where the paper is silent are ours).
public struct MultiViewTupleSampler: Sendable {
  public struct Settings: Sendable, Equatable {
    /// All pictures of a tuple come from one camera, and crops stand in for other views (the paper's ablation l).
    public var isSingleView = false
    /// Half of all pairs are swapped, each for itself: for fusions that tell the first picture from the second.
    public var swapsPairs = false
    /// Half of all tuples are mirrored as a whole.
    public var mirrorsTuples = true
    /// How far pictures are changed; nil takes `PictureAugmentation.Range.pretext`, or `.singleView` with one view.
    public var augmentation: PictureAugmentation.Range?
    /// Instants whose poses differ by less, in millimetres, are no unsynchronized pair; nil admits all. See
    /// `PoseDifferences`, which the recordings must then offer.
    public var leastPoseDifference: Double?

    public init() {}
  }

  public let recordings: any MultiViewRecordings
  public let split: SampleSplit
  public let seed: UInt64
  public let settings: Settings

  /// The sequences of the split that have tuples.
  private let sources: [Source]
  /// Running number of each source's first pair of instants, and at the end the number of pairs.
  private let firstPair: [Int]

  private struct Source: Sendable {
    let sequence: Int
    let framesPerSecond: Double
    let viewCount: Int
    let frames: [Int]
    let gap: TimeGap
    /// Each frame's partners where poses are compared; otherwise the gap alone says which they are.
    let partners: [[Int32]]?
    /// Running number of the first pair that begins at each frame, and at the end the number of pairs.
    let firstPair: [Int]

    var pairCount: Int { firstPair[frames.count] }

    /// Positions in `frames` of pair number `pair`.
    func instants(ofPair pair: Int) -> (first: Int, second: Int) {
      let first = interval(of: pair, in: firstPair)
      let number = pair - firstPair[first]
      return (first, partners.map { Int($0[first][number]) } ?? gap.partners(of: first, in: frames)[number])
    }
  }

  /// How many ordered pairs of instants tuples are made of.
  public var pairCount: Int { firstPair[sources.count] }

  /// - Throws: `ComputeError` `.configuration` when a sequence has fewer than two views and the settings want several, or
  ///   poses are to be compared and cannot be; `.data` when no sequence of the split has a tuple; what the recordings throw.
  public init(
    _ recordings: any MultiViewRecordings, split: SampleSplit, seed: UInt64, settings: Settings = Settings()
  ) throws {
    self.recordings = recordings
    self.split = split
    self.seed = seed
    self.settings = settings
    let all = recordings.sequences
    let numbers = all.indices.filter { all[$0].split == split }
    if !settings.isSingleView, let alone = numbers.first(where: { all[$0].views.count < 2 }) {
      throw ComputeError(
        .configuration, what: "\(all[alone].identifier) was seen by \(all[alone].views.count) camera",
        why: "a pair is made of two views of one instant", mend: "leave it out, or train on single views")
    }
    let sources = try concurrentMap(numbers.count) { index in
      try Self.source(numbers[index], all[numbers[index]], of: recordings, settings)
    }.filter { $0.pairCount > 0 }
    guard !sources.isEmpty else {
      throw ComputeError(
        .data, what: "no sequence of the \(split) split has two instants 0.08 to 2.56 seconds apart",
        why: "an unsynchronized pair shows one person at two such instants",
        mend: "give longer sequences, or more frames of them")
    }
    self.sources = sources
    firstPair = Self.runningNumbers(sources.map(\.pairCount))
  }

  private static func source(
    _ number: Int, _ sequence: MultiViewSequence, of recordings: any MultiViewRecordings, _ settings: Settings
  ) throws -> Source {
    let gap = TimeGap.pretext(framesPerSecond: sequence.framesPerSecond)
    let frames = sequence.frames
    let partners = try settings.leastPoseDifference.map { least in
      let poses = try PoseDifferences(of: number, in: recordings)
      return frames.indices.map { position in
        gap.partners(of: position, in: frames)
          .filter { poses.difference(frames[position], frames[$0]) >= least }
          .map(Int32.init)
      }
    }
    let counts = partners?.map(\.count) ?? frames.indices.map { gap.partners(of: $0, in: frames).count }
    return Source(
      sequence: number, framesPerSecond: sequence.framesPerSecond, viewCount: sequence.views.count, frames: frames,
      gap: gap, partners: partners, firstPair: runningNumbers(counts))
  }

  /// Tuple number `index`.
  public func tuple(_ index: Int) -> MultiViewTuple {
    precondition(index >= 0, "MultiViewTupleSampler: tuple \(index)")
    // Splits draw apart, so that validation tuples do not repeat the choices of training.
    var random = MultiViewStream.tuple.generator(seed: seed, number: Int(split.rawValue) << 48 | index)
    let pair = random.index(below: pairCount)
    let number = interval(of: pair, in: firstPair)
    let source = sources[number]
    let (position, partner) = source.instants(ofPair: pair - firstPair[number])
    let views = views(source.viewCount, using: &random)
    let isMirrored = random.uniform() < 0.5 && settings.mirrorsTuples
    let range = settings.augmentation ?? (settings.isSingleView ? .singleView : .pretext)
    // Recordings that mix removed and substituted backgrounds go by a draw's highest bit: a tuple is of one kind.
    let kind = random.next() & 1 << 63
    func shot(_ view: Int, _ position: Int) -> MultiViewShot {
      var augmentation = PictureAugmentation(range, from: &random)
      augmentation.isMirrored = isMirrored
      return MultiViewShot(
        MultiViewPlace(sequence: source.sequence, view: view, frame: source.frames[position]), augmentation,
        draw: random.next() >> 1 | kind)
    }
    let (a, b, c) = (shot(views.a, position), shot(views.b, position), shot(views.c, partner))
    let swaps = (0..<3).map { _ in random.uniform() < 0.5 && settings.swapsPairs }
    return MultiViewTuple(
      a: a, b: b, c: c, gapInSeconds: Double(c.place.frame - b.place.frame) / source.framesPerSecond, swaps: swaps)
  }

  /// The tuples of step `index`, `count` in each.
  public func tuples(step index: Int, count: Int) -> [MultiViewTuple] {
    (index * count..<(index + 1) * count).map(tuple)
  }

  /// The pictures of step `index`.
  ///
  /// - Parameters:
  ///   - count: tuples in a batch.
  ///   - size: height and width of the pictures in pixels.
  /// - Throws: what the recordings throw.
  public func batch(_ index: Int, count: Int, size: Int) throws -> PretextBatch {
    try PretextBatch(tuples(step: index, count: count), of: recordings, size: size)
  }

  // MARK: - Draws

  /// Two views for `a` and `b`, and for `c` any other than that of `b`.
  private func views(_ count: Int, using random: inout PhiloxGenerator) -> (a: Int, b: Int, c: Int) {
    let b = random.index(below: count)
    if settings.isSingleView { return (b, b, b) }
    func other() -> Int { (b + 1 + random.index(below: count - 1)) % count }
    let (a, c) = (other(), other())
    return (a, b, c)
  }

  private static func runningNumbers(_ counts: [Int]) -> [Int] {
    counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
  }
}

/// Which of the intervals that begin at `starts`, in order, holds a number; the last start is the end of the last interval.
private func interval(of number: Int, in starts: [Int]) -> Int {
  var (low, high) = (0, starts.count - 1)
  while high - low > 1 {
    let middle = (low + high) / 2
    if starts[middle] <= number { low = middle } else { high = middle }
  }
  return low
}
