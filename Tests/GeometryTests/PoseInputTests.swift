import Compute
import Foundation
import Geometry
import Testing

@Suite struct InputCropTests {
  private func pose(seed: UInt64, count: Int = 17) -> [SIMD2<Double>] {
    var random = PhiloxGenerator(seed: seed, stream: 0)
    return (0..<count).map { _ in SIMD2(random.uniform(in: 300...420), random.uniform(in: 100...520)) }
  }

  @Test func workingBoxHasTheAspectOfTheInput() throws {
    let tall = BoundingBox(corner: SIMD2(10, 20), size: SIMD2(101, 401))
    // One pixel less either way: 100 x 400 about (60, 220), widened to 300.
    #expect(try tall.workingBox() == BoundingBox(corner: SIMD2(-90, 20), size: SIMD2(300, 400)))
    let wide = BoundingBox(corner: SIMD2(0, 0), size: SIMD2(301, 101))
    #expect(try wide.workingBox() == BoundingBox(corner: SIMD2(0, -150), size: SIMD2(300, 400)))
  }

  @Test(arguments: [SIMD2(0.0, 50), SIMD2(50, 0.5), SIMD2(1, 1), SIMD2(.nan, 50), SIMD2(.infinity, 50)])
  func boxesWithoutExtentAreRefused(size: SIMD2<Double>) throws {
    let box = BoundingBox(corner: .zero, size: size)
    let error = try #require(throws: ComputeError.self) { try box.workingBox() }
    #expect(error.kind == .data)
  }

  @Test func cropFillsTheInput() throws {
    let box = try BoundingBox(around: pose(seed: 1)).workingBox()
    let crop = InputCrop(of: box)
    let near = crop(box.corner)
    #expect(abs(near.x) + abs(near.y) < 1e-10)
    let far = crop(box.corner + box.size) - InputCrop.size
    #expect(abs(far.x) + abs(far.y) < 1e-10)
  }

  @Test func rotatedCropTurnsBack() {
    let box = BoundingBox(corner: SIMD2(100, 200), size: SIMD2(144, 192))  // scale 2
    let crop = InputCrop(of: box, rotation: .pi / 6)
    // A direction 30 degrees from the vertical becomes vertical.
    let turned = crop(box.centre + SIMD2(sin(.pi / 6), -cos(.pi / 6)) * 10)
    #expect(abs(turned.x - 144) < 1e-12)
    #expect(abs(turned.y - (192 - 20)) < 1e-12)
  }

  @Test func standardisedPosesHaveMeanZeroAndSpreadOne() throws {
    let x = try standardised(pose(seed: 2))
    let mean = x.reduce(.zero, +) / 17
    let square = x.reduce(.zero) { $0 + $1 * $1 } / 17
    #expect(abs(mean.x) < 1e-14 && abs(mean.y) < 1e-14)
    #expect(abs(square.x - 1) < 1e-14 && abs(square.y - 1) < 1e-14)
  }

  @Test func posesWithoutSpreadAreRefused() throws {
    let level = (0..<17).map { SIMD2(Double($0), 192.3) }
    let error = try #require(throws: ComputeError.self) { try standardised(level) }
    #expect(error.kind == .data)
    #expect(throws: ComputeError.self) { try standardised([SIMD2(1, 2), SIMD2(.nan, 3)]) }
  }

  /// Without errors, place and scale of the person in the picture do not matter.
  @Test func preparationIgnoresPlaceAndScale() throws {
    let joints = pose(seed: 3)
    let near = try PosePreparation(joints.map { $0 * 2.5 - SIMD2(70, 900) }).pose
    for (a, b) in zip(try PosePreparation(joints).pose, near) {
      #expect(abs(a.x - b.x) < 1e-12 && abs(a.y - b.y) < 1e-12)
    }
  }

  @Test func trainingWithoutErrorsEqualsTesting() throws {
    var random = PhiloxGenerator(seed: 4, stream: 0)
    let joints = pose(seed: 4)
    let train = try PosePreparation(joints, of: .human36, addsError: false, using: &random)
    #expect(train == (try PosePreparation(joints)))
    #expect(try PosePreparation(joints, of: .human36, addsError: true, using: &random) != train)
    // Hands have no error model.
    let hand = pose(seed: 5, count: 21)
    #expect(
      try PosePreparation(hand, of: .mano, addsError: true, using: &random) == (try PosePreparation(hand)))
  }
}

@Suite struct PoseAugmentationTests {
  @Test func flippingTwiceRestores() {
    var random = PhiloxGenerator(seed: 6, stream: 0)
    let flat = (0..<17).map { _ in SIMD2(random.uniform(in: 0...287), random.uniform(in: 0...383)) }
    let solid = (0..<17).map { _ in SIMD3(random.normal(), random.normal(), random.normal()) }
    let flip = PoseAugmentation(isFlipped: true)
    let once = flip.applied(toCrop: flat, of: .human36)
    #expect(once[4] == SIMD2(287 - flat[1].x, flat[1].y))
    let twice = flip.applied(toCrop: once, of: .human36)
    for (a, b) in zip(twice, flat) { #expect(abs(a.x - b.x) < 1e-12 && a.y == b.y) }
    let mirrored = flip.applied(toPose: solid, of: .human36)
    #expect(mirrored[13] == SIMD3(-solid[16].x, solid[16].y, solid[16].z))
    #expect(flip.applied(toPose: mirrored, of: .human36) == solid)
    #expect(PoseAugmentation.none.applied(toPose: solid, of: .human36) == solid)
  }

  /// A person who fronts a far camera: turning the crop and turning the 3D pose must agree.
  @Test func poseAndCropTurnTogether() {
    let box = BoundingBox(corner: SIMD2(0, 0), size: SIMD2(288, 384))
    let joint = SIMD3(30.0, -40, 0)
    let turn = PoseAugmentation(rotation: 0.4)
    let pixel = InputCrop(of: box, rotation: turn.rotation)(SIMD2(144 + joint.x, 192 + joint.y))
    let solid = turn.applied(toPose: [joint], of: .mano)[0]
    #expect(abs(pixel.x - 144 - solid.x) < 1e-12 && abs(pixel.y - 192 - solid.y) < 1e-12)
  }

  @Test func drawsFollowTheirRules() {
    var random = PhiloxGenerator(seed: 7, stream: 0)
    let draws = (0..<2000).map { _ in PoseAugmentation(flips: true, rotateFactor: 30, using: &random) }
    #expect(abs(draws.count { $0.isFlipped } - 1000) < 5 * 22)  // five standard errors
    #expect(abs(draws.count { $0.rotation == 0 } - 1000) < 5 * 22)
    #expect(draws.allSatisfy { abs($0.rotation) <= 60.01 * .pi / 180 })
    #expect(draws.contains { abs($0.rotation) > 59.99 * .pi / 180 })
    #expect((0..<100).allSatisfy { _ in PoseAugmentation(flips: false, using: &random) == .none })
  }
}

@Suite struct DetectionErrorTests {
  @Test func noiseHasTheTabledMoments() {
    var random = PhiloxGenerator(seed: 8, stream: 0)
    let count = 4000
    let exact = [SIMD2<Double>](repeating: SIMD2(100, 200), count: 17)
    // The pelvis is always disturbed, the right wrist nine times in ten.
    var pelvis: [SIMD2<Double>] = []
    var wristStays = 0
    for _ in 0..<count {
      let disturbed = DetectionNoise.applied(to: exact, using: &random)
      pelvis.append((disturbed[0] - exact[0]) * 256 / InputCrop.size)
      if disturbed[16] == exact[16] { wristStays += 1 }
    }
    let mean = pelvis.reduce(.zero, +) / Double(count)
    let variance = pelvis.map { ($0 - mean) * ($0 - mean) }.reduce(.zero, +) / Double(count)
    let rootCount = Double(count).squareRoot()  // bounds are five standard errors
    #expect(abs(mean.x + 0.06) < 5 * 1.33 / rootCount && abs(mean.y + 2.37) < 5 * 2.13 / rootCount)
    #expect(abs(variance.x.squareRoot() / 1.33 - 1) < 5 / (2 * rootCount * rootCount).squareRoot())
    #expect(abs(variance.y.squareRoot() / 2.13 - 1) < 5 / (2 * rootCount * rootCount).squareRoot())
    #expect(abs(Double(wristStays) - 400) < 5 * 19)
  }

  /// Key points so far apart that every candidate is admitted, so the kinds of error show in their distances.
  private let spread = (0..<19).map { SIMD2(Double($0 % 5) * 4000, Double($0 / 5) * 4000) }

  @Test func confusionHasTheTabledRates() {
    var random = PhiloxGenerator(seed: 9, stream: 0)
    let area = 200.0 * 300
    let count = 500
    let hip = 11
    let partner = spread[12]
    let radius = { (similarity: Double) in (-8 * area * 0.107 * 0.107 * log(similarity)).squareRoot() }
    var good = 0
    var jitter = 0
    var missNear = 0
    var missFar = 0
    var inversion = 0
    for _ in 0..<count {
      let disturbed = KeypointConfusion.applied(to: spread, area: area, using: &random)
      #expect(disturbed[17...] == spread[17...])  // Pelvis and Neck stay
      let own = distance(disturbed[hip], spread[hip])
      let other = distance(disturbed[hip], partner)
      #expect(min(own, other) <= radius(0.10))
      if own <= radius(0.85) { good += 1 } else if own <= radius(0.50) { jitter += 1 }
      if own > radius(0.50), own <= radius(0.10) { missNear += 1 }
      if other <= radius(0.50) { inversion += 1 } else if other <= radius(0.10) { missFar += 1 }
    }
    // A miss lies about the own place four times in five. Bounds are three standard errors; the seed is fixed.
    for (seen, rate) in [(good, 0.64), (jitter, 0.20), (missNear, 0.08), (missFar, 0.02), (inversion, 0.06)] {
      let expected = rate * Double(count)
      #expect(abs(Double(seen) - expected) < 3 * (expected * (1 - rate)).squareRoot())
    }
  }

  @Test func keyPointsWithoutAdmittedCandidatesAreLost() {
    // Without any area all radii vanish, and every candidate must be farther from its partner, which is at its own place.
    var random = PhiloxGenerator(seed: 10, stream: 0)
    var joints = spread
    joints[2] = joints[1]
    let disturbed = KeypointConfusion.applied(to: joints, area: 0, using: &random)
    #expect(disturbed[1] == .zero)
    #expect(disturbed[0] == spread[0])
  }

  @Test func sameStreamSameErrors() {
    var a = PhiloxGenerator(seed: 1, stream: 5)
    var b = PhiloxGenerator(seed: 1, stream: 5)
    #expect(
      KeypointConfusion.applied(to: spread, area: 1e5, using: &a)
        == KeypointConfusion.applied(to: spread, area: 1e5, using: &b))
    #expect(
      DetectionNoise.applied(to: Array(spread[..<17]), using: &a)
        == DetectionNoise.applied(to: Array(spread[..<17]), using: &b))
  }

  private func distance(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double { ((a - b) * (a - b)).sum().squareRoot() }
}
