import TestSupport
import Testing

@testable import MAPConNet

/// Replays reference files on every device: what `contrapposto verify` does.
@Suite struct ReferenceTests {
  static let files = ["mapconnet_supervised", "mapconnet_unsupervised", "corenet_supervised"]

  private static let replay = ReferenceReplay { try MAPConNetVerification($0, $1, on: $2) }

  /// With and without linear maps folded into one another: both are the same network.
  @Test(arguments: Devices.underTest, files)
  func everyTensorHolds(_ test: TestDevice, name: String) throws {
    let unfolded = ReferenceReplay { try MAPConNetVerification($0, folds: false, $1, on: $2) }
    for replay in [Self.replay, unfolded] { #expect(try replay.failures(name, on: test) == []) }
  }

  @Test(arguments: files) func theReferenceDoesNotLeakIntoTheResult(_ name: String) throws {
    #expect(try Self.replay.leaks(name) == [])
  }

  @Test func aChangedReferenceFails() throws {
    let changed = ["output/final", "grad/net.netG.fc.weight", "loss/rec_loss", "metric/pmd"]
    #expect(try Self.replay.failures("mapconnet_supervised", changing: changed) == Set(changed))
  }
}
