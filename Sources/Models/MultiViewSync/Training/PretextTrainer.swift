import Layers
import Optimizers
import Training

/// One update of a pretext network: forward, losses, backward, optimiser.
public final class PretextTrainer {
  public let network: PretextNetwork
  public let optimizer: AdamW
  private let loss: PretextLoss
  /// Called between backward and optimiser with the flat gradient: an all-reduce goes here.
  public var combineGradients: ((TensorView) throws -> Void)?

  public init(_ network: PretextNetwork, loss: PretextLoss = PretextLoss(), decay: WeightDecay = WeightDecay()) {
    self.network = network
    self.loss = loss
    optimizer = AdamW(network.parameters, decay: decay)
  }

  /// - Parameters:
  ///   - pictures: `[batch, height, width, 3]`, normalised; all go through the backbone at once.
  ///   - pairs, targets: which pictures are compared, and what should come out.
  ///   - initialRate: the learning rate of the schedule's first step.
  /// - Returns: the weighted loss terms by name.
  public func step(
    _ pictures: Tensor, _ pairs: PicturePairs, _ targets: PretextTargets, learningRate: Double, initialRate: Double,
    times: inout StepTimes?
  ) throws -> [(name: String, value: Double)] {
    let device = network.parameters.device
    let tape = Tape()
    let pass = ForwardPass(network.parameters, isTraining: true, tape: tape)
    let terms = try times.timing(\.forward, on: device) {
      loss(network.logits(network.features(pictures, pass), pairs, pass), targets)
    }
    try times.timing(\.backward, on: device) { tape.backward(from: terms.map(\.tensor)) }
    try times.timing(\.optimizer, on: device) {
      try network.parameters.update(with: combineGradients) {
        optimizer.step(learningRate: learningRate, initialRate: initialRate)
      }
    }
    return try terms.map { ($0.name, try $0.tensor.doubles()[0]) }
  }
}

extension ParameterStore {
  /// Lets an optimiser use the gathered gradients, after `combine` where there is one, and forgets them.
  func update(with combine: ((TensorView) throws -> Void)?, _ step: () -> Void) throws {
    defer { clearGradients() }
    if let combine {
      zeroMissingGradients()
      try combine(gradients)
    }
    step()
  }
}
