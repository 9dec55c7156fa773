import Compute
import Geometry

/// Endless labelled pictures for transfer to 3D pose: a random picture of the labelled ones, mirrored with probability 1/2
/// and turned in the picture, the joints with it.
///
/// Sample n of a seed is the same for ever, as with `MultiViewTupleSampler`.
public struct PoseImageSampler: Sendable {
  public let recordings: any MultiViewRecordings
  public let seed: UInt64
  public let augmentation: PictureAugmentation.Range?
  /// The labelled pictures.
  public let places: [MultiViewPlace]
  public let statistics: PoseStatistics

  /// - Parameters:
  ///   - subjects: whose pictures are labelled; nil for all of the split.
  ///   - share: of their pictures that are labelled, above 0 and up to 1. The pictures of a smaller share are among those of
  ///     a larger one.
  ///   - augmentation: how far pictures are turned; nil leaves them, and mirrors none.
  /// - Throws: `ComputeError` `.configuration` for an unknown subject and for a share that leaves nothing; `.data` when
  ///   joints are not known; what the recordings throw.
  public init(
    _ recordings: any MultiViewRecordings, split: SampleSplit = .train, subjects: [String]? = nil, share: Double = 1,
    augmentation: PictureAugmentation.Range? = .transfer, seed: UInt64
  ) throws {
    self.recordings = recordings
    self.seed = seed
    self.augmentation = augmentation
    let all = try recordings.places(of: split, subjects: subjects)
    guard share > 0, share <= 1, !all.isEmpty else {
      throw ComputeError(
        .configuration, what: "a share of \(share) of \(all.count) labelled pictures",
        why: "training needs at least one, and there are no more than all", mend: "use a share above 0, up to 1")
    }
    var random = MultiViewStream.labels.generator(seed: seed, number: Int(split.rawValue))
    let order = random.permutation(of: all.count)
    let count = max(1, Int((share * Double(all.count)).rounded()))
    places = order.prefix(count).sorted().map { all[Int($0)] }
    statistics = PoseStatistics(try places.map { try recordings.relativeJoints(at: $0) })
  }

  /// Shot number `index`.
  public func shot(_ index: Int) -> MultiViewShot {
    precondition(index >= 0, "PoseImageSampler: shot \(index)")
    var random = MultiViewStream.pose.generator(seed: seed, number: index)
    let place = places[random.index(below: places.count)]
    guard let augmentation else { return MultiViewShot(place, draw: random.next()) }
    var change = PictureAugmentation(augmentation, from: &random)
    change.isMirrored = random.uniform() < 0.5
    return MultiViewShot(place, change, draw: random.next())
  }

  /// The samples of step `index`, `count` in each.
  public func batch(_ index: Int, count: Int, size: Int) throws -> PoseImageBatch {
    try PoseImageBatch((index * count..<(index + 1) * count).map(shot), of: recordings, size: size)
  }
}

extension MultiViewRecordings {
  /// All pictures of a split and of some subjects, sequence after sequence, frame after frame, view after view.
  ///
  /// - Parameters:
  ///   - subjects: nil for all.
  ///   - seconds: the time from one frame to the next; nil for every frame. The published test set takes every 64th of
  ///     50 frames per second: 1.28.
  /// - Throws: `ComputeError` `.configuration` when the split has no sequence of a subject.
  public func places(
    of split: SampleSplit, subjects: [String]? = nil, every seconds: Double? = nil
  ) throws -> [MultiViewPlace] {
    let known = sequences.enumerated().filter { $1.split == split }
    for subject in subjects ?? [] where !known.contains(where: { $0.element.subject == subject }) {
      throw ComputeError(
        .configuration, what: "the \(split) split has no subject \(subject)",
        why: "pictures are chosen by the subjects of their sequences",
        mend: "use some of " + Set(known.map(\.element.subject)).sorted().joined(separator: ", "))
    }
    return known.filter { subjects?.contains($0.element.subject) ?? true }.flatMap { number, sequence in
      sequence.frames(every: seconds).flatMap { frame in
        sequence.views.indices.map { MultiViewPlace(sequence: number, view: $0, frame: frame) }
      }
    }
  }

  /// `[16, 3]`: the joints relative to the first, without it, in millimetres.
  ///
  /// - Throws: `ComputeError` `.data` when they are not known; what the recordings throw.
  public func relativeJoints(at place: MultiViewPlace) throws -> [SIMD3<Double>] {
    guard let joints = try joints(at: place) else {
      throw ComputeError(
        .data,
        what: "\(sequences[place.sequence].identifier), view \(sequences[place.sequence].views[place.view]), frame "
          + "\(place.frame): the pose is not known",
        why: "transfer learns poses from labelled pictures", mend: "give poses for this view, or leave the sequence out"
      )
    }
    return joints.dropFirst().map { $0 - joints[0] }
  }
}

extension MultiViewSequence {
  /// The first frame of each stretch of `seconds`, counted from frame 0; nil for all frames.
  public func frames(every seconds: Double?) -> [Int] {
    guard let seconds else { return frames }
    var chosen: [Int] = []
    var last: Int?
    for frame in frames {
      // A frame on a stretch's border must not fall short of it by rounding.
      let stretch = Int((Double(frame) / framesPerSecond / seconds + 1e-9).rounded(.down))
      if stretch != last { chosen.append(frame) }
      last = stretch
    }
    return chosen
  }
}
