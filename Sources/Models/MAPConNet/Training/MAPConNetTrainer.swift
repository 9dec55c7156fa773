import Layers
import Optimizers
import Training

/// How a training step learns.
public enum MAPConNetMode: String, Sendable, Codable, CaseIterable { case supervised, unsupervised }

/// One update of a MAPConNet network: forward passes, losses, backward, optimiser.
public final class MAPConNetTrainer {
  public let network: MAPConNetNetwork
  public let optimizer: Adam
  private let passes: MAPConNetPasses
  /// Called between backward and optimiser with the flat gradient: an all-reduce goes here.
  public var combineGradients: ((TensorView) throws -> Void)?

  public init(_ network: MAPConNetNetwork, weights: MAPConNetLossWeights) {
    self.network = network
    passes = MAPConNetPasses(network, weights: weights)
    // As published: no momentum, and an epsilon that matters.
    optimizer = Adam(network.parameters, betas: (0, 0.9), epsilon: 1e-3)
  }

  /// - Returns: the weighted loss terms by name.
  public func step(
    _ batch: MAPConNetBatch, _ mode: MAPConNetMode, learningRate: Double, times: inout StepTimes?
  ) throws -> [(name: String, value: Double)] {
    let device = network.parameters.device
    let tape = Tape()
    let pass = ForwardPass(network.parameters, isTraining: true, tape: tape)
    let losses = try times.timing(\.forward, on: device) {
      switch mode {
      case .supervised: try passes.supervised(batch, pass).losses
      case .unsupervised: try passes.unsupervised(batch, pass).losses
      }
    }
    try times.timing(\.backward, on: device) { tape.backward(from: losses.map(\.tensor)) }
    try times.timing(\.optimizer, on: device) { try update(learningRate) }
    return try losses.map { ($0.name, try $0.tensor.doubles()[0]) }
  }

  private func update(_ learningRate: Double) throws {
    defer { network.parameters.clearGradients() }
    if let combineGradients {
      network.parameters.zeroMissingGradients()
      try combineGradients(network.parameters.gradients)
    }
    optimizer.step(learningRate: learningRate)
  }
}
