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
  private let seed: UInt64
  /// Called between backward and optimiser with the flat gradient: an all-reduce goes here.
  public var combineGradients: ((TensorView) throws -> Void)?

  /// - Parameter seed: the random draws of a step follow from it and the step's number.
  public init(_ network: MAPConNetNetwork, loss: MAPConNetLossSettings, seed: UInt64 = 0) {
    self.network = network
    self.seed = seed
    passes = MAPConNetPasses(network, loss: loss)
    // As published: no momentum, and an epsilon that matters.
    optimizer = Adam(network.parameters, betas: (0, 0.9), epsilon: 1e-3)
  }

  /// - Parameter number: of the step, counted from 0 over the whole training.
  /// - Returns: the weighted loss terms by name.
  public func step(
    _ batch: MAPConNetBatch, _ mode: MAPConNetMode, number: Int = 0, learningRate: Double, times: inout StepTimes?
  ) throws -> [(name: String, value: Double)] {
    let device = network.parameters.device
    let tape = Tape()
    // A step draws three times at most, once for each of its transfers.
    let random = RandomStream(seed: seed, offset: UInt64(4 * number))
    let pass = ForwardPass(network.parameters, isTraining: true, tape: tape, random: random)
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
