/// Mean and population variance of every channel over the rows of each batch element: what instance norm divides by.
///
///     dx = dmean / rows + 2 (x - mean) dvariance / rows
///
/// - Parameter x: `[batch, rows, channels]`.
/// - Returns: two tensors `[batch, 1, channels]`.
public func channelMoments(_ x: Tensor) -> (mean: Tensor, variance: Tensor) {
  let device = x.device
  let (batch, rows, channels) = (x.shape[0], x.shape[1], x.shape[2])
  let moments = device.allocate(x.elementType, [2, batch, channels])
  for b in 0..<batch {
    device.moments(
      x.view.sliced(axis: 0, b..<b + 1), weights: nil,
      mean: moments.selecting(axis: 0, 0).selecting(axis: 0, b),
      variance: moments.selecting(axis: 0, 1).selecting(axis: 0, b))
  }
  let mean = moments.selecting(axis: 0, 0).expanded(axis: 1)
  let both = Tensor.recording("channelMoments", moments, from: [x], saving: [x.view]) { gradients, saved in
    let slopes = (0..<2).map { gradients.upstream.selecting(axis: 0, $0).expanded(axis: 1) }
    gradients.accumulate(0) { dx, beta in
      device.map(
        beta == 0 ? momentsGradient : momentsGradientAdded, [saved[0], mean] + slopes + (beta == 0 ? [] : [dx]),
        scalars: [1 / Double(rows)], into: [dx])
    }
  }
  func part(_ k: Int) -> Tensor { both.sliced(axis: 0, k..<k + 1).reshaped([batch, 1, channels]) }
  return (part(0), part(1))
}

private func slope(_ x: [ScalarExpression], _ s: [ScalarExpression]) -> ScalarExpression {
  (x[2] + 2 * (x[0] - x[1]) * x[3]) * s[0]
}
private let momentsGradient = ElementwiseProgram("channelMoments.gradient", inputs: 4, scalars: 1) { x, s in
  [slope(x, s)]
}
private let momentsGradientAdded = ElementwiseProgram("channelMoments.gradientAdded", inputs: 5, scalars: 1) { x, s in
  [x[4] + slope(x, s)]
}
