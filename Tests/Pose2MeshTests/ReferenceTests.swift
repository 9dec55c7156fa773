import Compute
import TestSupport
import Testing

@testable import Pose2Mesh

/// Replays reference files on every device: what `contrapposto verify` does.
@Suite struct ReferenceTests {
  static let files = ["body_human36_train", "hand_mano_eval", "coarsen_162"]

  private static let replay = ReferenceReplay { try Pose2MeshVerification($0, $1, on: $2) }

  @Test(arguments: Devices.underTest, files)
  func everyTensorHolds(_ test: TestDevice, name: String) throws {
    #expect(try Self.replay.failures(name, on: test) == [])
  }

  @Test(arguments: files) func theReferenceDoesNotLeakIntoTheResult(_ name: String) throws {
    #expect(try Self.replay.leaks(name) == [])
  }

  @Test func aChangedReferenceFails() throws {
    let changed = ["output/mesh", "grad/pose2mesh.cl.0.weight", "loss/edge", "after/pose_lifter.w2.weight"]
    #expect(try Self.replay.failures("body_human36_train", changing: changed) == Set(changed))
  }

  @Test func aMissingInputSaysWhichOne() throws {
    var file = try ReferenceReplay.read("body_human36_train")
    file.tensors["input/dropout_mask_2"] = nil
    let verification = try Pose2MeshVerification(file, .float32, on: Devices.each[0].device)
    let error = #expect(throws: ComputeError.self) { try verification.compute() }
    #expect(error?.what.contains("input/dropout_mask_2") == true)
  }
}
