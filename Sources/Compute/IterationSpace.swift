/// The loop nest over several views of one shape, with as few axes as their strides allow.
///
/// Axes of size 1 are dropped and neighbours are merged where every operand steps through both as one.
/// Both backends plan element-wise work with it.
public struct IterationSpace: Sendable, Hashable {
  /// Outermost axis first; never empty (a scalar is one axis of size 1).
  public let shape: [Int]
  /// Per operand, the stride of each axis in elements.
  public let strides: [[Int]]

  public init(shape: [Int], strides: [[Int]]) {
    var merged: [Int] = []
    var mergedStrides = [[Int]](repeating: [], count: strides.count)
    for axis in shape.indices where shape[axis] != 1 {
      let canMerge =
        !merged.isEmpty
        && strides.indices.allSatisfy { mergedStrides[$0].last! == strides[$0][axis] * shape[axis] }
      if canMerge {
        merged[merged.count - 1] *= shape[axis]
        for k in strides.indices { mergedStrides[k][mergedStrides[k].count - 1] = strides[k][axis] }
      } else {
        merged.append(shape[axis])
        for k in strides.indices { mergedStrides[k].append(strides[k][axis]) }
      }
    }
    if merged.isEmpty {
      merged = [1]
      mergedStrides = mergedStrides.map { _ in [0] }
    }
    self.shape = merged
    self.strides = mergedStrides
  }

  /// The space over `views`, each broadcast to `shape`.
  public init(shape: [Int], views: [TensorView]) {
    self.init(shape: shape, strides: views.map { $0.broadcast(to: shape).strides })
  }

  public var elementCount: Int { shape.reduce(1, *) }

  /// The most axes that a device's kernels take after merging.
  public static let maximumRank = 6
}
