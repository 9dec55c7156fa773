import Foundation
import Layers
import TestSupport
import Testing

@testable import MultiViewSync

@Suite struct LossTests {
  private func terms(
    _ test: TestDevice, sync: [Double], noflip: [Double], loss: PretextLoss = PretextLoss()
  ) throws -> [String: Double] {
    let targets = PretextTargets(tuples: sync.count / 3, test.elementType, on: test.device)
    func tensor(_ values: [Double]) -> Tensor { Tensor(values, [values.count], test.elementType, on: test.device) }
    let terms = loss(PretextNetwork.Logits(sync: tensor(sync), noflip: tensor(noflip)), targets)
    return Dictionary(uniqueKeysWithValues: try terms.map { ($0.name, try $0.tensor.doubles()[0]) })
  }

  /// Each term looks at its own pairs; certain answers cost what a sigmoid's logarithm would, without overflow.
  @Test(arguments: Devices.underTest)
  func termsAreMeansOverTuples(_ test: TestDevice) throws {
    let sync = [0.5, -1, 2, 12, 9, 9]
    let noflip = [-0.25, 1, 7, 7, -9, 90]
    let found = try terms(test, sync: sync, noflip: noflip, loss: PretextLoss(sync: 2, flip: 0.5))
    func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
    let expected = [
      "sync_pos": 2 * (softplus(-0.5) + softplus(1)) / 2, "sync_neg": 2 * (softplus(2) + softplus(12)) / 2,
      "noflip_pos": 0.5 * (softplus(0.25) + softplus(-1)) / 2,
      "noflip_neg": 0.5 * (softplus(-9) + softplus(90)) / 2,
    ]
    for (name, value) in expected {
      #expect(abs(try #require(found[name]) - value) <= 1e-5 * value, "\(name)")
    }
    // Very small terms keep their digits.
    let small = try terms(test, sync: [9, -9, 0], noflip: [30, 0, -20])
    for (name, value) in [("sync_pos", 9.0), ("sync_neg", 9), ("noflip_pos", 30), ("noflip_neg", 20)] {
      let exact = log1p(exp(-value))
      #expect(abs(try #require(small[name]) - exact) <= 1e-5 * exact, "\(name)")
    }
  }

  @Test(arguments: Devices.underTest)
  func chanceIsFourLogTwo(_ test: TestDevice) throws {
    let zeros = [Double](repeating: 0, count: 9)
    let total = try terms(test, sync: zeros, noflip: zeros).values.reduce(0, +)
    #expect(abs(total - 4 * log(2)) < 1e-6)
  }

  /// The gradient of a logit is sigmoid minus label over the tuples, also at 0, and 0 where a pair does not count.
  @Test(arguments: Devices.underTest)
  func gradients(_ test: TestDevice) throws {
    let tape = Tape()
    let slots = (0..<2).map { _ in GradientSlot() }
    let values = [[0, 3, -2, 0, 5, 5], [-9, 0, 4, 4, 1, 0.5]]
    let logits = zip(values, slots).map {
      tape.variable(Tensor($0, [6], test.elementType, on: test.device), gradient: $1)
    }
    let targets = PretextTargets(tuples: 2, test.elementType, on: test.device)
    let terms = PretextLoss()(PretextNetwork.Logits(sync: logits[0], noflip: logits[1]), targets)
    tape.backward(from: terms.map(\.tensor))
    for (k, (label, mask)) in [
      (targets.syncLabel, targets.syncMask), (targets.noflipLabel, targets.noflipMask),
    ].enumerated() {
      let expected = (0..<6).map { mask[$0] * (1 / (1 + exp(-values[k][$0])) - label[$0]) / 2 }
      let found = try test.device.downloadDoubles(#require(slots[k].gradient))
      #expect(mismatch(found, expected, relative: 1e-5, absolute: 1e-7) == nil)
    }
  }

  @Test func accuraciesCountWhatCounts() {
    let targets = PretextTargets(tuples: 2, .float32, on: Devices.each[0].device)
    let found = targets.accuracies(sync: [1, -1, -1, -1, 9, 9], noflip: [1, 1, -9, -9, -1, 0])
    #expect(found.sync == 0.75 && found.noflip == 1)
  }
}

@Suite struct FusionTests {
  @Test(arguments: Devices.underTest)
  func formulas(_ test: TestDevice) throws {
    func tensor(_ values: [Double]) -> Tensor { Tensor(values, [1, 3], test.elementType, on: test.device) }
    let (a, b) = (tensor([1, -2, 3]), tensor([4, -5, -6]))
    #expect(try ViewFusion.mult(a, b).doubles() == [4, 10, 0])
    #expect(try ViewFusion.add(a, b).doubles() == [5, 0, 0])
    #expect(try ViewFusion.diff(a, b).doubles() == [0, 3, 9])
    #expect(try ViewFusion.concat(a, b).doubles() == [1, 0, 3, 4, 0, 0])
  }
}
