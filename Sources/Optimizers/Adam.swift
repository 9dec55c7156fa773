import Layers

/// Adam as PyTorch computes it, without weight decay, over a model's flat buffers (Kingma and Ba, ICLR 2015).
///
///     m = b1 m + (1 - b1) g,   v = b2 v + (1 - b2) g^2
///     parameter -= learningRate * m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon)
///
/// Parameters that no gradient reached are left alone, and so are their moments. All share one step count t.
public final class Adam {
  public let betas: (Double, Double)
  public let epsilon: Double
  /// `[count]`: m, in the places of the parameters; nil when beta1 is 0, where m is the gradient itself.
  public let firstMoments: TensorView?
  /// `[count]`: v, in the places of the parameters.
  public let secondMoments: TensorView
  /// Steps taken so far; a training checkpoint stores it.
  public var stepCount = 0
  private let parameters: ParameterStore

  public init(_ parameters: ParameterStore, betas: (Double, Double) = (0.9, 0.999), epsilon: Double = 1e-8) {
    self.parameters = parameters
    self.betas = betas
    self.epsilon = epsilon
    let device = parameters.device
    func zeros() -> TensorView {
      let view = device.allocate(parameters.elementType, parameters.values.shape)
      device.fill(view, with: 0)
      return view
    }
    firstMoments = betas.0 == 0 ? nil : zeros()
    secondMoments = zeros()
  }

  public func step(learningRate: Double) {
    stepCount += 1
    for range in parameters.rangesWithGradient {
      func part(_ view: TensorView) -> TensorView { view.sliced(axis: 0, range) }
      parameters.device.adam(
        parameter: part(parameters.values), gradient: part(parameters.gradients),
        firstMoment: firstMoments.map(part), secondMoment: part(secondMoments), learningRate: learningRate,
        betas: betas, epsilon: epsilon, decay: 0, step: stepCount)
    }
  }
}
