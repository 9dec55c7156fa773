public protocol OptimizerOperations: AnyObject, Sendable {
  /// One RMSprop step as PyTorch computes it, without momentum, not centred (Tieleman and Hinton, 2012).
  ///
  ///     v = decay v + (1 - decay) g^2,   parameter -= learningRate * g / (sqrt(v) + epsilon)
  ///
  /// All three are contiguous views of one shape and real type; parameter and v are updated in place.
  func rmsprop(
    parameter: TensorView, gradient: TensorView, meanSquare: TensorView, learningRate: Double, decay: Double,
    epsilon: Double)

  /// One Adam step as PyTorch computes it (Kingma and Ba, 2015), with decoupled weight decay (Loshchilov and Hutter, 2019).
  ///
  ///     m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2
  ///     parameter = (1 - decay) parameter - learningRate * m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon)
  ///
  /// All are contiguous views of one shape and real type; parameter, m and v are updated in place.
  /// - Parameters:
  ///   - firstMoment: m; nil when b1 is 0, where m is the gradient itself.
  ///   - decay: 0 for plain Adam.
  ///   - step: t, 1 for the first step.
  func adam(
    parameter: TensorView, gradient: TensorView, firstMoment: TensorView?, secondMoment: TensorView,
    learningRate: Double, betas: (Double, Double), epsilon: Double, decay: Double, step: Int)
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

  public func adam(
    parameter: TensorView, gradient: TensorView, firstMoment: TensorView?, secondMoment: TensorView,
    learningRate: Double, betas: (Double, Double), epsilon: Double, decay: Double, step: Int
  ) {
    precondition(firstMoment != nil || betas.0 == 0, "adam: beta1 is \(betas.0), so the first moment must be kept")
    // In Double on the host, as PyTorch does: in float32, 1 - beta would be off by 50 eps.
    let second = [1 / (1 - pow(betas.1, step)), betas.1, 1 - betas.1, epsilon, decay]
    guard let firstMoment else {
      return map(
        adamWithoutMomentum, [parameter, gradient, secondMoment], scalars: [learningRate] + second,
        into: [parameter, secondMoment])
    }
    map(
      adamProgram, [parameter, gradient, secondMoment, firstMoment],
      scalars: [learningRate / (1 - pow(betas.0, step))] + second + [betas.0, 1 - betas.0],
      into: [parameter, secondMoment, firstMoment])
  }
}

private func pow(_ base: Double, _ exponent: Int) -> Double { (0..<exponent).reduce(1) { power, _ in power * base } }

// 1 - decay is taken on the host in Double, as PyTorch does: in float32 it would be off by 50 eps.
private let rmspropProgram = ElementwiseProgram("rmsprop", inputs: 3, scalars: 4) { x, s in
  let v = s[1] * x[2] + s[2] * x[1] * x[1]
  return [x[0] - s[0] * x[1] / (sqrt(v) + s[3]), v]
}

/// Inputs: parameter, g and v of the last step. Gives the new parameter and v; decay 0 leaves the parameter's bits.
private func adamStep(
  _ x: [ScalarExpression], _ s: [ScalarExpression], m: ScalarExpression
) -> [ScalarExpression] {
  let v = s[2] * x[2] + s[3] * x[1] * x[1]
  return [x[0] - s[5] * x[0] - s[0] * m / (sqrt(v * s[1]) + s[4]), v]
}

private let adamWithoutMomentum = ElementwiseProgram("adam", inputs: 3, scalars: 6) { x, s in
  adamStep(x, s, m: x[1])
}
private let adamProgram = ElementwiseProgram("adam", inputs: 4, scalars: 8) { x, s in
  let m = s[6] * x[3] + s[7] * x[1]
  return adamStep(x, s, m: m) + [m]
}
