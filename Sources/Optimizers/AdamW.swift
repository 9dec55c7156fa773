import Layers

/// How AdamW shrinks parameters beside the gradient's step.
public struct WeightDecay: Sendable, Equatable {
  /// What the factor of a step is.
  public enum Mode: String, Sendable, Codable, CaseIterable {
    /// `weight * learningRate / initialRate`: the schedule acts on the decay, the base rate does not (Loshchilov and
    /// Hutter, 2019, algorithm 2).
    case scheduleScaled = "schedule_scaled"
    /// `weight * learningRate`, as PyTorch computes it.
    case lrScaled = "lr_scaled"
  }

  /// What is shrunk.
  public enum Tensors: String, Sendable, Codable, CaseIterable {
    /// Weights of convolutions and linear maps.
    case matrices
    /// Gains, shifts and biases too.
    case all
  }

  public var weight: Double
  public var mode: Mode
  public var tensors: Tensors

  public init(_ weight: Double = 1e-4, mode: Mode = .scheduleScaled, tensors: Tensors = .matrices) {
    self.weight = weight
    self.mode = mode
    self.tensors = tensors
  }

  /// What a decayed tensor loses of itself in a step.
  func share(learningRate: Double, initialRate: Double) -> Double {
    weight * (mode == .lrScaled ? learningRate : learningRate / initialRate)
  }

  func acts(on item: ParameterDeclaration) -> Bool { tensors == .all || item.decays }
}

/// Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019).
///
///     parameter = (1 - share) parameter;   then as Adam
///
/// Parameters that no gradient reached are left alone, and so are their moments. All share one step count. Where decayed
/// tensors are declared side by side, a step is two launches.
public final class AdamW {
  public let decay: WeightDecay
  public let betas: (Double, Double)
  public let epsilon: Double
  /// `[count]`: m and v, in the places of the parameters.
  public let firstMoments, secondMoments: TensorView
  /// Steps taken so far; a training checkpoint stores it.
  public var stepCount = 0
  private let parameters: ParameterStore

  public init(
    _ parameters: ParameterStore, decay: WeightDecay = WeightDecay(), betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8
  ) {
    self.parameters = parameters
    self.decay = decay
    self.betas = betas
    self.epsilon = epsilon
    func zeros() -> TensorView {
      let view = parameters.device.allocate(parameters.elementType, parameters.values.shape)
      parameters.device.fill(view, with: 0)
      return view
    }
    (firstMoments, secondMoments) = (zeros(), zeros())
  }

  /// - Parameter initialRate: of the schedule; the learning rate of its first step.
  public func step(learningRate: Double, initialRate: Double) {
    stepCount += 1
    let share = decay.share(learningRate: learningRate, initialRate: initialRate)
    for isDecayed in [true, false] {
      for range in parameters.rangesWithGradient(where: { decay.acts(on: $0) == isDecayed }) {
        func part(_ view: TensorView) -> TensorView { view.sliced(axis: 0, range) }
        parameters.device.adam(
          parameter: part(parameters.values), gradient: part(parameters.gradients), firstMoment: part(firstMoments),
          secondMoment: part(secondMoments), learningRate: learningRate, betas: betas, epsilon: epsilon,
          decay: isDecayed ? share : 0, step: stepCount)
      }
    }
  }
}
