import Compute
import Geometry

/// A finite list of poses, cut into splits: the poses that every identity of a set is shown in. Headings are 0.
public struct NumberedPoses: Sendable {
  /// In a few words, for logs and reports.
  public let summary: String
  public let counts: SplitCounts
  public let poses: [MotionPose]

  /// Draws each pose from a random stream of its own: those of training and validation from `training`, those of test
  /// from `test`.
  ///
  /// Use it with sources that never give the same pose twice, such as the embedded priors; for clips there is
  /// `init(_:of:test:)`.
  public init(
    _ counts: SplitCounts, drawnFrom training: any PoseSource = PosePrior.train,
    test: any PoseSource = PosePrior.test, seed: UInt64
  ) {
    self.counts = counts
    summary = "\(counts.total) poses drawn from the \(training.summary) and the \(test.summary)"
    poses = (0..<counts.total).map { number in
      var random = PoseTransferStream.pose.generator(seed: seed, number: number)
      return (counts.numbers(.test).contains(number) ? test : training).pose(using: &random)
    }
  }

  /// Takes frames at even distances from blocks of the clips that follow each other, one block per split and in proportion
  /// to its count, so that no two splits share a stretch of motion.
  ///
  /// - Parameter test: clips for the test poses alone; then `training` is cut in two.
  /// - Throws: `ComputeError` of kind `.data` when there are fewer frames than poses.
  public init(_ counts: SplitCounts, of training: MotionLibrary, test: MotionLibrary? = nil) throws {
    self.counts = counts
    summary = "\(counts.total) poses of \(training.summary)" + (test.map { " and \($0.summary)" } ?? "")
    if let test {
      poses = try Self.spread(counts.train + counts.validation, over: training) + Self.spread(counts.test, over: test)
    } else {
      poses = try Self.spread(counts.total, over: training)
    }
  }

  /// Pose k is frame k * frames / wanted: spaced evenly, so consecutive numbers lie in one block.
  private static func spread(_ wanted: Int, over library: MotionLibrary) throws -> [MotionPose] {
    guard wanted <= library.poseCount else {
      throw ComputeError(
        .data, what: "\(wanted) poses are wanted of \(library.summary), which have \(library.poseCount) frames",
        why: "no pose is used twice", mend: "ask for fewer poses, or add clips")
    }
    return (0..<wanted).map { library.pose(at: $0 * library.poseCount / wanted).facing(0) }
  }
}
