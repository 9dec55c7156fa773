import Foundation
import Geometry
import Testing

@Suite struct RotationTests {
  @Test func axisAngleTurnsRightHanded() {
    let quarter = Matrix3(radians: .pi / 2, about: SIMD3(0, 0, 1))
    #expect(norm(quarter * SIMD3(1, 0, 0) - SIMD3(0, 1, 0)) < 1e-15)
    #expect(norm(quarter * SIMD3(0, 1, 0) - SIMD3(-1, 0, 0)) < 1e-15)
  }

  /// Angles from nothing to nearly, and exactly, half a turn.
  @Test(arguments: [0, 1e-200, 1e-12, 1e-3, 1, 3, .pi - 1e-9, .pi])
  func axisAngleReturns(angle: Double) {
    var random = PhiloxGenerator(seed: 3, stream: 0)
    for _ in 0..<20 {
      let raw = SIMD3(random.normal(), random.normal(), random.normal())
      let vector = raw * (angle / norm(raw))
      let rotation = Matrix3(axisAngle: vector)
      #expect((rotation.transposed * rotation - .identity).magnitude < 1e-14)
      #expect(abs(rotation.determinant - 1) < 1e-14)
      let back = rotation.axisAngle
      // Half a turn about an axis and its opposite are the same rotation.
      let error = angle == .pi ? min(norm(back - vector), norm(back + vector)) : norm(back - vector)
      #expect(error < 1e-14 * max(1, angle))
    }
  }

  @Test func rotationsAboutOneAxisAdd() {
    let axis = SIMD3(1.0, 2, 3) / 14.0.squareRoot()
    let product = Matrix3(radians: 0.3, about: axis) * Matrix3(radians: 0.9, about: axis)
    #expect((product - Matrix3(radians: 1.2, about: axis)).magnitude < 1e-15)
  }

  @Test func matrixAlgebra() {
    let a = Matrix3(rows: SIMD3(1, 2, 3), SIMD3(4, 5, 6), SIMD3(7, 8, 10))
    #expect(a * SIMD3(1, 0, -1) == SIMD3(-2, -2, -3))
    #expect(a.determinant == -3)
    #expect(a[0, 2] == 3 && a[2, 0] == 7)
    #expect(a.transposed * SIMD3(1, 0, 0) == SIMD3(1, 2, 3))
    #expect(a * Matrix3.identity == a)
    #expect(Matrix3(crossProductWith: SIMD3(1, 2, 3)) * SIMD3(4, 5, 7) == cross(SIMD3(1, 2, 3), SIMD3(4, 5, 7)))
  }
}

@Suite struct SingularValueTests {
  private func matrix(_ random: inout PhiloxGenerator) -> Matrix3 {
    func column() -> SIMD3<Double> { SIMD3(random.normal(), random.normal(), random.normal()) }
    return Matrix3(columns: column(), column(), column())
  }

  private func check(_ a: Matrix3) {
    let (u, s, v) = { ($0.u, $0.s, $0.v) }(a.singularValues)
    #expect((u.transposed * u - .identity).magnitude < 1e-14)
    #expect((v.transposed * v - .identity).magnitude < 1e-14)
    #expect(s.x >= s.y && s.y >= s.z && s.z >= 0)
    #expect((u * Matrix3(diagonal: s) * v.transposed - a).magnitude <= 1e-14 * max(s.x, .leastNormalMagnitude))
  }

  @Test func decompositionsMultiplyBack() {
    var random = PhiloxGenerator(seed: 4, stream: 0)
    for _ in 0..<50 {
      let a = matrix(&random)
      check(a)
      check(a * 1e-120)
      check(a * a.transposed)
    }
    check(.identity)
    check(Matrix3(diagonal: SIMD3(1, -1, 1)))
    check(Matrix3(diagonal: SIMD3(1e-9, 3, 1e-300)))
  }

  @Test func lostDirectionsAreCompleted() {
    var random = PhiloxGenerator(seed: 5, stream: 0)
    let a = matrix(&random)
    check(Matrix3(columns: a.x, a.y, a.x + a.y))  // rank 2
    check(Matrix3(columns: a.x, a.x * 2, a.x * -3))  // rank 1
    check(Matrix3(columns: .zero, a.x, .zero))
    check(Matrix3(diagonal: .zero))
  }

  @Test func tinySingularValuesKeepTheirAccuracy() {
    let rotation = Matrix3(axisAngle: SIMD3(0.3, -1, 2))
    let s = (rotation * Matrix3(diagonal: SIMD3(1e-12, 1, 1e-6))).singularValues.s
    #expect(abs(s.y / 1e-6 - 1) < 1e-13)
    #expect(abs(s.z / 1e-12 - 1) < 1e-13)
  }
}
