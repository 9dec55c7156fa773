import Compute
import Foundation
import MAPConNet
import Training

/// The network of a MAPConNet run, without the data that it was trained on.
struct TrainedTransfer {
  let settings: MAPConNetSettings
  private let checkpoint: Checkpoint

  /// - Throws: `ComputeError` `.noInput` when the folder holds no checkpoint, `.configuration` when it is another model's.
  init(_ folder: RunFolder) throws {
    checkpoint = try Checkpoint(path: folder.bestCheckpoint())
    let model = checkpoint.metadata["model"] ?? "none"
    guard MAPConNetSettings.Model.Kind(rawValue: model) != nil else {
      throw ComputeError(
        .configuration, what: "\(folder.path): its checkpoint is of the model '\(model)'",
        why: "poses are transferred by MAPConNet and 3D-CoreNet", mend: "give a run of `contrapposto train mapconnet`")
    }
    settings = try MAPConNetOptions.load(folder)
  }

  /// The network for a pair of meshes of these sizes, and a line for the log where these change how it works.
  ///
  /// - Throws: `ComputeError` `.configuration` when the checkpoint does not fit the settings.
  func network(
    identityPoints: Int, posePoints: Int, on device: any Device
  ) throws -> (network: MAPConNetNetwork, notice: String?) {
    let asTrained = settings.architecture
    let fitting = asTrained.fitting(identityPoints: identityPoints, posePoints: posePoints)
    let network = try MAPConNetNetwork(fitting, on: device)
    try checkpoint.load(into: network.parameters, identity: settings.identity)
    guard fitting != asTrained else { return (network, nil) }
    let size = asTrained.kernelByteCount(identityPoints: identityPoints, posePoints: posePoints)
    let notice = String(
      format: "the matching of %d x %d points would take %.1f GiB: it is computed anew in every pass, which is slower",
      identityPoints, posePoints, Double(size) / Double(1 << 30))
    return (network, notice)
  }
}
