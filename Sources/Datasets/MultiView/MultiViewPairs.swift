import Compute
import Geometry

/// Two pictures of one take, for the evaluation of the synchronization model.
public struct MultiViewPair: Sendable, Equatable {
  public let first, second: MultiViewShot
  /// From the first instant to the second, in seconds.
  public let gapInSeconds: Double

  /// The same pair with its second picture in a mirror.
  public var flipped: MultiViewPair {
    var mirrored = second
    mirrored.augmentation.isMirrored.toggle()
    return MultiViewPair(first: first, second: mirrored, gapInSeconds: gapInSeconds)
  }
}

/// Pairs on which the accuracy against the time gap is measured: as many synchronized as unsynchronized ones, the latter
/// with a gap about a centre D, drawn from D - 7 to D + 8 frames at 50 per second, of either sign and never 0 (Jenni and
/// Favaro, ACCV 2020, section 4.3). Pictures are plain cut-outs.
public struct MultiViewPairs: Sendable {
  /// D, in frames at 50 per second.
  public let gapCentre: Int
  public let synchronized, unsynchronized: [MultiViewPair]

  /// The centres 8, 16, ... 128.
  public static let gapCentres = Array(stride(from: 8, through: 128, by: 8))

  /// - Parameters:
  ///   - subjects: nil for all of the split.
  ///   - count: pairs of each kind.
  /// - Throws: `ComputeError` `.configuration` for an unknown subject, `.data` when no take is long enough for the gap or
  ///   none has two views.
  public init(
    of recordings: any MultiViewRecordings, split: SampleSplit, subjects: [String]? = nil, gapCentre: Int, count: Int,
    seed: UInt64
  ) throws {
    self.gapCentre = gapCentre
    _ = try recordings.places(of: split, subjects: subjects)
    var starts: [(sequence: Int, position: Int)] = []
    for (number, sequence) in recordings.sequences.enumerated()
    where sequence.split == split && subjects?.contains(sequence.subject) ?? true && sequence.views.count > 1 {
      let gap = Self.gap(gapCentre, sequence)
      for position in sequence.frames.indices where !gap.partners(of: position, in: sequence.frames).isEmpty {
        starts.append((number, position))
      }
    }
    guard !starts.isEmpty else {
      throw ComputeError(
        .data, what: "no take of the \(split) split has two instants \(gapCentre - 7) to \(gapCentre + 8) frames apart",
        why: "gaps are counted at 50 frames per second", mend: "use longer takes, or leave this gap out")
    }
    var random = MultiViewStream.pairs.generator(seed: seed, number: Int(split.rawValue) << 32 | gapCentre)
    func pair(synchronized: Bool) -> MultiViewPair {
      let start = starts[random.index(below: starts.count)]
      let sequence = recordings.sequences[start.sequence]
      let first = random.index(below: sequence.views.count)
      let second = (first + 1 + random.index(below: sequence.views.count - 1)) % sequence.views.count
      let partners = Self.gap(gapCentre, sequence).partners(of: start.position, in: sequence.frames)
      let partner = partners[random.index(below: partners.count)]
      let frames = (sequence.frames[start.position], sequence.frames[synchronized ? start.position : partner])
      func shot(_ view: Int, _ frame: Int) -> MultiViewShot {
        MultiViewShot(MultiViewPlace(sequence: start.sequence, view: view, frame: frame), draw: random.next())
      }
      return MultiViewPair(
        first: shot(first, frames.0), second: shot(second, frames.1),
        gapInSeconds: Double(frames.1 - frames.0) / sequence.framesPerSecond)
    }
    synchronized = (0..<count).map { _ in pair(synchronized: true) }
    unsynchronized = (0..<count).map { _ in pair(synchronized: false) }
  }

  private static func gap(_ centre: Int, _ sequence: MultiViewSequence) -> TimeGap {
    TimeGap(from: centre - 7, through: centre + 8, framesPerSecond: sequence.framesPerSecond)
  }
}
