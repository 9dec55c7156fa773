import Compute
import Geometry
import Testing

/// The edge cases that the errors of a pose must stand; the rest is replayed from a reference file.
@Suite struct RootedPoseErrorsTests {
  private let pose: [SIMD3<Double>] = {
    var random = PhiloxGenerator(seed: 5, stream: 0)
    return (0..<17).map { _ in SIMD3(random.normal(), random.normal(), random.normal()) * 300 }
  }()

  @Test func whatEachErrorForgives() {
    let same = RootedPoseErrors(predicted: pose, target: pose)
    #expect(same.mpjpe == 0 && same.scaledMPJPE < 1e-12 && same.alignedMPJPE < 1e-9)
    let moved = RootedPoseErrors(predicted: pose.map { $0 + SIMD3(10, -20, 3000) }, target: pose)
    #expect(moved.mpjpe < 1e-9)
    let scaled = RootedPoseErrors(predicted: pose.map { $0 * 1.3 }, target: pose)
    #expect(scaled.mpjpe > 50 && scaled.scaledMPJPE < 1e-9 && scaled.alignedMPJPE < 1e-9)
    let turn = Matrix3(axisAngle: SIMD3(0.3, 1, -0.4))
    let turned = RootedPoseErrors(predicted: pose.map { (turn * $0) * 0.7 }, target: pose)
    #expect(turned.scaledMPJPE > 50 && turned.alignedMPJPE < 1e-9)
    let mirrored = RootedPoseErrors(predicted: pose.map { $0 * SIMD3(-1, 1, 1) }, target: pose)
    #expect(mirrored.alignedMPJPE > 20)
  }

  /// The scale may be negative, and is 0 for a pose without extent.
  @Test func scales() {
    let relative = pose.map { $0 - pose[0] }
    #expect(abs(bestScale(of: relative.map { -$0 }, onto: relative) + 1) < 1e-12)
    #expect(bestScale(of: relative.map { _ in .zero }, onto: relative) == 0)
    let nothing = RootedPoseErrors(predicted: pose.map { _ in .zero }, target: pose)
    let sizes = relative.dropFirst().map { norm($0) }
    #expect(abs(nothing.mpjpe - sizes.reduce(0, +) / 16) < 1e-9)
    #expect(nothing.scaledMPJPE == nothing.mpjpe && nothing.alignedMPJPE.isFinite)
  }

  /// The root's error is 0, so a mean over all joints is 16/17 of the one over the others; PA-MPJPE gives both.
  @Test func means() {
    var predicted = pose
    predicted[3] += SIMD3(17, 0, 0)
    let errors = RootedPoseErrors(predicted: predicted, target: pose)
    #expect(abs(errors.mpjpe - 17.0 / 16) < 1e-9)
    let mean = RootedPoseErrors.mean(of: [errors, RootedPoseErrors(predicted: pose, target: pose)])
    #expect(abs(mean.mpjpe - 17.0 / 32) < 1e-9)
    #expect(abs(mean.alignedMPJPEWithoutRoot - errors.alignedMPJPEWithoutRoot / 2) < 1e-9)
  }
}
