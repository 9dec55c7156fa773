/// x / (|x| + epsilon) for every point, over its channels.
///
/// x: `[batch, points, channels]`. The gradient at a zero vector counts |x| as constant.
public func unitLength(_ x: Tensor, epsilon: Double) -> Tensor {
  let square = fusedSum("unitLength.square", [x], alongAxis: x.shape.count - 1) { x, _ in x[0] * x[0] }
  return fused("unitLength", [x, square], scalars: [epsilon]) { x, s in x[0] / (sqrt(x[1]) + s[0]) }
}
