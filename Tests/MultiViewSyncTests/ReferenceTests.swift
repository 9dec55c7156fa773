import Compute
import Layers
import TestSupport
import Testing
import Training

@testable import MultiViewSync

/// Replays reference files on every device: what `contrapposto verify` does.
@Suite struct ReferenceTests {
  static let files = ["sync_pretext_train", "sync_pretext_eval", "sync_pose_train", "sync_metrics"]

  private static let replay = ReferenceReplay { try MultiViewSyncVerification($0, $1, on: $2) }

  @Test(arguments: Devices.underTest, files)
  func everyTensorHolds(_ test: TestDevice, name: String) throws {
    #expect(try Self.replay.failures(name, on: test) == [])
  }

  @Test(arguments: files) func theReferenceDoesNotLeakIntoTheResult(_ name: String) throws {
    #expect(try Self.replay.leaks(name) == [])
  }

  @Test(arguments: [
    ("sync_pretext_train", ["output/layer2", "grad/backbone.layer3.0.conv1.weight", "loss/sync_pos"]),
    ("sync_pose_train", ["output/pa_mpjpe", "grad/head_pose.bias"]), ("sync_metrics", ["output/n_scale"]),
  ])
  func aChangedReferenceFails(_ name: String, changed: [String]) throws {
    #expect(try Self.replay.failures(name, changing: changed) == Set(changed))
  }

  /// The optimiser alone, fed the file's gradients: every element whose gradient is no rounding agrees within 1e-6.
  @Test(arguments: Devices.underTest, ["sync_pretext_train", "sync_pose_train"])
  func theOptimizerAloneAgrees(_ test: TestDevice, name: String) throws {
    let file = try ReferenceReplay.read(name)
    let configuration = try MultiViewSyncConfiguration(file)
    let reference = ReferenceFile(file, test.elementType, on: test.device)
    let parameters =
      switch configuration.task {
      case .pretext: try PretextNetwork(configuration.architecture, test.elementType, on: test.device).parameters
      case .pose:
        try PoseNetwork(
          configuration.architecture, frozenStages: configuration.frozenStages, test.elementType, on: test.device
        ).parameters
      }
    try reference.loadParameters(into: parameters)
    let trained = parameters.declarations.filter { $0.role == .trainable }
    for item in trained {
      let gradient = try file.tensor("grad/\(item.name)")
      parameters.slot(item.name).store(
        Tensor(gradient.doubles(), gradient.shape, test.elementType, on: test.device).view, on: test.device)
    }
    _ = try NetworkReplay(reference: reference, configuration: configuration, trains: true).update(parameters)
    for item in trained {
      let gradient = try file.tensor("grad/\(item.name)").doubles()
      let after = try file.tensor("after/\(item.name)").doubles()
      let computed = try test.device.downloadDoubles(parameters.view(item.name))
      let wrong = gradient.indices.filter { abs(gradient[$0]) > 1e-7 && !(abs(computed[$0] - after[$0]) <= 1e-6) }
      #expect(wrong.isEmpty, "\(item.name)")
    }
  }
}
