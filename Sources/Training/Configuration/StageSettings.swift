import Compute

/// How one stage of training runs: the part of a configuration that every model shares.
public struct StageSettings: Codable, Sendable, Equatable {
  public var epochs: Int
  public var stepsPerEpoch: Int
  public var batch: Int
  public var learningRate: Double
  /// The learning rate is multiplied by `decayFactor` once this many epochs are completed.
  public var decayEpoch: Int
  public var decayFactor: Double
  /// Evaluation runs after every so many epochs and after the last one.
  public var evaluateEvery: Int

  public init(
    epochs: Int, stepsPerEpoch: Int, batch: Int, learningRate: Double = 1e-3, decayEpoch: Int,
    decayFactor: Double = 0.1, evaluateEvery: Int = 1
  ) {
    self.epochs = epochs
    self.stepsPerEpoch = stepsPerEpoch
    self.batch = batch
    self.learningRate = learningRate
    self.decayEpoch = decayEpoch
    self.decayFactor = decayFactor
    self.evaluateEvery = evaluateEvery
  }

  public var schedule: StepDecay {
    StepDecay(initial: learningRate, factor: decayFactor, epoch: decayEpoch)
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

/// A learning rate that is multiplied by `factor` once the number of completed epochs reaches `epoch`.
///
/// With epoch 12, epochs 1 to 12 run at the initial rate and the 13th at `factor` times that.
public struct StepDecay: Sendable, Equatable {
  public let initial, factor: Double
  public let epoch: Int

  public init(initial: Double, factor: Double, epoch: Int) {
    self.initial = initial
    self.factor = factor
    self.epoch = epoch
  }

  public func learningRate(completedEpochs: Int) -> Double {
    completedEpochs >= epoch ? initial * factor : initial
  }
}
