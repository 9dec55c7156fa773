import Layers

/// RMSprop as PyTorch computes it, over a model's flat buffers.
///
///     v = decay v + (1 - decay) g^2,   parameter -= learningRate g / (sqrt(v) + epsilon)
///
/// Parameters that no gradient reached are left alone, and so is their v.
public final class RMSprop {
  public let decay: Double
  public let epsilon: Double
  /// `[count]`: v, in the places of the parameters; starts at 0.
  public let meanSquares: TensorView
  private let parameters: ParameterStore

  public init(_ parameters: ParameterStore, decay: Double = 0.99, epsilon: Double = 1e-8) {
    self.parameters = parameters
    self.decay = decay
    self.epsilon = epsilon
    meanSquares = parameters.device.allocate(parameters.elementType, parameters.values.shape)
    parameters.device.fill(meanSquares, with: 0)
  }

  public func step(learningRate: Double) {
    for range in parameters.rangesWithGradient {
      parameters.device.rmsprop(
        parameter: parameters.values.sliced(axis: 0, range), gradient: parameters.gradients.sliced(axis: 0, range),
        meanSquare: meanSquares.sliced(axis: 0, range), learningRate: learningRate, decay: decay, epsilon: epsilon)
    }
  }
}
