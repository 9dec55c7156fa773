import Compute
import Foundation
import Geometry
import Testing

@testable import Datasets

@Suite struct PoseImageTests {
  private let recordings = RampRecordings([
    RampRecordings.sequence("S1/a", "S1", .train, Array(0..<50)),
    RampRecordings.sequence("S5/a", "S5", .train, [3, 9]),
    RampRecordings.sequence("S9/a", "S9", .test, Array(0..<300)),
  ])

  @Test func labelsAreThoseOfSubjectsAndShare() throws {
    func places(_ subjects: [String]?, _ share: Double) throws -> [MultiViewPlace] {
      try PoseImageSampler(recordings, subjects: subjects, share: share, seed: 1).places
    }
    #expect(try places(nil, 1).count == 4 * 52)
    #expect(try places(["S5"], 1).map(\.sequence) == [Int](repeating: 1, count: 8))
    let (tenth, all) = (try places(["S1"], 0.1), Set(try places(["S1"], 1)))
    #expect(tenth.count == 20 && Set(tenth).count == 20 && all.isSuperset(of: tenth))
    #expect(Set(tenth).isSuperset(of: try places(["S1"], 0.05)), "fewer labels are among more")
    #expect(try places(["S1"], 1e-9).count == 1)
    for (subjects, share) in [(["S9"], 1.0), (["S1"], 0), (["S1"], 1.5)] {
      #expect(throws: ComputeError.self) { try places(subjects, share) }
    }
  }

  @Test func everySixtyFourthFrame() throws {
    let test = try recordings.places(of: .test, every: 1.28)
    #expect(test.map(\.frame) == [0, 64, 128, 192, 256].flatMap { [Int](repeating: $0, count: 4) })
    let slow = RampRecordings.sequence("S9/b", "S9", .test, Array(5..<120), 30)
    #expect(slow.frames(every: 1.28) == [5, 39, 77, 116])
    #expect(slow.frames(every: nil) == slow.frames)
  }

  @Test func posesTurnAndMirrorWithTheirPictures() throws {
    let sampler = try PoseImageSampler(recordings, seed: 2)
    let batch = try sampler.batch(4, count: 6, size: 4)
    #expect(batch.shots == (24..<30).map(sampler.shot))
    #expect(batch.pixels.count == 6 * 4 * 4 * 3 && batch.joints.count == 6 * 16 * 3)
    let shots = (0..<200).map(sampler.shot)
    #expect((70...130).contains(shots.count { $0.augmentation.isMirrored }))
    #expect(shots.allSatisfy { abs($0.augmentation.rotation) <= 10 * .pi / 180 && $0.augmentation.scale == 1 })

    // A quarter turn clockwise takes what points right to what points down; a mirror exchanges the sides.
    var augmentation = PictureAugmentation.none
    augmentation.rotation = .pi / 2
    var pose = (1...16).map { SIMD3(Double($0), 0, 5) }
    #expect(augmentation.applied(to: pose).enumerated().allSatisfy { norm($1 - SIMD3(0, Double($0 + 1), 5)) < 1e-9 })
    augmentation.isMirrored = true
    augmentation.rotation = 0
    pose = (1...16).map { SIMD3(Double($0), 100 + Double($0), 5) }
    let mirrored = augmentation.applied(to: pose)
    for (joint, other) in [(1, 4), (2, 5), (3, 6), (14, 11), (15, 12), (16, 13), (7, 7), (8, 8), (9, 9), (10, 10)] {
      #expect(mirrored[joint - 1] == SIMD3(-Double(other), 100 + Double(other), 5))
      #expect(mirrored[other - 1] == SIMD3(-Double(joint), 100 + Double(joint), 5))
    }
    #expect(augmentation.applied(to: mirrored) == pose)
  }

  /// A joint's place on the picture moves as the picture does.
  @Test func aTurnedPoseProjectsOntoTheTurnedPicture() {
    var augmentation = PictureAugmentation.none
    augmentation.rotation = 0.3
    let crop = PersonCrop(low: SIMD2(300, 200), high: SIMD2(500, 700), augmentation, size: 100)
    let plain = PersonCrop(low: SIMD2(300, 200), high: SIMD2(500, 700), .none, size: 100)
    let (p, middle) = (SIMD2(440.0, 300), SIMD2(50.0, 50))
    func place(_ crop: PersonCrop) -> SIMD2<Double> {
      let q = crop.matrix * SIMD3(p.x, p.y, 1)
      return SIMD2(q.x, q.y) - middle
    }
    let before = place(plain)
    let joint = augmentation.applied(to: [SIMD3<Double>](repeating: SIMD3(before.x, before.y, 0), count: 16))[0]
    #expect(norm(joint - SIMD3(place(crop).x, place(crop).y, 0)) < 1e-9)
  }

  @Test func statisticsAreOfThePopulation() {
    let poses = [1.0, 2, 6].map { value in (0..<16).map { SIMD3(value * Double($0 + 1), 7, value) } }
    let statistics = PoseStatistics(poses)
    #expect(statistics.mean.count == 48 && statistics.deviation.count == 48)
    #expect(abs(statistics.mean[3] - 6) < 1e-12 && statistics.mean[4] == 7)
    // Of 1, 2, 6 about 3: the root of 14 thirds.
    #expect(abs(statistics.deviation[3] - 2 * (14.0 / 3).squareRoot()) < 1e-12)
    #expect(statistics.deviation[4] == 1, "what does not vary is left as it is")
  }
}
