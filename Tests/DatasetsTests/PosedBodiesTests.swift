import Compute
import Geometry
import Testing

@testable import Datasets

@Suite struct PosedBodiesTests {
  private static let counts = SplitCounts(train: 4, validation: 2, test: 3)

  private func bodies(seed: UInt64 = 5) -> PosedBodies {
    PosedBodies(
      body: ProceduralBody.model, identities: Self.counts, poses: NumberedPoses(Self.counts, seed: seed), seed: seed)
  }

  @Test func splitsShareNeitherPeopleNorPoses() {
    let bodies = bodies()
    let ranges = SampleSplit.allCases.map { bodies.range($0) }
    #expect(ranges.map(\.identities) == [[0, 1, 2, 3], [4, 5], [6, 7, 8]])
    #expect(ranges.map(\.poses) == ranges.map(\.identities))
    for (i, a) in bodies.phenotypes.enumerated() { for b in bodies.phenotypes[..<i] { #expect(a != b) } }
    for (i, a) in bodies.poses.poses.enumerated() { for b in bodies.poses.poses[..<i] { #expect(a != b) } }
  }

  @Test func peopleAndPosesFollowFromSeedAndNumber() {
    let (small, large) = (bodies(), bodies())
    let mesh = PosedIdentity(identity: 8, pose: 7)
    #expect(small.vertices(mesh) == large.vertices(mesh))
    #expect(bodies(seed: 6).phenotypes[8] != small.phenotypes[8])
    #expect(bodies(seed: 6).poses.poses[7] != small.poses.poses[7])
    // Person 3 does not depend on how many there are.
    let fewer = PosedBodies(
      body: ProceduralBody.model, identities: SplitCounts(train: 4), poses: small.poses, seed: 5)
    #expect(fewer.phenotypes == Array(small.phenotypes.prefix(4)))
  }

  /// The answer to "person i in the pose of person k's mesh" is person i posed by the very rotations of that mesh.
  @Test func groundTruthIsExact() throws {
    let bodies = bodies()
    let retargeter = Retargeter(bodies.body)
    for step in 0..<4 {
      let sampler = try PoseTransferSampler(bodies, pairsPerEpoch: 8, batchSize: 2, seed: 1)
      for sample in try sampler.samples(step) {
        let person = bodies.body.shaped(bodies.phenotypes[sample.pair.identityMesh.identity])
        let posed = person.posed(
          world: retargeter.worldRotations(bodies.poses.poses[sample.pair.poseMesh.pose]))
        // Into y up, facing +z, then as every mesh.
        let upright = stride(from: 0, to: posed.count, by: 3).map {
          SIMD3(Double(posed[$0]), Double(posed[$0 + 2]), -Double(posed[$0 + 1]))
        }
        let truth = try #require(sample.groundTruth)
        #expect(sample.identityShuffle.restored(truth) == centred(upright))
      }
    }
  }

  @Test func aMeshInItsOwnPoseReproducesItself() throws {
    let bodies = bodies()
    let mesh = PosedIdentity(identity: 1, pose: 2)
    let pairs = [
      PoseTransferPair(identityMesh: mesh, poseMesh: mesh),
      PoseTransferPair(identityMesh: mesh, poseMesh: PosedIdentity(identity: 3, pose: 2)),
    ]
    let set = PoseTransferEvaluationSet(bodies, pairs: pairs, seed: 1)
    for index in pairs.indices { #expect(try set.sample(index).groundTruth == set.sample(index).identityPoints) }
    let other = PoseTransferPair(identityMesh: mesh, poseMesh: PosedIdentity(identity: 3, pose: 1))
    let moved = try PoseTransferEvaluationSet(bodies, pairs: [other], seed: 1).sample(0)
    #expect(moved.groundTruth != moved.identityPoints)
  }

  @Test func bodiesStandUprightAndFaceForward() {
    let bodies = PosedBodies(
      body: ProceduralBody.model, identities: Self.counts,
      poses: NumberedPoses(SplitCounts(train: 1), drawnFrom: Standing(), test: Standing(), seed: 1), seed: 1)
    let mesh = TriangleMesh(vertices: bodies.vertices(PosedIdentity(identity: 0, pose: 0)), faces: bodies.faces)
    let extent = SpatialBox(mesh.vertices).extent
    #expect((1.2...2.2).contains(extent.y) && extent.y > extent.x / 1.3 && extent.y > 2 * extent.z)
    // The normals still point outwards: the volume is positive, so nothing was mirrored.
    let volume = mesh.faces.reduce(0.0) { sum, face in
      sum + dot(mesh.vertices[Int(face.x)], cross(mesh.vertices[Int(face.y)], mesh.vertices[Int(face.z)])) / 6
    }
    #expect((0.02...0.2).contains(volume))
    // The feet point to +z.
    let low = mesh.vertices.map(\.y).min() ?? 0
    let feet = mesh.vertices.filter { $0.y < low + 0.05 }
    let ankles = mesh.vertices.filter { (low + 0.15...low + 0.3).contains($0.y) }
    #expect(centroid(feet).z > centroid(ankles).z + 0.02)
  }

  private struct Standing: PoseSource {
    let summary = "standing"
    func pose(using generator: inout PhiloxGenerator) -> MotionPose { .tPose }
  }

  // MARK: Poses of clips

  /// Frame k turns the left arm by k degrees; the frames are in two clips.
  private func library(_ frames: Int) throws -> MotionLibrary {
    let rows = (0..<frames).map { frame in
      var row = [Double](repeating: 0, count: 63)
      row[3 + 3 * MotionJoint.leftArm.rawValue + 2] = Double(frame)
      return row
    }
    let clips = try [Array(rows.prefix(frames / 3)), Array(rows.dropFirst(frames / 3))].map { rows in
      try MotionClip(TestClips.clip(rows: rows))
    }
    return MotionLibrary(clips: clips, summary: "two clips")
  }

  /// The frame that a pose was taken from.
  private func frame(_ pose: MotionPose) -> Int { Int((pose[.leftArm].axisAngle.x * 180 / .pi).rounded()) }

  @Test func clipsAreCutIntoBlocks() throws {
    let numbered = try NumberedPoses(SplitCounts(train: 10, validation: 5, test: 5), of: library(100))
    #expect(numbered.poses.map(frame) == (0..<20).map { 5 * $0 })
    let apart = try NumberedPoses(
      SplitCounts(train: 10, validation: 10, test: 3), of: library(100), test: library(7))
    #expect(apart.poses.map(frame) == (0..<20).map { 5 * $0 } + [0, 2, 4])
  }

  @Test func noFrameIsUsedTwice() throws {
    let all = try NumberedPoses(SplitCounts(train: 30, validation: 6, test: 6), of: library(42))
    #expect(all.poses.map(frame) == Array(0..<42))
    let error = #expect(throws: ComputeError.self) {
      try NumberedPoses(SplitCounts(train: 30, validation: 7, test: 6), of: library(42))
    }
    #expect(error?.kind == .data && error?.what.contains("43 poses") == true)
  }
}
