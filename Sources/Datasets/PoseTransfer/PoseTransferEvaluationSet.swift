import Geometry

/// Fixed pairs with their ground truth, for validation and test.
///
/// Meshes are shuffled as in training. Results depend a little on the order of vertices, so each pair always gets the
/// same: pair n's is a function of the seed and n.
public struct PoseTransferEvaluationSet: Sendable {
  public let source: any PoseTransferSource
  public let pairs: [PoseTransferPair]
  public let seed: UInt64

  public init(_ source: any PoseTransferSource, pairs: [PoseTransferPair], seed: UInt64) {
    self.source = source
    self.pairs = pairs
    self.seed = seed
  }

  /// Pair number `index` as a supervised sample.
  ///
  /// - Throws: What the source throws.
  public func sample(_ index: Int) throws -> PoseTransferSample {
    func shuffle(_ stream: PoseTransferStream) -> MeshShuffle {
      // Above the numbers that training items have.
      var random = stream.generator(seed: seed, number: 1 << 55 | index)
      return MeshShuffle(vertexCount: source.vertexCount, using: &random)
    }
    return try PoseTransferSample(
      pairs[index], otherPose: nil, of: source, identityShuffle: shuffle(.identityShuffle),
      poseShuffle: shuffle(.poseShuffle))
  }
}
