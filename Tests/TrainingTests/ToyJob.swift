import Compute
import FileFormats

@testable import Training

/// Fits a line to noisy points: everything random is a function of the seed and the position.
final class ToyJob: TrainingJob {
  let lossNames = ["square", "total"]
  let metricNames = ["error"]
  var weights = [0.5, -0.25]
  var velocity = [0.0, 0.0]
  /// Steps whose loss is not a number.
  var divergesAt: Int?
  /// A batch that cannot be made.
  var failingBatch: Int?
  private(set) var stepsRun = 0

  struct BatchError: Error {}

  func batches(ofStage stage: Int) -> @Sendable (Int) throws -> [SIMD2<Double>] {
    { [failingBatch] step in
      if step == failingBatch { throw BatchError() }
      return (0..<4).map { index in
        let word = RandomKey(seed: 7, offset: UInt64(stage)).words(block: UInt64(4 * step + index))
        let x = Double(word.x) * 0x1p-32
        return SIMD2(x, 3 * x + 1 + 0.1 * Double(word.y) * 0x1p-32)
      }
    }
  }

  func begin(stage: Int) { velocity = [0, 0] }

  func step(_ batch: [SIMD2<Double>], _ context: StepContext) -> [String: Double] {
    stepsRun += 1
    var loss = 0.0
    for point in batch {
      let error = weights[0] * point.x + weights[1] - point.y
      loss += error * error
      velocity[0] = 0.9 * velocity[0] - context.learningRate * error * point.x
      velocity[1] = 0.9 * velocity[1] - context.learningRate * error
    }
    weights[0] += velocity[0]
    weights[1] += velocity[1]
    return ["square": loss / 4, "total": context.position.step == divergesAt ? .nan : loss]
  }

  func evaluate(stage: Int) -> [String: Double] { ["error": abs(weights[0] - 3) + abs(weights[1] - 1)] }

  func snapshot() -> Checkpoint {
    Checkpoint(
      metadata: ["model": "toy"],
      tensors: [
        "optimizer/velocity": HostTensor(velocity, shape: [2]), "weights": HostTensor(weights, shape: [2]),
      ])
  }

  func restore(_ checkpoint: Checkpoint) throws {
    weights = try checkpoint.tensor("weights").doubles()
    velocity = try checkpoint.tensor("optimizer/velocity").doubles()
  }
}
