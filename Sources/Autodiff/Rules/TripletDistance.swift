/// How much farther the positive lies from the anchor than the negative does, for every point.
///
///     d = |a - p| - |a - n|,   da = unit(a - p) - unit(a - n),   dp = -unit(a - p),   dn = unit(a - n)
///
/// with unit(0) = 0. Two kernels: one reduction for both distances, one map for all three gradients.
/// - Parameters: `[batch, points, channels]` each.
/// - Returns: `[batch, points, 1]`.
public func tripletDistance(anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor {
  let device = anchor.device
  let shape = anchor.shape
  func perPoint() -> TensorView { device.allocate(anchor.elementType, [shape[0], shape[1], 1]) }
  let distances = [perPoint(), perPoint()]
  let triplet = [anchor.view, positive.view, negative.view]
  device.reduce(.sum, squaresProgram, triplet, scalars: [], domain: shape, into: distances)
  device.map(rootsProgram, distances, into: distances)
  let difference = perPoint()
  device.map(differenceProgram, distances, into: [difference])
  return .recording(
    "tripletDistance", difference, from: [anchor, positive, negative], saving: triplet + distances
  ) { gradients, saved in
    let results = (0..<3).map { _ in device.allocate(saved[0].elementType, shape) }
    device.map(gradientProgram, saved + [gradients.upstream], into: results)
    for (index, result) in results.enumerated() { gradients.pass(index, result) }
  }
}

private let squaresProgram = ElementwiseProgram("tripletDistance.squares", inputs: 3) { x, _ in
  let (p, n) = (x[0] - x[1], x[0] - x[2])
  return [p * p, n * n]
}
private let rootsProgram = ElementwiseProgram("tripletDistance.roots", inputs: 2) { x, _ in [sqrt(x[0]), sqrt(x[1])] }
private let differenceProgram = ElementwiseProgram("tripletDistance", inputs: 2) { x, _ in [x[0] - x[1]] }

/// Inputs: a, p, n, |a - p|, |a - n|, upstream.
private let gradientProgram = ElementwiseProgram("tripletDistance.gradient", inputs: 6) { x, _ in
  let towardsPositive = select(x[3], x[5] * (x[0] - x[1]) / x[3], 0)
  let towardsNegative = select(x[4], x[5] * (x[0] - x[2]) / x[4], 0)
  return [towardsPositive - towardsNegative, -towardsPositive, towardsNegative]
}
