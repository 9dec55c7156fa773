import Layers
import Optimizers
import Training

/// One update of a pose network: forward, loss, backward, optimiser. Frozen stages run in their inference form.
public final class PoseTrainer {
  public let network: PoseNetwork
  public let optimizer: AdamW
  /// Called between backward and optimiser with the flat gradient: an all-reduce goes here.
  public var combineGradients: ((TensorView) throws -> Void)?

  public init(_ network: PoseNetwork, decay: WeightDecay = WeightDecay()) {
    self.network = network
    optimizer = AdamW(network.parameters, decay: decay)
  }

  /// - Parameters:
  ///   - pictures: `[batch, height, width, 3]`, normalised.
  ///   - target: `[batch, 48]`, standardised.
  ///   - initialRate: the learning rate of the schedule's first step.
  /// - Returns: the mean squared error.
  public func step(
    _ pictures: Tensor, target: Tensor, learningRate: Double, initialRate: Double, times: inout StepTimes?
  ) throws -> Double {
    let device = network.parameters.device
    let tape = Tape()
    let pass = ForwardPass(network.parameters, isTraining: true, tape: tape)
    let loss = try times.timing(\.forward, on: device) { poseLoss(network(pictures, pass), target) }
    try times.timing(\.backward, on: device) { tape.backward(from: [loss]) }
    try times.timing(\.optimizer, on: device) {
      try network.parameters.update(with: combineGradients) {
        optimizer.step(learningRate: learningRate, initialRate: initialRate)
      }
    }
    return try loss.doubles()[0]
  }
}
