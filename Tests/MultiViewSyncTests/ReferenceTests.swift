import Compute
import FileFormats
import Foundation
import Layers
import TestSupport
import Testing
import Training

@testable import MultiViewSync

/// Replays reference files on every device: what `contrapposto verify` does.
@Suite struct ReferenceTests {
  static let files = ["sync_pretext_train", "sync_pretext_eval", "sync_pose_train", "sync_metrics"]

  private static func read(_ name: String) throws -> Safetensors {
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures")
    return try Safetensors(contentsOf: fixtures.appending(path: "\(name).safetensors"))
  }

  @Test(arguments: Devices.underTest, files)
  func everyTensorHolds(_ test: TestDevice, name: String) throws {
    let verification = try MultiViewSyncVerification(Self.read(name), test.elementType, on: test.device)
    let rows = try verification.compare(verification.compute())
    #expect(!rows.isEmpty)
    for row in rows where !row.holds {
      Issue.record("\(name), \(row.name): error \(row.error), tolerance \(row.tolerance) \(row.note ?? "")")
    }
  }

  /// What is computed may depend on inputs, parameters and metadata only.
  @Test(arguments: files)
  func theReferenceDoesNotLeakIntoTheResult(_ name: String) throws {
    let device = Devices.each[0].device
    let file = try Self.read(name)
    var bare = file
    for (key, _) in file.tensors where !key.hasPrefix("input/") && !key.hasPrefix("param/") { bare.tensors[key] = nil }
    let computed = try MultiViewSyncVerification(file, .float32, on: device).compute()
    #expect(try MultiViewSyncVerification(bare, .float32, on: device).compute() == computed)
    // The result covers everything that the file holds beside its inputs.
    let missing = file.tensors.keys.filter { !$0.hasPrefix("input/") && !$0.hasPrefix("param/") && computed[$0] == nil }
    #expect(missing.isEmpty)
  }

  /// A wrong reference is noticed: the comparison can fail.
  @Test(arguments: [
    ("sync_pretext_train", ["output/layer2", "grad/backbone.layer3.0.conv1.weight", "loss/sync_pos"]),
    ("sync_pose_train", ["output/pa_mpjpe", "grad/head_pose.bias"]), ("sync_metrics", ["output/n_scale"]),
  ])
  func aChangedReferenceFails(_ name: String, changed: [String]) throws {
    var file = try Self.read(name)
    for key in changed {
      let tensor = try file.tensor(key)
      file.tensors[key] = HostTensor(tensor.floats().map { $0 * 1.01 }, shape: tensor.shape)
    }
    let verification = try MultiViewSyncVerification(file, .float32, on: Devices.each[0].device)
    let failed = Set(try verification.compare(verification.compute()).filter { !$0.holds }.map(\.name))
    #expect(failed == Set(changed))
  }

  /// The optimiser alone, fed the file's gradients: every element whose gradient is no rounding agrees within 1e-6.
  @Test(arguments: Devices.underTest, ["sync_pretext_train", "sync_pose_train"])
  func theOptimizerAloneAgrees(_ test: TestDevice, name: String) throws {
    let file = try Self.read(name)
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
