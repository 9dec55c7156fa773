import Compute
import Geometry
import Testing

@testable import Datasets

@Suite struct MotionTests {
  @Test func clipGivesLocalRotations() throws {
    let row = TestClips.row(seed: 3)
    let motion = try MotionClip(TestClips.clip(rows: [[Double](repeating: 0, count: 63), row]))
    #expect(motion.poses.count == 2)
    #expect(zip(motion.poses[0].rotations, MotionPose.tPose.rotations).allSatisfy { ($0 - $1).magnitude < 1e-12 })
    for joint in MotionJoint.allCases {
      let angles = (0..<3).map { row[3 + 3 * joint.rawValue + $0] * .pi / 180 }
      let expected =
        Matrix3(axisAngle: SIMD3(0, 0, angles[0])) * Matrix3(axisAngle: SIMD3(0, angles[1], 0))
        * Matrix3(axisAngle: SIMD3(angles[2], 0, 0))
      #expect((motion.poses[1][joint] - expected).magnitude < 1e-12, "\(joint)")
    }
  }

  @Test func conversionLayoutReadsTheSameWorldRotations() throws {
    // LowerBack, Spine, Spine1 name the trunk in the common CMU conversions.
    let names: [MotionJoint: String] = [.spine: "LowerBack", .spine1: "Spine", .spine2: "Spine1"]
    let rows = [TestClips.row(seed: 4)]
    let own = try MotionClip(TestClips.clip(rows: rows))
    let other = try MotionClip(
      BVHClip(bytes: [UInt8](TestClips.text(names: names, rows: rows).utf8), name: "conversion.bvh"))
    #expect(own.poses == other.poses)
  }

  @Test func foreignJointsAreRefused() throws {
    let text = TestClips.text(names: [.leftArm: "LeftTentacle"], rows: [TestClips.row(seed: 5)])
    expectDataError(containing: "LeftArm is missing") {
      try MotionClip(BVHClip(bytes: [UInt8](text.utf8), name: "foreign.bvh"))
    }
    let extra = TestClips.text(rows: [TestClips.row(seed: 5)]).replacing(
      "JOINT Head", with: "JOINT Antenna\n{\nOFFSET 0 1 0\nCHANNELS 0\nEnd Site\n{\nOFFSET 0 1 0\n}\n}\nJOINT Head")
    expectDataError(containing: "Antenna is unknown") {
      try MotionClip(BVHClip(bytes: [UInt8](extra.utf8), name: "extra.bvh"))
    }
  }

  @Test func restPoseMustBeTheTPose() {
    let text = TestClips.text(rows: [TestClips.row(seed: 6)]).replacing("OFFSET 28.0 0.0 0.0", with: "OFFSET 0 -28 0")
    expectDataError(containing: "LeftArm does not stand as in a T-pose") {
      try MotionClip(BVHClip(bytes: [UInt8](text.utf8), name: "a-pose.bvh"))
    }
  }

  @Test func headingCanBeTakenOffAndPutOn() throws {
    let pose = try MotionClip(TestClips.clip(rows: [TestClips.row(seed: 7)])).poses[0]
    #expect(abs(pose.facing(0.7).heading - 0.7) < 1e-12)
    #expect((pose.facing(0.7).facing(pose.heading)[.hips] - pose[.hips]).magnitude < 1e-12)
    // Only the root turns, about the vertical: heights of a posed point stay.
    let turned = pose.facing(2).worldRotations
    for (a, b) in zip(turned, pose.worldRotations) {
      #expect(abs((a * SIMD3(1, 2, 3)).y - (b * SIMD3(1, 2, 3)).y) < 1e-12)
    }
  }

  @Test func mirrorReflectsEveryBone() throws {
    let pose = try MotionClip(TestClips.clip(rows: [TestClips.row(seed: 8)])).poses[0]
    let world = pose.worldRotations
    let mirrored = pose.mirrored.worldRotations
    for joint in MotionJoint.allCases {
      let original = world[joint.rawValue] * SIMD3(0.3, -0.5, 0.8)
      let reflected = mirrored[joint.mirrored.rawValue] * SIMD3(-0.3, -0.5, 0.8)
      #expect(norm(reflected - original * SIMD3(-1, 1, 1)) < 1e-12, "\(joint)")
    }
    #expect(pose.mirrored.mirrored == pose)
  }

  @Test func limbsOfTheReferenceBodyPointAsInTheMotion() throws {
    // At the reference person, alignment makes every aligned bone follow the motion's own bone exactly.
    let body = ProceduralBody.model
    let retargeter = Retargeter(body)
    let clip = try TestClips.clip(rows: [TestClips.row(seed: 9)])
    let pose = try MotionClip(clip).poses[0]
    let world = retargeter.worldRotations(pose)
    let rest = body.shaped(.reference).heads
    let heads = body.skeleton.headPositions(rest: rest, world: world, root: .zero)
    let joints = clip.worldTransforms(frame: 0).positions
    for (bone, next, joint, nextJoint) in [
      ("upperleg01.L", "lowerleg01.L", MotionJoint.leftUpLeg, MotionJoint.leftLeg),
      ("lowerleg01.R", "foot.R", .rightLeg, .rightFoot), ("upperarm01.R", "lowerarm01.R", .rightArm, .rightForeArm),
      ("lowerarm01.L", "wrist.L", .leftForeArm, .leftHand),
    ] {
      let a = try #require(body.skeleton.index(of: bone))
      let b = try #require(body.skeleton.index(of: next))
      let moved = heads[b] - heads[a]
      let motion = joints[nextJoint.rawValue] - joints[joint.rawValue]
      let expected = SIMD3(motion.x, -motion.z, motion.y)
      #expect(norm(moved / norm(moved) - expected / norm(expected)) < 1e-9, "\(bone)")
    }
    // Bones keep their lengths.
    for (bone, parent) in body.skeleton.parents.enumerated() where parent >= 0 {
      #expect(abs(norm(heads[bone] - heads[parent]) - norm(rest[bone] - rest[parent])) < 1e-9)
    }
  }

  @Test func localAndWorldRotationsAreInverse() throws {
    let body = ProceduralBody.model
    let pose = try MotionClip(TestClips.clip(rows: [TestClips.row(seed: 10)])).poses[0]
    let world = Retargeter(body).worldRotations(pose)
    let again = body.skeleton.worldRotations(local: body.skeleton.localRotations(world: world))
    #expect(zip(world, again).allSatisfy { ($0 - $1).magnitude < 1e-12 })
  }

  @Test func libraryCountsPosesOverItsClips() throws {
    let clips = try [2, 3].map { count in
      try MotionClip(TestClips.clip(rows: (0..<count).map { TestClips.row(seed: 10 * count + $0) }))
    }
    let library = MotionLibrary(clips: clips, summary: "two clips")
    #expect(library.poseCount == 5)
    #expect((0..<5).map { library.pose(at: $0) } == clips[0].poses + clips[1].poses)
    var random = PhiloxGenerator(seed: 1, stream: 1)
    #expect(abs(library.pose(using: &random).heading) < 1e-12)
  }
}
