public protocol OptimizerOperations: AnyObject, Sendable {
  /// One RMSprop step as PyTorch computes it, without momentum, not centred (Tieleman and Hinton, 2012).
  ///
  ///     v = decay v + (1 - decay) g^2,   parameter -= learningRate * g / (sqrt(v) + epsilon)
  ///
  /// All three are contiguous views of one shape and real type; parameter and v are updated in place.
  func rmsprop(
    parameter: TensorView, gradient: TensorView, meanSquare: TensorView, learningRate: Double, decay: Double,
    epsilon: Double)
}

extension OptimizerOperations where Self: ElementwiseOperations {
  public func rmsprop(
    parameter: TensorView, gradient: TensorView, meanSquare: TensorView, learningRate: Double, decay: Double,
    epsilon: Double
  ) {
    map(
      rmspropProgram, [parameter, gradient, meanSquare], scalars: [learningRate, decay, 1 - decay, epsilon],
      into: [parameter, meanSquare])
  }
}

// 1 - decay is taken on the host in Double, as PyTorch does: in float32 it would be off by 50 eps.
private let rmspropProgram = ElementwiseProgram("rmsprop", inputs: 3, scalars: 4) { x, s in
  let v = s[1] * x[2] + s[2] * x[1] * x[1]
  return [x[0] - s[0] * x[1] / (sqrt(v) + s[3]), v]
}
