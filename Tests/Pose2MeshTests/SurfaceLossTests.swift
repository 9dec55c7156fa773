import Foundation
import Layers
import TestSupport
import Testing

@testable import Pose2Mesh

@Suite struct SurfaceLossTests {
  private let faces: [SIMD3<Int32>] = [SIMD3(0, 1, 2), SIMD3(0, 3, 1), SIMD3(1, 3, 2), SIMD3(2, 3, 0)]

  @Test(arguments: Devices.underTest.filter { $0.elementType == .float64 })
  func gradient(_ test: TestDevice) throws {
    var random = RandomSource(seed: 21)
    let loss = SurfaceLoss(faces: faces, vertexCount: 4, .float64, on: test.device)
    let target = Tensor(random.signed(24), [2, 4, 3], .float64, on: test.device)
    let start = random.signed(24)
    func evaluate(_ values: [Double], _ tape: Tape?, _ slot: GradientSlot) -> Tensor {
      let plain = Tensor(values, [2, 4, 3], .float64, on: test.device)
      return loss(tape?.variable(plain, gradient: slot) ?? plain, target: target, normalWeight: 0.3, edgeWeight: 2)
    }
    let tape = Tape()
    let slot = GradientSlot()
    tape.backward(from: [evaluate(start, tape, slot)])
    let gradient = try test.device.downloadDoubles(#require(slot.gradient))
    try gradientCheck(at: [start], gradient: [gradient]) { values in
      try evaluate(values[0], nil, slot).doubles().reduce(0, +)
    }
  }

  /// A flat triangle against one turned by 30 degrees about its edge ab, and twice as large.
  @Test(arguments: Devices.underTest)
  func knownTriangle(_ test: TestDevice) throws {
    let loss = SurfaceLoss(faces: [SIMD3(0, 1, 2)], vertexCount: 3, test.elementType, on: test.device)
    let target = Tensor([0.0, 0, 0, 1, 0, 0, 0, 1, 0], [1, 3, 3], test.elementType, on: test.device)
    let angle = Double.pi / 6
    let turned = Tensor(
      [0.0, 0, 0, 2, 0, 0, 0, 2 * cos(angle), 2 * sin(angle)], [1, 3, 3], test.elementType, on: test.device)
    let values = try loss(turned, target: target, normalWeight: 1, edgeWeight: 1).doubles()
    // Normal (0, 0, 1): ab gives 0, ac gives sin 30 = 1/2, bc of length 2 sqrt 2 gives 1 / (2 sqrt 2).
    let normal = (0 + 0.5 + 1 / 8.0.squareRoot()) / 3
    let edge = (1 + 1 + 2.0.squareRoot()) / 3
    #expect(mismatch(values, [normal, edge], relative: 8 * test.elementType.epsilon) == nil)
  }

  @Test(arguments: Devices.underTest)
  func anEdgeOfZeroLengthHasZeroGradient(_ test: TestDevice) throws {
    let loss = SurfaceLoss(faces: [SIMD3(0, 1, 2)], vertexCount: 3, test.elementType, on: test.device)
    let target = Tensor([0.0, 0, 0, 1, 0, 0, 0, 1, 0], [1, 3, 3], test.elementType, on: test.device)
    let slot = GradientSlot()
    let tape = Tape()
    let collapsed = tape.variable(
      Tensor([Double](repeating: 0.5, count: 9), [1, 3, 3], test.elementType, on: test.device), gradient: slot)
    tape.backward(from: [loss(collapsed, target: target, normalWeight: 1, edgeWeight: 1)])
    #expect(try test.device.downloadDoubles(#require(slot.gradient)) == [Double](repeating: 0, count: 9))
  }
}
