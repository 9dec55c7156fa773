import Compute
import FileFormats
import Foundation
import TestSupport
import Testing
import Training

@testable import MAPConNet

/// Replays reference files on every device: what `contrapposto verify` does.
@Suite struct ReferenceTests {
  static let files = ["mapconnet_supervised", "mapconnet_unsupervised", "corenet_supervised"]

  private static func read(_ name: String) throws -> Safetensors {
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures")
    return try Safetensors(contentsOf: fixtures.appending(path: "\(name).safetensors"))
  }

  /// With and without linear maps folded into one another: both are the same network.
  @Test(arguments: Devices.underTest, files)
  func everyTensorHolds(_ test: TestDevice, name: String) throws {
    for folds in [true, false] {
      let verification = try MAPConNetVerification(
        Self.read(name), folds: folds, test.elementType, on: test.device)
      let rows = try verification.compare(verification.compute())
      #expect(!rows.isEmpty)
      for row in rows where !row.holds {
        Issue.record("\(name), \(row.name): error \(row.error), tolerance \(row.tolerance) \(row.note ?? "")")
      }
    }
  }

  /// What is computed may depend on inputs, parameters and metadata only.
  @Test(arguments: files)
  func theReferenceDoesNotLeakIntoTheResult(_ name: String) throws {
    let device = Devices.each[0].device
    let file = try Self.read(name)
    var bare = file
    for (key, _) in file.tensors where !key.hasPrefix("input/") && !key.hasPrefix("param/") { bare.tensors[key] = nil }
    let computed = try MAPConNetVerification(file, .float32, on: device).compute()
    #expect(try MAPConNetVerification(bare, .float32, on: device).compute() == computed)
    // The result covers everything that the file holds beside its inputs.
    let missing = file.tensors.keys.filter { !$0.hasPrefix("input/") && !$0.hasPrefix("param/") && computed[$0] == nil }
    #expect(missing.isEmpty)
  }

  /// A wrong reference is noticed: the comparison can fail.
  @Test func aChangedReferenceFails() throws {
    var file = try Self.read("mapconnet_supervised")
    let changed = ["output/final", "grad/net.netG.fc.weight", "loss/rec_loss", "metric/pmd"]
    for key in changed {
      let tensor = try file.tensor(key)
      file.tensors[key] = HostTensor(tensor.floats().map { $0 * 1.01 }, shape: tensor.shape)
    }
    let verification = try MAPConNetVerification(file, .float32, on: Devices.each[0].device)
    let failed = Set(try verification.compare(verification.compute()).filter { !$0.holds }.map(\.name))
    #expect(failed == Set(changed))
  }
}
