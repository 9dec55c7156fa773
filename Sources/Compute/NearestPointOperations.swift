public protocol NearestPointOperations: AnyObject, Sendable {
  /// The nearest of m points to each of n points, by direct differences: expanded squares would cancel.
  ///
  ///     squaredDistance[b, i] = min over j of |x[b, i] - y[b, j]|^2
  ///     index[b, i] = the lowest j that attains it
  ///
  /// No temporary grows with n m. Constant: no gradient flows through it.
  /// - Parameters:
  ///   - x: real, `[batch, n, 3]`, unit stride along the coordinates.
  ///   - y: `[batch, m, 3]`, likewise, with at least one point.
  ///   - squaredDistance, index: `[batch, n]`, of x's type and int32, contiguous.
  /// - Complexity: 8 batch n m FLOP.
  func nearestPoints(_ x: TensorView, among y: TensorView, squaredDistance: TensorView, index: TensorView)
}

extension NearestPointOperations
where Self: MemoryOperations & ElementwiseOperations & ReductionOperations {
  public func nearestPoints(_ x: TensorView, among y: TensorView, squaredDistance: TensorView, index: TensorView) {
    composedNearestPoints(x, among: y, squaredDistance: squaredDistance, index: index)
  }

  /// All distances of a few points at a time, in at most 1 MiB.
  public func composedNearestPoints(
    _ x: TensorView, among y: TensorView, squaredDistance: TensorView, index: TensorView
  ) {
    orTrap(try nearestPointsRule(x, among: y, squaredDistance: squaredDistance, index: index))
    guard !squaredDistance.isEmpty else { return }
    let (n, m, type) = (x.shape[1], y.shape[1], x.elementType)
    let height = max(1, (1 << 20) / (m * type.byteCount))
    for element in 0..<x.shape[0] {
      let columns = (0..<3).map { y.selecting(axis: 0, element).selecting(axis: 1, $0).expanded(axis: 0) }
      for first in stride(from: 0, to: n, by: height) {
        let range = first..<min(first + height, n)
        let points = x.selecting(axis: 0, element).sliced(axis: 0, range)
        let distances = allocate(type, [range.count, m])
        map(
          squaredDistanceProgram, (0..<3).map { points.selecting(axis: 1, $0).expanded(axis: 1) } + columns,
          into: [distances])
        reduce(
          .minimum, .identity, [distances], scalars: [], domain: distances.shape,
          into: [squaredDistance.selecting(axis: 0, element).sliced(axis: 0, range).expanded(axis: 1)])
        argReduce(.minimum, distances, into: index.selecting(axis: 0, element).sliced(axis: 0, range))
      }
    }
  }
}

private let squaredDistanceProgram = ElementwiseProgram("nearestPoints", inputs: 6) { x, _ in
  let d = (0..<3).map { x[$0] - x[$0 + 3] }
  return [d[0] * d[0] + d[1] * d[1] + d[2] * d[2]]
}

/// The contract of `nearestPoints`, as a pure rule.
public func nearestPointsRule(
  _ x: TensorView, among y: TensorView, squaredDistance: TensorView, index: TensorView
) throws {
  guard x.rank == 3, y.rank == 3, x.shape[2] == 3, y.shape[2] == 3, x.shape[0] == y.shape[0] else {
    throw ComputeError(
      .shape, what: "nearestPoints: x has shape \(x.shape), y has shape \(y.shape)",
      why: "they are [batch, n, 3] and [batch, m, 3]", mend: "pass points of one batch size")
  }
  guard x.elementType.isReal, y.elementType == x.elementType, x.strides[2] == 1, y.strides[2] == 1 else {
    throw ComputeError(
      .shape,
      what: "nearestPoints: types \(x.elementType) and \(y.elementType), strides \(x.strides) and \(y.strides)",
      why: "both are of one real type with a point's coordinates side by side",
      mend: "copy them into contiguous tensors of one type first")
  }
  guard y.shape[1] > 0 || x.isEmpty else {
    throw ComputeError(
      .shape, what: "nearestPoints: y has shape \(y.shape)", why: "without points none is nearest",
      mend: "pass at least one point")
  }
  let shape = [x.shape[0], x.shape[1]]
  guard squaredDistance.shape == shape, squaredDistance.elementType == x.elementType, squaredDistance.isContiguous,
    index.shape == shape, index.elementType == .int32, index.isContiguous
  else {
    throw ComputeError(
      .shape,
      what: "nearestPoints: results are \(squaredDistance.elementType) \(squaredDistance.shape) and "
        + "\(index.elementType) \(index.shape)",
      why: "there is one distance of x's type and one int32 index per point of x",
      mend: "pass contiguous \(shape) views")
  }
}
