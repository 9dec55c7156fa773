import Compute
import Geometry
import Testing

@Suite struct MetricsTests {
  private func cloud(_ count: Int, seed: UInt64, scale: SIMD3<Double> = SIMD3(1, 1, 1)) -> [SIMD3<Double>] {
    var random = PhiloxGenerator(seed: seed, stream: 0)
    return (0..<count).map { _ in SIMD3(random.normal(), random.normal(), random.normal()) * scale }
  }

  // MARK: Similarity

  /// Spatial, flat and straight clouds: the map is found wherever points say what it is.
  @Test(arguments: [SIMD3(1.0, 2, 0.5), SIMD3(1, 1, 0), SIMD3(0, 3, 0)])
  func similarityIsRecovered(extent: SIMD3<Double>) {
    let points = cloud(20, seed: 1, scale: extent)
    var truth = Similarity(aligning: points, to: points)
    truth.scale = 1.7
    truth.rotation = Matrix3(axisAngle: SIMD3(0.4, -1.2, 2))
    truth.translation = SIMD3(3, -4, 5)
    let found = Similarity(aligning: points, to: points.map { truth($0) })
    #expect(abs(found.scale - 1.7) < 1e-13)
    #expect(abs(found.rotation.determinant - 1) < 1e-13)
    for point in points { #expect(norm(found(point) - truth(point)) < 1e-13) }
    if extent.min() > 0 { #expect((found.rotation - truth.rotation).magnitude < 1e-13) }
  }

  @Test func mirroredPointsAreNotReflected() {
    let points = cloud(20, seed: 2)
    let mirrored = points.map { $0 * SIMD3(-1, 1, 1) }
    let similarity = Similarity(aligning: points, to: mirrored)
    #expect(abs(similarity.rotation.determinant - 1) < 1e-13)
    #expect(meanDistance(points.map { similarity($0) }, mirrored) > 0.1)
  }

  @Test func similarityIsOptimal() {
    let points = cloud(15, seed: 3)
    let targets = cloud(15, seed: 4)
    let best = Similarity(aligning: points, to: targets)
    func squares(_ s: Similarity) -> Double {
      zip(points, targets).reduce(0) { $0 + dot(s($1.0) - $1.1, s($1.0) - $1.1) }
    }
    var random = PhiloxGenerator(seed: 5, stream: 0)
    for _ in 0..<50 {
      func small() -> SIMD3<Double> { SIMD3(random.normal(), random.normal(), random.normal()) * 0.01 }
      var other = best
      other.rotation = Matrix3(axisAngle: small()) * best.rotation
      other.scale *= 1 + small().x
      other.translation += small()
      #expect(squares(other) > squares(best))
    }
  }

  @Test func collapsedPointsMoveToTheCentre() {
    let targets = cloud(5, seed: 6)
    let similarity = Similarity(aligning: [SIMD3<Double>](repeating: SIMD3(1, 2, 3), count: 5), to: targets)
    #expect(similarity.scale == 1)
    #expect(norm(similarity(SIMD3(1, 2, 3)) - centroid(targets)) < 1e-14)
  }

  // MARK: Errors

  @Test func poseErrorsCountEvaluatedJointsRelativeToTheRoot() {
    let target = cloud(17, seed: 7)
    var predicted = target.map { $0 + SIMD3(10, 20, 30) }
    let exact = PoseErrors(predicted: predicted, target: target, in: .human36)
    #expect(exact.mpjpe < 1e-13 && exact.alignedMPJPE < 1e-13)
    predicted[9] += SIMD3(100, 0, 0)  // the Nose does not count
    #expect(PoseErrors(predicted: predicted, target: target, in: .human36) == exact)
    predicted[16] += SIMD3(0, 28, 0)  // one of 14 by 28
    #expect(abs(PoseErrors(predicted: predicted, target: target, in: .human36).mpjpe - 2) < 1e-13)
    predicted = target.map { Matrix3(axisAngle: SIMD3(1, 0, 0)) * $0 * 3 }
    let turned = PoseErrors(predicted: predicted, target: target, in: .human36)
    #expect(turned.mpjpe > 1 && turned.alignedMPJPE < 1e-12)
  }

  @Test func meshErrorsAreInMillimetres() {
    let target = cloud(30, seed: 8)
    // The wrist of this hand is the mean of vertices 0 and 1, its other joints are vertices.
    let regressor = CompressedRows(
      rows: 21, columns: 30,
      entries: [(row: 0, column: 0, value: 0.5), (row: 0, column: 1, value: 0.5)]
        + (1..<21).map { (row: $0, column: $0 + 1, value: 1) })
    var predicted = target.map { $0 + SIMD3(1, 1, 1) }
    predicted[29] += SIMD3(0, 0, 0.03)  // belongs to no joint
    let errors = MeshErrors(predicted: predicted, target: target, regressor: regressor, in: .mano)
    #expect(errors.joints.mpjpe < 1e-11)
    #expect(abs(errors.mpvpe - 1) < 1e-11)
    let similarity = Similarity(aligning: predicted, to: target)
    let aligned = meanDistance(predicted.map { similarity($0) }, target)
    #expect(abs(errors.alignedMPVPE - 1000 * aligned) < 1e-10)
    // Relative to the very vertex that is off, all others are.
    let other = CompressedRows(rows: 1, columns: 30, entries: [(row: 0, column: 29, value: 1)])
    let rooted = MeshErrors(predicted: predicted, target: target, regressor: regressor, in: .mano, vertexRoot: other)
    #expect(abs(rooted.mpvpe - 29) < 1e-10)
    #expect(rooted.joints == errors.joints)
  }

  @Test func accelerationErrorIsThatOfSecondDifferences() {
    // Positions t^2 along x against rest: the second difference is 2 in every frame.
    let motion = (0..<6).map { t in [SIMD3(Double(t * t), 0, 0), SIMD3(Double(5 * t), 1, 1)] }
    let rest = [[SIMD3<Double>]](repeating: [.zero, .zero], count: 6)
    #expect(accelerationError(predicted: motion, target: rest) == 1)  // the second joint moves evenly
    #expect(accelerationError(predicted: motion, target: motion) == 0)
  }

  // MARK: F-score

  @Test(arguments: [0.05, 0.2, 1.0, 100])
  func fScoreEqualsBruteForce(threshold: Double) {
    let a = cloud(150, seed: 9, scale: SIMD3(0.3, 1, 0.5))
    let b = cloud(110, seed: 10, scale: SIMD3(0.3, 1, 0.5))
    func fraction(_ queries: [SIMD3<Double>], _ others: [SIMD3<Double>]) -> Double {
      Double(queries.count { query in others.map { norm(query - $0) }.min()! < threshold }) / Double(queries.count)
    }
    let precision = fraction(a, b)
    let recall = fraction(b, a)
    let expected = precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall)
    #expect(fScore(a, b, threshold: threshold) == expected)
  }

  @Test func fScoreIsStrictAtTheThreshold() {
    let a = [SIMD3(0.0, 0, 0), SIMD3(10, 0, 0)]
    let b = [SIMD3(0.0, 5, 0), SIMD3(15, 0, 0)]
    #expect(fScore(a, b, threshold: 5) == 0)
    #expect(fScore(a, b, threshold: 5.000001) == 1)
    #expect(fScore(a, [a[0]], threshold: 1) == 2.0 / 3)  // precision 1/2, recall 1
  }
}
