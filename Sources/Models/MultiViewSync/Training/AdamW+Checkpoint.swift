import FileFormats
import Layers
import Optimizers
import Training

extension AdamW {
  private static let first = CheckpointContract.statePrefix + "first_moments"
  private static let second = CheckpointContract.statePrefix + "second_moments"
  private static let count = "optimizer_steps"

  /// Adds what a resumed run needs of the optimiser.
  func store(in checkpoint: inout Checkpoint, from device: any Device) throws {
    checkpoint.tensors[Self.first] = try HostTensor(downloading: firstMoments, from: device)
    checkpoint.tensors[Self.second] = try HostTensor(downloading: secondMoments, from: device)
    checkpoint.metadata[Self.count] = String(stepCount)
  }

  /// Takes it back. Throws `.data` and `.configuration` when the checkpoint has none, or another model's.
  func restore(_ checkpoint: Checkpoint, on device: any Device) throws {
    let first = try checkpoint.tensor(Self.first, shape: firstMoments.shape)
    let second = try checkpoint.tensor(Self.second, shape: secondMoments.shape)
    guard let steps = Int(try checkpoint.metadata(Self.count)) else {
      throw ComputeError(
        .configuration, what: "\(checkpoint.source): \(Self.count) is not a number",
        why: "Adam corrects its bias by it", mend: "resume from a checkpoint that training wrote")
    }
    first.upload(to: firstMoments, on: device)
    second.upload(to: secondMoments, on: device)
    stepCount = steps
  }
}
