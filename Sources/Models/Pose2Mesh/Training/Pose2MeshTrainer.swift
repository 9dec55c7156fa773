import Foundation
import Geometry
import Layers
import Optimizers
import Training

/// One update of a Pose2Mesh network: forward, losses, backward, optimiser.
public final class Pose2MeshTrainer {
  public let network: Pose2MeshNetwork
  public let loss: Pose2MeshLoss
  public private(set) var optimizer: RMSprop
  /// Where dropout masks come from; the position belongs into a training checkpoint.
  public let random: RandomStream
  /// Called between backward and optimiser with the flat gradient: an all-reduce goes here.
  public var combineGradients: ((TensorView) throws -> Void)?

  public init(_ network: Pose2MeshNetwork, _ loss: Pose2MeshLoss, seed: UInt64) {
    self.network = network
    self.loss = loss
    optimizer = RMSprop(network.parameters)
    random = RandomStream(seed: seed)
  }

  /// Starts the optimiser afresh, as a new stage does.
  public func resetOptimizer() { optimizer = RMSprop(network.parameters) }

  /// Stage 1: PoseNet alone, on the mean absolute error in millimetres.
  ///
  /// - Returns: that error.
  public func liftStep(_ pose2D: Tensor, lift: Tensor, valid: Tensor, learningRate: Double) throws -> Double {
    let tape = Tape()
    let pass = ForwardPass(network.parameters, isTraining: true, tape: tape, random: random)
    let value = Pose2MeshLoss.lift(network.poseNet(pose2D, pass), lift, valid: valid)
    tape.backward(from: [value])
    try update(learningRate)
    return try value.doubles()[0]
  }

  /// Stage 2: PoseNet and MeshNet together.
  ///
  /// - Returns: the weighted loss terms by name.
  public func cascadeStep(
    _ pose2D: Tensor, _ targets: Pose2MeshTargets, weights: Pose2MeshLossWeights, learningRate: Double,
    times: inout StepTimes?
  ) throws -> [(name: String, value: Double)] {
    let device = network.parameters.device
    let tape = Tape()
    let pass = ForwardPass(network.parameters, isTraining: true, tape: tape, random: random)
    let terms = try times.timing(\.forward, on: device) { loss(network(pose2D, pass), targets, weights: weights) }
    try times.timing(\.backward, on: device) { tape.backward(from: terms.all) }
    try times.timing(\.optimizer, on: device) { try update(learningRate) }
    return try terms.values()
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
