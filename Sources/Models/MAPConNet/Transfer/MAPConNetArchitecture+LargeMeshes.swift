import Compute

extension MAPConNetArchitecture {
  /// Bytes that the matching keeps for meshes of these sizes: a value per pair of points.
  public func kernelByteCount(identityPoints: Int, posePoints: Int) -> Int {
    switch sinkhorn.storage {
    case .full: 4 * identityPoints * posePoints
    case .bfloat16: 2 * identityPoints * posePoints
    case .recomputed: 0
    }
  }

  /// The same network for meshes of these sizes: where the matching's kernel would take more than `limit` bytes, it is
  /// never stored but computed anew in every pass. That is slower and needs no memory that grows with the number of pairs;
  /// the float32 kernel's result is the same to the bit.
  ///
  /// - Parameter limit: by default 11,585 points against as many stay below it.
  public func fitting(identityPoints: Int, posePoints: Int, limit: Int = 512 << 20) -> MAPConNetArchitecture {
    guard kernelByteCount(identityPoints: identityPoints, posePoints: posePoints) > limit else { return self }
    var fitting = self
    fitting.sinkhorn.storage = .recomputed
    return fitting
  }
}
