import Compute
import Foundation
import Geometry
import Testing

@testable import Datasets

@Suite struct TupleSamplerTests {
  @Test func gapsAreStrictlyBetweenTheBoundsInTime() {
    #expect(TimeGap.pretext(framesPerSecond: 50).frames == 5...127)
    #expect(TimeGap.pretext(framesPerSecond: 30).frames == 3...76)
    #expect(TimeGap.pretext(framesPerSecond: 25).frames == 3...63)
    #expect(TimeGap.pretext(framesPerSecond: 15).frames == 2...38)
    #expect(TimeGap.pretext(framesPerSecond: 100).frames == 9...255)
    #expect(TimeGap.pretext(framesPerSecond: 0.3).isEmpty)
    for rate in [7.0, 12.5, 15, 24, 25, 29.97, 30, 50, 59.94, 60, 120, 240] {
      let frames = TimeGap.pretext(framesPerSecond: rate).frames
      #expect(Double(frames.lowerBound) / rate > 0.08 && Double(frames.upperBound) / rate < 2.56)
      #expect(Double(frames.lowerBound - 1) / rate <= 0.08 && Double(frames.upperBound + 1) / rate >= 2.56)
    }
  }

  @Test func partnersAreThoseOfTheList() {
    let list = [0, 3, 4, 5, 9, 100, 130, 131, 132, 260]
    let gap = TimeGap.pretext(framesPerSecond: 50)
    for (position, frame) in list.enumerated() {
      let expected = list.indices.filter { (5...127).contains(abs(list[$0] - frame)) }
      #expect(Array(gap.partners(of: position, in: list)) == expected)
    }
  }

  @Test func tuplesAreWhatTheSpecificationSays() throws {
    let frames = (0..<400).filter { $0 % 7 != 3 }
    let recordings = RampRecordings([
      RampRecordings.sequence("S1/a", "S1", .train, frames), RampRecordings.sequence("S2/b", "S2", .test, frames),
      RampRecordings.sequence("S1/c", "S1", .train, Array(0..<40)),
    ])
    let sampler = try MultiViewTupleSampler(recordings, split: .train, seed: 3)
    var later = 0
    for number in 0..<2000 {
      let tuple = sampler.tuple(number)
      let (a, b, c) = (tuple.a.place, tuple.b.place, tuple.c.place)
      #expect(a.sequence == b.sequence && b.sequence == c.sequence && a.sequence != 1)
      #expect(a.frame == b.frame && a.view != b.view && c.view != b.view)
      let offset = c.frame - b.frame
      #expect((5...127).contains(abs(offset)))
      #expect(tuple.gapInSeconds == Double(offset) / 50)
      later += offset > 0 ? 1 : 0
      #expect(recordings.sequences[c.sequence].frames.contains(c.frame))
      #expect(tuple.swaps == [false, false, false])
      #expect(Set([tuple.a, tuple.b, tuple.c].map(\.augmentation.isMirrored)).count == 1)
      #expect(Set([tuple.a, tuple.b, tuple.c].map { $0.draw >> 63 }).count == 1)
      for shot in [tuple.a, tuple.b, tuple.c] { #expect(isWithin(shot.augmentation, .pretext)) }
    }
    // Of 2,000, 1,000 with a deviation of 22.
    #expect((900...1100).contains(later))
  }

  /// 2,400 draws over few outcomes: every share is within five deviations of what it should be.
  @Test func drawsAreUniform() throws {
    let recordings = RampRecordings([
      RampRecordings.sequence("S1/a", "S1", .train, Array(0..<13)),
      RampRecordings.sequence("S1/b", "S1", .train, [0, 9]),
      RampRecordings.sequence("S1/c", "S1", .train, [0, 4]),
    ])
    let sampler = try MultiViewTupleSampler(recordings, split: .train, seed: 4)
    #expect(sampler.pairCount == 74, "5 to 12 frames apart: 8 + ... + 1, either way; one pair; none in the last take")
    let tuples = (0..<2400).map(sampler.tuple)
    func expectUniform<Value: Hashable>(_ values: [Value], outcomes: Int) {
      let counts = Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +)
      #expect(counts.count == outcomes)
      let mean = Double(values.count) / Double(outcomes)
      for count in counts.values { #expect(abs(Double(count) - mean) < 5 * mean.squareRoot(), "\(count) of \(mean)") }
    }
    expectUniform(tuples.map { [$0.b.place.sequence, $0.b.place.frame, $0.c.place.frame] }, outcomes: 74)
    expectUniform(tuples.map { [$0.a.place.view, $0.b.place.view] }, outcomes: 12)
    expectUniform(tuples.map { [$0.b.place.view, $0.c.place.view] }, outcomes: 12)
    expectUniform(tuples.map(\.a.augmentation.isMirrored), outcomes: 2)
    let second = tuples.filter { $0.a.place.sequence == 1 }
    #expect(!second.isEmpty && second.allSatisfy { $0.c.place.frame != $0.a.place.frame })
  }

  /// Where still stretches have few partners, an instant is the first of a pair as often as it is the second, so that one
  /// picture alone says nothing of the label.
  @Test func stillStretchesAreNoMoreOftenFirst() throws {
    var settings = MultiViewTupleSampler.Settings()
    settings.leastPoseDifference = 60
    let sampler = try MultiViewTupleSampler(
      StandingThenMoving(still: 150, frames: 200), split: .train, seed: 9, settings: settings)
    let count = 10_000
    let tuples = (0..<count).map(sampler.tuple)
    let first = tuples.count { $0.b.place.frame < 150 }
    let second = tuples.count { $0.c.place.frame < 150 }
    #expect(tuples.allSatisfy { $0.b.place.frame >= 150 || $0.c.place.frame >= 150 })
    #expect(first > count / 4 && second > count / 4)
    // The difference's standard deviation is at most 100.
    #expect(abs(first - second) < 400, "\(first) and \(second) of \(count)")
  }

  @Test func tuplesOfASeedNeverChange() throws {
    let recordings = RampRecordings(frames: 300)
    let sampler = try MultiViewTupleSampler(recordings, split: .train, seed: 5)
    let again = try MultiViewTupleSampler(recordings, split: .train, seed: 5)
    for number in [0, 1, 17, 123_456] { #expect(sampler.tuple(number) == again.tuple(number)) }
    #expect(sampler.tuples(step: 3, count: 4) == (12..<16).map(sampler.tuple))
    let other = try MultiViewTupleSampler(recordings, split: .train, seed: 6)
    #expect((0..<8).contains { sampler.tuple($0) != other.tuple($0) })
    // Validation draws apart from training.
    var validation = recordings.sequences[0]
    validation = RampRecordings.sequence("S9/a", "S9", .validation, validation.frames)
    let both = RampRecordings([recordings.sequences[0], validation])
    let held = try MultiViewTupleSampler(both, split: .validation, seed: 5)
    #expect((0..<8).contains { held.tuple($0).a.place.frame != sampler.tuple($0).a.place.frame })
  }

  @Test func swapsAndSingleViewsAreSettings() throws {
    var settings = MultiViewTupleSampler.Settings()
    settings.swapsPairs = true
    settings.isSingleView = true
    settings.mirrorsTuples = false
    let sampler = try MultiViewTupleSampler(
      RampRecordings(frames: 300, views: 1), split: .train, seed: 7, settings: settings)
    let tuples = (0..<400).map(sampler.tuple)
    for kind in 0..<3 { #expect((150...250).contains(tuples.count { $0.swaps[kind] })) }
    #expect(tuples.allSatisfy { $0.a.place.view == 0 && $0.b.place.view == 0 && $0.c.place.view == 0 })
    #expect(tuples.allSatisfy { !$0.a.augmentation.isMirrored })
    #expect(tuples.allSatisfy { isWithin($0.a.augmentation, .singleView) && $0.a.augmentation != $0.b.augmentation })
    #expect(tuples.contains { !isWithin($0.a.augmentation, .pretext) })
  }

  @Test func whatCannotBeSampledIsRefused() {
    func refusal(_ recordings: RampRecordings, _ settings: MultiViewTupleSampler.Settings = .init()) -> String? {
      do {
        _ = try MultiViewTupleSampler(recordings, split: .train, seed: 1, settings: settings)
        return nil
      } catch { return (error as? ComputeError)?.what }
    }
    #expect(refusal(RampRecordings(frames: 300, views: 1)) == "S1/take was seen by 1 camera")
    #expect(
      refusal(RampRecordings(frames: 5)) == "no sequence of the train split has two instants 0.08 to 2.56 seconds apart"
    )
    #expect(refusal(RampRecordings(frames: 6)) == nil)
    #expect(refusal(RampRecordings(frames: 300, split: .test))?.hasPrefix("no sequence of the train split") == true)
    var settings = MultiViewTupleSampler.Settings()
    settings.leastPoseDifference = 60
    #expect(refusal(RampRecordings(frames: 300), settings) == "poses cannot be compared in these recordings")
  }

  // MARK: - Batches

  @Test func blocksOfABatchAreABCF() throws {
    let recordings = RampRecordings(frames: 300)
    var settings = MultiViewTupleSampler.Settings()
    settings.swapsPairs = true
    let sampler = try MultiViewTupleSampler(recordings, split: .train, seed: 8, settings: settings)
    let batch = try sampler.batch(2, count: 3, size: 5)
    let tuples = sampler.tuples(step: 2, count: 3)
    let length = 5 * 5 * 3
    #expect(batch.pixels.count == 12 * length)
    #expect(batch.gapsInSeconds == tuples.map(\.gapInSeconds))
    for (number, tuple) in tuples.enumerated() {
      for (block, shot) in [tuple.a, tuple.b, tuple.c].enumerated() {
        let picture = try recordings.picture(at: shot, size: 5)
        let found = Array(batch.pixels[(3 * block + number) * length..<(3 * block + number + 1) * length])
        for (k, value) in found.enumerated() {
          let (mean, deviation): (Float, Float) = [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)][k % 3]
          #expect(abs(value - (picture.colors[k] - mean) / deviation) < 1e-5)
        }
      }
      for row in 0..<5 {
        for column in 0..<5 {
          for channel in 0..<3 {
            let f = batch.pixels[(9 + number) * length + (row * 5 + column) * 3 + channel]
            #expect(f == batch.pixels[(3 + number) * length + (row * 5 + 4 - column) * 3 + channel])
          }
        }
      }
      let plain = [SIMD2(number, 3 + number), SIMD2(3 + number, 6 + number), SIMD2(number, 9 + number)]
      for kind in 0..<3 {
        let pair = batch.pairs[3 * kind + number]
        let expected = SIMD2<Int32>(truncatingIfNeeded: plain[kind])
        #expect(pair == (tuple.swaps[kind] ? SIMD2(expected.y, expected.x) : expected))
      }
    }
  }

  // MARK: - Pairs of the evaluation

  @Test func gapsOfPairsLieAboutTheirCentre() throws {
    let recordings = RampRecordings([
      RampRecordings.sequence("S9/a", "S9", .test, Array(0..<500)),
      RampRecordings.sequence("S11/b", "S11", .test, Array(0..<300), 30),
    ])
    #expect(MultiViewPairs.gapCentres.count == 16 && MultiViewPairs.gapCentres[15] == 128)
    for centre in MultiViewPairs.gapCentres {
      let pairs = try MultiViewPairs(of: recordings, split: .test, gapCentre: centre, count: 300, seed: 2)
      #expect(pairs.synchronized.count == 300 && pairs.unsynchronized.count == 300)
      for pair in pairs.synchronized {
        #expect(pair.first.place.frame == pair.second.place.frame && pair.gapInSeconds == 0)
        #expect(pair.first.place.view != pair.second.place.view)
        #expect(pair.first.augmentation == .none && pair.flipped.second.augmentation.isMirrored)
      }
      for pair in pairs.unsynchronized {
        let gap = abs(pair.gapInSeconds) * 50
        #expect(gap > 0 && gap > Double(centre) - 7 - 1e-9 && gap < Double(centre) + 8 + 1e-9)
        #expect(pair.first.place.view != pair.second.place.view)
      }
      let gaps = pairs.unsynchronized.filter { $0.first.place.sequence == 0 }.map {
        Int(($0.gapInSeconds * 50).rounded())
      }
      #expect(gaps.contains { $0 < 0 } && gaps.contains { $0 > 0 })
      #expect(gaps.map(abs).min() == max(1, centre - 7) || gaps.count < 150)
    }
    let one = try MultiViewPairs(of: recordings, split: .test, subjects: ["S11"], gapCentre: 8, count: 9, seed: 2)
    #expect((one.synchronized + one.unsynchronized).allSatisfy { $0.first.place.sequence == 1 })
  }

  @Test func onePoseComparedWithItselfTurned() {
    let pose = (0..<17).map { SIMD3(sin(Double($0)) * 300, cos(Double(3 * $0)) * 200, Double($0) * 90) }
    let (s, c) = (sin(0.7), cos(0.7))
    let turned = pose.map { SIMD3(c * $0.x - s * $0.y, s * $0.x + c * $0.y, $0.z) + SIMD3(500, -70, 3) }
    #expect(PoseDifferences.difference(pose, turned) < 1e-9)
    var raised = turned
    for joint in 1..<17 { raised[joint].z += 50 }
    #expect(abs(PoseDifferences.difference(pose, raised) - 50 * 16 / 17) < 1e-9)
  }

  private func isWithin(_ augmentation: PictureAugmentation, _ range: PictureAugmentation.Range) -> Bool {
    abs(augmentation.shift.x) <= range.shift && abs(augmentation.shift.y) <= range.shift
      && range.scale.contains(augmentation.scale)
      && abs(augmentation.rotation) <= range.rotationInDegrees * .pi / 180 + 1e-12
      && abs(augmentation.brightness) <= range.brightness && range.saturation.contains(augmentation.saturation)
  }
}

/// A take in which someone stands still and then raises both arms without end.
private struct StandingThenMoving: RoomJoints {
  let still: Int
  let recordings: RampRecordings

  init(still: Int, frames: Int) {
    self.still = still
    recordings = RampRecordings(frames: frames)
  }

  var sequences: [MultiViewSequence] { recordings.sequences }

  func roomJoints(sequence: Int, frame: Int) -> [SIMD3<Double>] {
    (0..<17).map { SIMD3(0, Double($0), $0 > 10 ? 100 * Double(max(0, frame - still)) : 0) }
  }

  func picture(
    at place: MultiViewPlace, _ augmentation: PictureAugmentation, size: Int, draw: UInt64
  ) throws -> PersonPicture {
    try recordings.picture(at: place, augmentation, size: size, draw: draw)
  }

  func joints(at place: MultiViewPlace) throws -> [SIMD3<Double>]? { try recordings.joints(at: place) }
}
