import Compute
import Foundation

/// How one stage of training runs: the part of a configuration that every model shares.
public struct StageSettings: Codable, Sendable, Equatable {
  public var epochs: Int
  public var stepsPerEpoch: Int
  public var batch: Int
  public var learningRate: Double
  /// How the learning rate falls after `decayEpoch` completed epochs.
  public var decay: LearningRateDecay
  public var decayEpoch: Int
  /// What a step decay multiplies the learning rate by; the part of it that a cosine ends at.
  public var decayFactor: Double
  /// Evaluation runs after every so many epochs and after the last one.
  public var evaluateEvery: Int

  public init(
    epochs: Int, stepsPerEpoch: Int, batch: Int, learningRate: Double = 1e-3,
    decay: LearningRateDecay = .step, decayEpoch: Int, decayFactor: Double = 0.1, evaluateEvery: Int = 1
  ) {
    self.epochs = epochs
    self.stepsPerEpoch = stepsPerEpoch
    self.batch = batch
    self.learningRate = learningRate
    self.decay = decay
    self.decayEpoch = decayEpoch
    self.decayFactor = decayFactor
    self.evaluateEvery = evaluateEvery
  }

  /// The learning rate of the epoch after so many completed ones, or of its first step where it falls with every step.
  public func learningRate(completedEpochs: Int) -> Double {
    learningRate(completedSteps: completedEpochs * stepsPerEpoch)
  }

  /// The learning rate of the step after so many completed ones.
  public func learningRate(completedSteps: Int) -> Double {
    let completedEpochs = completedSteps / stepsPerEpoch
    switch decay {
    case .step: return completedEpochs >= decayEpoch ? learningRate * decayFactor : learningRate
    case .linear:
      let past = max(0, completedEpochs - decayEpoch)
      return learningRate * (1 - Double(past) / Double(max(epochs - decayEpoch, past + 1)))
    case .cosine:
      let share = min(Double(completedSteps) / Double(max(epochs * stepsPerEpoch, 1)), 1)
      return learningRate * ((1 - decayFactor) * (1 + cos(.pi * share)) / 2 + decayFactor)
    }
  }

  /// Checks the ranges. Throws `.configuration` that names the setting, found under `section`.
  public func validate(section: String) throws {
    for (name, value, least) in [
      ("epochs", epochs, 0), ("stepsPerEpoch", stepsPerEpoch, 1), ("batch", batch, 1), ("decayEpoch", decayEpoch, 0),
      ("evaluateEvery", evaluateEvery, 1),
    ] where value < least {
      throw ComputeError(
        .configuration, what: "\(section).\(name) is \(value)", why: "it counts something and cannot be below \(least)",
        mend: "set it to \(least) or more")
    }
    for (name, value) in [("learningRate", learningRate), ("decayFactor", decayFactor)]
    where !(value > 0 && value.isFinite) {
      throw ComputeError(
        .configuration, what: "\(section).\(name) is \(value)", why: "it scales every update of the parameters",
        mend: "set it to a positive number")
    }
  }
}

/// How a learning rate falls.
public enum LearningRateDecay: String, Codable, Sendable, CaseIterable {
  /// Once, by `decayFactor`: with `decayEpoch` 12, epochs 1 to 12 run at the initial rate, the 13th at the lower one.
  case step
  /// By the same amount per epoch, towards 0 at the end: with `decayEpoch` 100 of 200, epochs 1 to 101 run at the initial
  /// rate, epoch 102 at 99 % of it and the last one at 1 %.
  case linear
  /// Along half a cosine from the first step to `decayFactor` after the last one, step by step; `decayEpoch` is not used.
  case cosine
}
