import Compute
import FileFormats
import Foundation
import TestSupport
import Testing
import Training

@testable import Pose2Mesh

/// Replays reference files on every device: what `contrapposto verify` does.
@Suite struct ReferenceTests {
  static let files = ["body_human36_train", "hand_mano_eval", "coarsen_162"]

  private static func read(_ name: String) throws -> Safetensors {
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures")
    return try Safetensors(contentsOf: fixtures.appending(path: "\(name).safetensors"))
  }

  @Test(arguments: Devices.underTest, files)
  func everyTensorHolds(_ test: TestDevice, name: String) throws {
    let verification = try Pose2MeshVerification(Self.read(name), test.elementType, on: test.device)
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
    var noisy = file
    var random = RandomSource(seed: 31)
    for (key, tensor) in file.tensors where !key.hasPrefix("input/") && !key.hasPrefix("param/") {
      bare.tensors[key] = nil
      let noise = (0..<tensor.data.count).map { _ in UInt8.random(in: 0...255, using: &random) }
      noisy.tensors[key] = HostTensor(tensor.type, shape: tensor.shape, data: Data(noise))
    }
    let computed = try Pose2MeshVerification(file, .float32, on: device).compute()
    #expect(try Pose2MeshVerification(bare, .float32, on: device).compute() == computed)
    #expect(try Pose2MeshVerification(noisy, .float32, on: device).compute() == computed)
    // The result covers everything that the file holds beside its inputs.
    let missing = file.tensors.keys.filter { !$0.hasPrefix("input/") && !$0.hasPrefix("param/") && computed[$0] == nil }
    #expect(missing.isEmpty)
  }

  /// A wrong reference is noticed: the comparison can fail.
  @Test func aChangedReferenceFails() throws {
    let device = Devices.each[0].device
    var file = try Self.read("body_human36_train")
    for key in ["output/mesh", "grad/pose2mesh.cl.0.weight", "loss/edge", "after/pose_lifter.w2.weight"] {
      let tensor = try file.tensor(key)
      file.tensors[key] = HostTensor(tensor.floats().map { $0 * 1.01 }, shape: tensor.shape)
    }
    let verification = try Pose2MeshVerification(file, .float32, on: device)
    let failed = Set(try verification.compare(verification.compute()).filter { !$0.holds }.map(\.name))
    #expect(
      failed == ["output/mesh", "grad/pose2mesh.cl.0.weight", "loss/edge", "after/pose_lifter.w2.weight"])
  }

  @Test func aMissingInputSaysWhichOne() throws {
    var file = try Self.read("body_human36_train")
    file.tensors["input/dropout_mask_2"] = nil
    let verification = try Pose2MeshVerification(file, .float32, on: Devices.each[0].device)
    let error = #expect(throws: ComputeError.self) { try verification.compute() }
    #expect(error?.what.contains("input/dropout_mask_2") == true)
  }
}
