import Compute
import Foundation
import Geometry
import Testing

@testable import Datasets

/// A set without a body model: tetrahedra of edge 1 to 2, whose identity stretches x and whose pose turns them.
struct TinySource: PoseTransferSource {
  var identities = SplitCounts(train: 6, validation: 2, test: 3)
  var poses = SplitCounts(train: 5, validation: 2, test: 4)

  let summary = "tiny"
  let vertexCount = 5
  let faces: [SIMD3<Int32>] = [SIMD3(0, 2, 1), SIMD3(0, 1, 3), SIMD3(0, 3, 2), SIMD3(1, 2, 4), SIMD3(2, 3, 4)]

  func range(_ split: SampleSplit) -> PoseTransferRange {
    PoseTransferRange(identities: identities.numbers(split), poses: poses.numbers(split))
  }

  func vertices(_ mesh: PosedIdentity) -> [SIMD3<Double>] {
    let turn = Matrix3(axisAngle: SIMD3(0.1, 0.2, 0.3) * Double(mesh.pose + 1))
    let rest = [SIMD3(0.0, 0, 0), SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1), SIMD3(1, 1, 1)]
    return rest.map { turn * ($0 * SIMD3(1 + 0.1 * Double(mesh.identity), 1, 1)) + SIMD3(7, 8, 9) }
  }
}

@Suite struct PoseTransferTests {
  private let source = TinySource()

  private func sampler(
    _ percentage: Int = 100, _ usesUnlabelled: Bool = false, pairs: Int = 20, batch: Int = 2, seed: UInt64 = 3
  ) throws -> PoseTransferSampler {
    try PoseTransferSampler(
      source, percentage: percentage, usesUnlabelled: usesUnlabelled, pairsPerEpoch: pairs, batchSize: batch, seed: seed
    )
  }

  // MARK: Shuffling

  @Test func permutationsHaveNoFavourite() {
    var counts: [[Int32]: Int] = [:]
    for number in 0..<6000 {
      var random = PoseTransferStream.order.generator(seed: 1, number: number)
      counts[random.permutation(of: 3), default: 0] += 1
    }
    // Six orders, 1000 each, deviation 29.
    #expect(counts.count == 6 && counts.values.allSatisfy { abs($0 - 1000) < 150 })
    var random = PoseTransferStream.order.generator(seed: 1, number: 0)
    #expect(random.permutation(of: 0).isEmpty && random.permutation(of: 1) == [0])
  }

  @Test func shuffledFacesDescribeTheSameTriangles() throws {
    let mesh = TriangleMesh.icosphere(subdivisions: 2)
    var random = PhiloxGenerator(seed: 5, stream: 0)
    let shuffle = MeshShuffle(vertexCount: mesh.vertices.count, using: &random)
    #expect(shuffle.order.sorted() == (0..<Int32(mesh.vertices.count)).map { $0 })
    #expect(shuffle.order != shuffle.order.sorted())
    let points = mesh.vertices.flatMap { [Float($0.x), Float($0.y), Float($0.z)] }
    let (shuffled, faces) = (shuffle.points(points), shuffle.faces(mesh.faces))
    for (index, face) in mesh.faces.enumerated() {
      for k in 0..<3 {
        let (old, new) = (Int(face[k]), Int(faces[3 * index + k]))
        #expect(Array(points[3 * old..<3 * old + 3]) == Array(shuffled[3 * new..<3 * new + 3]))
      }
    }
    // New vertex i is old vertex order[i].
    for (new, old) in shuffle.order.enumerated() { #expect(shuffled[3 * new] == points[3 * Int(old)]) }
    #expect(shuffle.restored(shuffled) == points)
  }

  // MARK: Schedule

  @Test func rejectedCombinationsThrow() {
    for (percentage, uses) in [(100, true), (0, false), (25, true), (75, false), (-50, true)] {
      let error = #expect(throws: ComputeError.self) {
        try PoseTransferSchedule(percentage: percentage, usesUnlabelled: uses, stepsPerEpoch: 10)
      }
      #expect(error?.kind == .configuration)
    }
  }

  @Test func semiSupervisedStepsFollowTheTable() throws {
    let schedule = try PoseTransferSchedule(percentage: 50, usesUnlabelled: true, stepsPerEpoch: 8)
    typealias Step = PoseTransferSchedule.Step
    let supervised = Step(isSupervised: true, identity: .labelled, pose: .labelled)
    let cycle = [
      supervised, Step(isSupervised: false, identity: .labelled, pose: .unlabelled), supervised,
      Step(isSupervised: false, identity: .unlabelled, pose: .labelled), supervised,
      Step(isSupervised: false, identity: .unlabelled, pose: .unlabelled),
    ]
    // The table begins anew with every epoch.
    for epoch in 0..<3 {
      for step in 0..<8 { #expect(schedule.step(8 * epoch + step) == cycle[step % 6]) }
    }
  }

  @Test(arguments: [(0, true), (50, false), (100, false)])
  func otherSchedulesAreOfOneKind(percentage: Int, uses: Bool) throws {
    let schedule = try PoseTransferSchedule(percentage: percentage, usesUnlabelled: uses, stepsPerEpoch: 7)
    let subset: PoseTransferSchedule.Subset = uses ? .unlabelled : .labelled
    for index in 0..<20 {
      #expect(schedule.step(index) == .init(isSupervised: !uses, identity: subset, pose: subset))
      #expect(schedule.batches(of: subset, before: index) == index)
    }
  }

  @Test(arguments: [1, 2, 5, 6, 7, 20])
  func batchesDrawnBeforeAStepAreCounted(stepsPerEpoch: Int) throws {
    let schedule = try PoseTransferSchedule(percentage: 50, usesUnlabelled: true, stepsPerEpoch: stepsPerEpoch)
    var drawn: [PoseTransferSchedule.Subset: Int] = [.labelled: 0, .unlabelled: 0]
    for index in 0..<60 {
      for subset in PoseTransferSchedule.Subset.allCases {
        #expect(schedule.batches(of: subset, before: index) == drawn[subset])
      }
      let step = schedule.step(index)
      for subset in Set([step.identity, step.pose]) { drawn[subset, default: 0] += 1 }
    }
  }

  // MARK: Halves

  @Test(arguments: [(16, 8), (29, 14), (31, 16), (400, 200), (1, 0)])
  func halvesAreRoundedHalfToEven(count: Int, half: Int) {
    let range = PoseTransferRange(identities: 10..<10 + count, poses: 0..<count)
    let parts = range.labelled(percentage: 50, seed: 2)
    #expect(parts[.labelled]?.identities.count == half && parts[.labelled]?.poses.count == half)
    for numbers in [\PoseTransferRange.identities, \.poses] {
      let all = (parts[.labelled]?[keyPath: numbers] ?? []) + (parts[.unlabelled]?[keyPath: numbers] ?? [])
      #expect(all.sorted() == range[keyPath: numbers])
    }
    #expect(parts == range.labelled(percentage: 50, seed: 2))
    if count > 10 {
      #expect(parts != range.labelled(percentage: 50, seed: 3))
      #expect(parts[.labelled]?.poses != parts[.labelled]?.identities.map { $0 - 10 })
    }
  }

  @Test func wholesAreWhole() {
    let range = source.range(.train)
    #expect(range.labelled(percentage: 100, seed: 1) == [.labelled: range, .unlabelled: PoseTransferRange()])
    #expect(range.labelled(percentage: 0, seed: 1) == [.labelled: PoseTransferRange(), .unlabelled: range])
  }

  // MARK: Samples

  private func rows(_ points: [Float]) -> [SIMD3<Float>] {
    stride(from: 0, to: points.count, by: 3).map { SIMD3(points[$0], points[$0 + 1], points[$0 + 2]) }
  }

  /// The mesh as section 9.3 of the paper's code prepares it, without using any of ours.
  private func prepared(_ mesh: PosedIdentity, _ order: [Int32]) -> [SIMD3<Float>] {
    let vertices = source.vertices(mesh)
    var middle = SIMD3<Double>.zero
    for axis in 0..<3 {
      let values = vertices.map { $0[axis] }
      middle[axis] = (values.min()! + values.max()!) / 2
    }
    return order.map { SIMD3<Float>(vertices[Int($0)] - middle) }
  }

  @Test func supervisedSamplesHoldIdentityPoseAndTruth() throws {
    for step in 0..<10 {
      for sample in try sampler().samples(step) {
        let pair = sample.pair
        #expect(rows(sample.identityPoints) == prepared(pair.identityMesh, sample.identityShuffle.order))
        #expect(rows(sample.posePoints) == prepared(pair.poseMesh, sample.poseShuffle.order))
        let target = PosedIdentity(identity: pair.identityMesh.identity, pose: pair.poseMesh.pose)
        let truth = try #require(sample.groundTruth)
        #expect(rows(truth) == prepared(target, sample.identityShuffle.order))
        #expect(sample.posePoints2 == nil && sample.otherPose == nil)
        #expect(sample.identityShuffle != sample.poseShuffle)
        #expect(sample.facesIdentity == sample.identityShuffle.faces(source.faces))
        #expect(sample.facesPose == sample.poseShuffle.faces(source.faces))
        // A mesh in its own pose is its own answer.
        if pair.identityMesh.pose == pair.poseMesh.pose { #expect(truth == sample.identityPoints) }
      }
    }
  }

  @Test func unsupervisedSamplesHoldAnotherPoseOfThePoseMesh() throws {
    var poses: Set<Int> = []
    for step in 0..<40 {
      for sample in try sampler(0, true).samples(step) {
        let other = try #require(sample.otherPose)
        #expect(other != sample.pair.poseMesh.pose && source.range(.train).poses.contains(other))
        let mesh = PosedIdentity(identity: sample.pair.poseMesh.identity, pose: other)
        let second = try #require(sample.posePoints2)
        #expect(rows(second) == prepared(mesh, sample.poseShuffle.order))
        #expect(sample.groundTruth == nil)
        poses.insert(other)
      }
    }
    #expect(poses == Set(0..<5))
  }

  @Test func batchesStackTheirSamples() throws {
    let sampler = try sampler(batch: 3)
    let samples = try sampler.samples(1)
    let batch = try sampler.batch(1)
    #expect(batch.count == 3 && batch.isSupervised && batch.posePoints2 == nil)
    #expect(batch.identityPoints == samples.flatMap(\.identityPoints))
    #expect(batch.posePoints == samples.flatMap(\.posePoints))
    #expect(batch.groundTruth == samples.flatMap { $0.groundTruth ?? [] })
    #expect(batch.facesIdentity == samples.flatMap(\.facesIdentity))
    #expect(batch.facesPose == samples.flatMap(\.facesPose))
    #expect(batch.facesPose.count == 3 * source.faces.count * 3)
    #expect(batch.facesPose.max() == Int32(source.vertexCount - 1))
  }

  // MARK: Sampling

  @Test func stepsDependOnSeedAndNumberAlone() throws {
    let inOrder = try (0..<30).map { try sampler(50, true, pairs: 22).batch($0) }
    // Made again by a producer that begins in the middle, on two threads.
    let again = try sampler(50, true, pairs: 22)
    let producer = BatchProducer(first: 13, threads: 2) { try again.batch($0) }
    for step in 13..<30 {
      let batch = try producer.next()
      #expect(batch.identityPoints == inOrder[step].identityPoints && batch.posePoints == inOrder[step].posePoints)
      #expect(batch.groundTruth == inOrder[step].groundTruth && batch.posePoints2 == inOrder[step].posePoints2)
      #expect(batch.facesIdentity == inOrder[step].facesIdentity)
    }
    let other = try sampler(50, true, pairs: 22, seed: 4)
    #expect(try (0..<30).allSatisfy { try other.batch($0).identityPoints != inOrder[$0].identityPoints })
  }

  @Test func everyRoundGoesThroughTheSameListInAnotherOrder() throws {
    // 20 pairs in batches of 3: six batches, and two pairs are left over in each round.
    let sampler = try sampler(pairs: 20, batch: 20)
    let rounds = try (0..<3).map { try sampler.samples($0).map(\.pair.identityMesh) }
    func tally(_ meshes: [PosedIdentity]) -> [PosedIdentity: Int] {
      Dictionary(meshes.map { ($0, 1) }, uniquingKeysWith: +)
    }
    #expect(tally(rounds[0]) == tally(rounds[1]) && tally(rounds[1]) == tally(rounds[2]))
    #expect(rounds[0] != rounds[1] && rounds[1] != rounds[2])
    let whole = tally(rounds[0])
    let small = try self.sampler(pairs: 20, batch: 3)
    #expect(small.schedule.stepsPerEpoch == 6)
    let seen = tally(try (0..<6).flatMap { try small.samples($0).map(\.pair.identityMesh) })
    #expect(seen.values.reduce(0, +) == 18)
    #expect(seen.allSatisfy { $0.value <= whole[$0.key, default: 0] })
  }

  @Test func poseMeshesAndOrdersAreDrawnAfresh() throws {
    // The same list, but other poses and other vertex orders, in every round.
    let sampler = try sampler(pairs: 20, batch: 20)
    let (first, second) = (try sampler.samples(0), try sampler.samples(1))
    #expect(first.map(\.pair.poseMesh) != second.map(\.pair.poseMesh))
    let orders = (first + second).flatMap { [$0.identityShuffle.order, $0.poseShuffle.order] }
    // 80 draws of 120 orders.
    #expect(Set(orders).count > 45)
    let meshes = Set(try (0..<20).flatMap { try sampler.samples($0).map(\.pair.poseMesh) })
    #expect(meshes.count == source.range(.train).count, "400 draws of 30 meshes")
  }

  @Test func subsetsFeedTheirSteps() throws {
    let sampler = try sampler(50, true, pairs: 24)
    #expect(sampler.ranges[.labelled]?.identities.count == 3 && sampler.ranges[.labelled]?.poses.count == 2)
    for step in 0..<24 {
      let plan = sampler.schedule.step(step)
      let identity = try #require(sampler.ranges[plan.identity])
      let pose = try #require(sampler.ranges[plan.pose])
      for sample in try sampler.samples(step) {
        #expect((sample.groundTruth != nil) == plan.isSupervised)
        #expect(identity.identities.contains(sample.pair.identityMesh.identity))
        #expect(identity.poses.contains(sample.pair.identityMesh.pose))
        #expect(pose.identities.contains(sample.pair.poseMesh.identity))
        #expect(pose.poses.contains(sample.pair.poseMesh.pose))
        if let other = sample.otherPose { #expect(pose.poses.contains(other)) }
      }
    }
  }

  @Test func trainingNeverTouchesTheOtherSplits() throws {
    let train = source.range(.train)
    for split in [SampleSplit.validation, .test] {
      #expect(Set(source.range(split).identities).isDisjoint(with: train.identities))
      #expect(Set(source.range(split).poses).isDisjoint(with: train.poses))
    }
    for step in 0..<20 {
      for sample in try sampler().samples(step) {
        for mesh in [sample.pair.identityMesh, sample.pair.poseMesh, sample.pair.target] {
          #expect(train.identities.contains(mesh.identity) && train.poses.contains(mesh.pose))
        }
      }
    }
  }

  @Test func whatCannotBeSampledIsRefused() throws {
    func refused(_ make: () throws -> PoseTransferSampler) {
      let error = #expect(throws: ComputeError.self) { _ = try make() }
      #expect(error?.kind == .configuration)
    }
    refused { try sampler(pairs: 3, batch: 4) }
    refused { try sampler(batch: 0) }
    refused { try sampler(100, true) }
    let small = TinySource(identities: SplitCounts(train: 1), poses: SplitCounts(train: 1))
    refused {
      try PoseTransferSampler(small, percentage: 0, usesUnlabelled: true, pairsPerEpoch: 4, batchSize: 1, seed: 1)
    }
    refused { try PoseTransferSampler(small, percentage: 50, pairsPerEpoch: 4, batchSize: 1, seed: 1) }
    // One mesh is enough for itself, with labels.
    let alone = try PoseTransferSampler(small, pairsPerEpoch: 4, batchSize: 1, seed: 1).samples(0)
    #expect(alone[0].groundTruth == alone[0].identityPoints)
  }

  // MARK: Evaluation

  @Test func evaluationPairsAreFixed() throws {
    let pairs = try source.pairs(of: .test, count: 50, seed: 1)
    #expect(try pairs == source.pairs(of: .test, count: 50, seed: 1))
    #expect(try pairs != source.pairs(of: .test, count: 50, seed: 2))
    let range = source.range(.test)
    for mesh in pairs.flatMap({ [$0.identityMesh, $0.poseMesh, $0.target] }) {
      #expect(range.identities.contains(mesh.identity) && range.poses.contains(mesh.pose))
    }
    let set = PoseTransferEvaluationSet(source, pairs: pairs, seed: 1)
    let sample = try set.sample(7)
    #expect(sample.pair == pairs[7])
    #expect(rows(try #require(sample.groundTruth)) == prepared(pairs[7].target, sample.identityShuffle.order))
    #expect(try set.sample(7).identityShuffle == sample.identityShuffle)
    #expect(sample.identityShuffle != sample.poseShuffle)
    let empty = TinySource(identities: SplitCounts(train: 2), poses: SplitCounts(train: 2))
    #expect(throws: ComputeError.self) { try empty.pairs(of: .test, count: 1, seed: 1) }
  }
}
