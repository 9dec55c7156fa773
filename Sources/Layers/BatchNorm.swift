/// Batch normalisation per channel, with the ReLU and the residual sum that follow it in the same kernel.
///
///     y = relu((z - mean) / sqrt(variance + epsilon) * gain + bias) + residual, or
///     y = relu((z - mean) / sqrt(variance + epsilon) * gain + bias + residual)
///
/// Ioffe and Szegedy, "Batch normalization", 2015, as PyTorch computes it: biased variance in the formula, unbiased
/// in the running statistics, which move by `momentum`.
///
/// A row may stand for several equal rows (`multiplicity`): it then counts that often in the statistics. Its
/// gradient is the sum of the gradients of the rows that it stands for.
///
/// With frozen parameters it uses its running statistics in training too, and keeps them.
public struct BatchNorm: Sendable {
  /// Where the ReLU stands.
  public enum ReLUPlace: Sendable, Hashable { case none, beforeSum, afterSum }

  public let name: String
  public let channels: Int
  public let relu: ReLUPlace
  public let epsilon = 1e-5
  public let momentum = 0.1

  public init(_ name: String, _ channels: Int, relu: ReLUPlace = .beforeSum) {
    self.name = name
    self.channels = channels
    self.relu = relu
  }

  public var declarations: [ParameterDeclaration] { declarations(.trainable) }
  public var counter: String { "\(name).num_batches_tracked" }

  /// - Parameter role: `.frozen`, or `.inert` for a layer that checkpoints carry but nobody applies.
  public func declarations(_ role: ParameterRole) -> [ParameterDeclaration] {
    let statistics = role == .trainable ? ParameterRole.state : role
    return [
      ParameterDeclaration("\(name).weight", [channels], role),
      ParameterDeclaration("\(name).bias", [channels], role),
      ParameterDeclaration("\(name).running_mean", [channels], statistics),
      ParameterDeclaration("\(name).running_var", [channels], statistics),
    ]
  }

  /// Whether a pass normalises by the batch's own statistics.
  func usesBatchStatistics(_ pass: ForwardPass) -> Bool {
    pass.isTraining && pass.parameters.isTrainable("\(name).weight")
  }

  /// - Parameters:
  ///   - z: `[batch, rows, channels]`, or `[rows, channels]` with each row counting once.
  ///   - multiplicity: how many equal rows each row stands for; nil: one each.
  ///   - residual: z's shape.
  public func callAsFunction(
    _ z: Tensor, _ pass: ForwardPass, multiplicity: RowMultiplicity? = nil, residual: Tensor? = nil
  ) -> Tensor {
    let gain = pass.parameter("\(name).weight")
    let bias = pass.parameter("\(name).bias")
    let shape = z.shape
    if shape.count == 2 {
      precondition(
        multiplicity == nil && residual == nil, "BatchNorm: a multiplicity or residual needs [batch, rows, channels]")
      return callAsFunction(z.reshaped([1] + shape), pass).reshaped(shape)
    }
    let mean = pass.parameters.view("\(name).running_mean")
    let variance = pass.parameters.view("\(name).running_var")
    guard usesBatchStatistics(pass) else {
      return withRunningStatistics(z, gain, bias, mean: mean, variance: variance, residual: residual)
    }
    let count = Double(shape[0]) * (multiplicity?.total ?? Double(shape[1]))
    precondition(count > 1, "BatchNorm: training needs more than one row, got \(count); use a batch of two or more")
    let result = batchNorm(
      z, gain: gain, bias: bias, multiplicity: multiplicity, residual: residual, epsilon: epsilon, relu: relu)
    if pass.updatesStatistics {
      let rate = momentum
      z.device.map(
        runningUpdate, [mean, variance, result.mean, result.variance], scalars: [rate, count / (count - 1)],
        into: [mean, variance])
      pass.parameters.counters[counter, default: 0] += 1
    }
    return result.output
  }

  private func withRunningStatistics(
    _ z: Tensor, _ gain: Tensor, _ bias: Tensor, mean: TensorView, variance: TensorView, residual: Tensor?
  ) -> Tensor {
    let inputs =
      [z, gain, bias, Tensor(mean, on: z.device), Tensor(variance, on: z.device)] + (residual.map { [$0] } ?? [])
    return fused("batchNorm.frozen", inputs, scalars: [epsilon]) { x, s in
      relu.applied(to: (x[0] - x[3]) / sqrt(x[4] + s[0]) * x[1] + x[2], residual: residual == nil ? nil : x[5])
    }
  }
}

extension BatchNorm.ReLUPlace {
  /// What follows the normalised value.
  func applied(to y: ScalarExpression, residual: ScalarExpression?) -> ScalarExpression {
    guard let residual else { return self == .none ? y : relu(y) }
    return switch self {
    case .none: y + residual
    case .beforeSum: relu(y) + residual
    case .afterSum: relu(y + residual)
    }
  }
}

/// How many equal rows each row of a batch element stands for.
public struct RowMultiplicity: Sendable {
  /// `[rows]`, of the activations' type.
  public let weights: TensorView
  public let total: Double

  public init(_ counts: [Double], _ elementType: ElementType, on device: any Device) {
    weights = device.allocate(elementType, [counts.count])
    device.upload(counts, to: weights)
    total = counts.reduce(0, +)
  }
}

private let runningUpdate = ElementwiseProgram("batchNorm.running", inputs: 4, scalars: 2) { x, s in
  [(1 - s[0]) * x[0] + s[0] * x[2], (1 - s[0]) * x[1] + s[0] * (s[1] * x[3])]
}
