import Compute
import Foundation
import Geometry
import RasterShim
import Testing

@testable import Datasets

@Suite struct RenderedSceneTests {
  /// Two subjects to train on, one to validate and one to test, eight seconds each.
  private static func recordings(
    _ background: SceneSettings.Background = .removed, seed: UInt64 = 1, sensor: Bool = true,
    light: SceneSettings.Light = .room
  ) throws -> RenderedRecordings {
    var counts = SceneMotions.Generated()
    (counts.trainTakes, counts.validationTakes, counts.testTakes) = (3, 1, 2)
    counts.takesPerSubject = 2
    counts.seconds = 8
    var settings = SceneSettings()
    settings.background = background
    settings.sensor = sensor
    settings.light = light
    (settings.trainRooms, settings.validationRooms, settings.testRooms) = (2, 1, 1)
    return try RenderedRecordings(
      body: ProceduralBody.model, motions: .generated(counts, seed: seed), settings: settings, seed: seed)
  }

  @Test func takesHaveSubjectsRoomsAndFrames() throws {
    let recordings = try Self.recordings()
    #expect(
      recordings.sequences.map(\.subject) == ["train-1", "train-1", "train-2", "validation-1", "test-1", "test-1"])
    #expect(Set(recordings.sequences.map(\.identifier)).count == 6)
    #expect(recordings.sequences.allSatisfy { $0.framesPerSecond == 30 && $0.views.count == 4 })
    #expect(recordings.sequences[0].frames.allSatisfy { $0.isMultiple(of: 3) })
    #expect(recordings.sequences[4].frames == Array(0..<240))
    #expect(recordings.sequences.map { $0.views[0] }.filter { $0.hasPrefix("room-1-") }.count == 2)
    #expect(Set(recordings.takes.map(\.phenotype.weight)).count == 6)
  }

  /// Frames follow each other smoothly, the person moves, and the lowest point of every pose is on the floor.
  @Test func generatedMotionIsSmoothAndMoves() throws {
    let recordings = try Self.recordings()
    let joints = try (0..<240).map { try recordings.roomJoints(sequence: 4, frame: $0) }
    let steps = zip(joints, joints.dropFirst()).map { zip($0, $1).map { norm($0 - $1) }.max() ?? 0 }
    // Nobody's hand is faster than 8 m/s.
    #expect(steps.max() ?? .infinity < 8000 / 30)
    #expect(PoseDifferences.difference(joints[0], joints[60]) > 60)
    for take in recordings.takes {
      let (moment, outline) = take.moment(30)
      let heights = stride(from: 0, to: outline.count, by: 3).map {
        moment.inRoom(SIMD3(Double(outline[$0]), Double(outline[$0 + 1]), Double(outline[$0 + 2]))).z
      }
      #expect(abs(heights.min() ?? 1) < 1e-5 && (0.5...2.5).contains(heights.max() ?? 0))
    }
    for sequence in recordings.takes.indices {
      for frame in recordings.sequences[sequence].frames {
        let place = recordings.takes[sequence].place(frame)
        #expect(max(abs(place.x), abs(place.y)) <= 2)
      }
    }
  }

  @Test func camerasStandInTheCornersAndSeeThePerson() throws {
    let recordings = try Self.recordings()
    for (sequence, take) in recordings.takes.enumerated() {
      for (view, camera) in take.room.cameras.enumerated() {
        let p = camera.position
        let azimuth = atan2(p.y, p.x) * 180 / .pi
        #expect(abs(remainder(azimuth - Double(45 + 90 * view), 360)) <= 12)
        #expect((4.6...5.8).contains((p.x * p.x + p.y * p.y).squareRoot()) && (1.4...1.8).contains(p.z))
        #expect((1130...1160).contains(camera.focalLength.x))
        let place = MultiViewPlace(sequence: sequence, view: view, frame: recordings.sequences[sequence].frames[5])
        let joints = try #require(try recordings.joints(at: place))
        // Joints are in the camera's millimetres: metres away, what is higher in the room (be it a foot) above.
        #expect(joints.count == 17 && joints.allSatisfy { $0.z > 1500 && $0.z < 9000 })
        let room = try recordings.roomJoints(sequence: sequence, frame: place.frame)
        let byHeight = room.indices.sorted { room[$0].z < room[$1].z }
        #expect(joints[byHeight[16]].y < joints[byHeight[0]].y)
        for (a, b) in zip(joints, room) { #expect(norm(a - camera.toCamera(b / 1000) * 1000) < 1e-9) }
      }
    }
  }

  @Test func jointsLieWherePicturesShowThem() throws {
    let recordings = try Self.recordings()
    let sampler = try MultiViewTupleSampler(recordings, split: .test, seed: 1)
    var worst = 0.0
    var count = 0
    for number in 0..<4 {
      let shot = sampler.tuple(number).b
      for error in try recordings.reprojectionErrors(at: shot.place, shot.augmentation, size: 64) {
        worst = max(worst, error)
        count += 1
      }
    }
    #expect(count > 50)
    #expect(worst < 0.5, "\(worst) pixels")
    print("reprojection: at most \(worst) pixels over \(count) joints")
  }

  /// The person fills most of the plain cut-out, head up, and nothing is behind.
  @Test func aPlainCutOutHoldsThePerson() throws {
    let recordings = try Self.recordings(sensor: false)
    for view in 0..<4 {
      let place = MultiViewPlace(sequence: 4, view: view, frame: 50)
      let picture = try recordings.picture(at: place, .none, size: 48, draw: 1)
      #expect(picture.colors.allSatisfy { (0...1).contains($0) })
      let lit = (0..<48 * 48).filter { picture.colors[3 * $0..<3 * $0 + 3].contains { $0 > 0 } }
      let (rows, columns) = (lit.map { $0 / 48 }, lit.map { $0 % 48 })
      let extent = max((rows.max() ?? 0) - (rows.min() ?? 0), (columns.max() ?? 0) - (columns.min() ?? 0)) + 1
      // 48 / 1.15 is 41.7.
      #expect((41...43).contains(extent))
      #expect((1...5).contains(rows.min() ?? 0) || (1...5).contains(columns.min() ?? 0))
      #expect((0.05...0.6).contains(Double(lit.count) / (48 * 48)))
    }
  }

  @Test func picturesRepeatAndDrawsDiffer() throws {
    let (first, again) = (try Self.recordings(), try Self.recordings())
    let place = MultiViewPlace(sequence: 1, view: 2, frame: 30)
    let picture = try first.picture(at: place, .none, size: 32, draw: 5)
    #expect(picture.colors == (try again.picture(at: place, .none, size: 32, draw: 5)).colors)
    #expect(picture.colors != (try first.picture(at: place, .none, size: 32, draw: 6)).colors)
    let other = try Self.recordings(seed: 2)
    #expect(picture.colors != (try other.picture(at: place, .none, size: 32, draw: 5)).colors)
    let made = concurrentMap(8, threads: 4) { _ in again.drawn(at: place, .none, size: 32, draw: 5).picture.colors }
    #expect(made.allSatisfy { $0 == picture.colors })
  }

  @Test func aMirroredPictureIsTheExactMirror() throws {
    for background in [SceneSettings.Background.removed, .random] {
      let recordings = try Self.recordings(background)
      let place = MultiViewPlace(sequence: 0, view: 1, frame: 45)
      var augmentation = PictureAugmentation.none
      augmentation.shift = SIMD2(0.05, -0.02)
      augmentation.rotation = 0.1
      let plain = try recordings.picture(at: place, augmentation, size: 40, draw: 3)
      augmentation.isMirrored = true
      #expect(try recordings.picture(at: place, augmentation, size: 40, draw: 3).colors == plain.mirrored.colors)
    }
  }

  @Test func backgroundsAreWhatTheirModeSays() throws {
    let place = MultiViewPlace(sequence: 0, view: 0, frame: 30)
    func corner(_ background: SceneSettings.Background, draw: UInt64, view: Int = 0) throws -> [Float] {
      let recordings = try Self.recordings(background, sensor: false)
      let at = MultiViewPlace(sequence: place.sequence, view: view, frame: place.frame)
      return Array(try recordings.picture(at: at, .none, size: 32, draw: draw).colors.prefix(3))
    }
    #expect(try corner(.removed, draw: 1) == [0, 0, 0])
    #expect(try corner(.random, draw: 1) != corner(.random, draw: 2))
    #expect(try corner(.static, draw: 1) == corner(.static, draw: 2))
    #expect(try corner(.static, draw: 1) != corner(.static, draw: 1, view: 1))
    #expect(try corner(.mixed, draw: 1) == [0, 0, 0])
    #expect(try corner(.mixed, draw: 1 | 1 << 63) != [0, 0, 0])
  }

  @Test func colourChangesLeaveTheBlackAlone() throws {
    let recordings = try Self.recordings()
    let place = MultiViewPlace(sequence: 0, view: 0, frame: 30)
    var augmentation = PictureAugmentation.none
    augmentation.brightness = 0.1
    let (plain, bright) = (
      try recordings.picture(at: place, .none, size: 32, draw: 1),
      try recordings.picture(at: place, augmentation, size: 32, draw: 1)
    )
    #expect(bright.colors.prefix(3) == [0, 0, 0])
    let changed = zip(plain.colors, bright.colors).map { $1 - $0 }
    #expect(abs((changed.max() ?? 0) - 0.1) < 1e-5 && changed.min() ?? -1 >= 0)
    let grey = SIMD3<Float>(0.2, 0.5, 0.8)
    augmentation.brightness = 0
    augmentation.saturation = 0
    let luma = 0.299 * grey.x + 0.587 * grey.y + 0.114 * grey.z
    let recolored = augmentation.recolored(grey)
    #expect(abs(recolored.x - luma) < 1e-6 && abs(recolored.y - luma) < 1e-6 && abs(recolored.z - luma) < 1e-6)
  }

  @Test func blurSpreadsAndKeeps() {
    var random = PhiloxGenerator(seed: 9, stream: 0)
    for (size, channels) in [(1, 3), (2, 1), (4, 3), (5, 1), (9, 3)] {
      let values = (0..<size * size * channels).map { _ in Float(random.uniform()) }
      let weights = SIMD3<Float>(0.5, 0.2, 0.05)
      var (blurred, scratch) = (values, values)
      raster_blur(&blurred, Int64(size), Int64(channels), weights.x, weights.y, weights.z, &scratch)
      func along(_ v: [Double], row: Bool) -> [Double] {
        v.indices.map { k in
          let (c, x, y) = (k % channels, k / channels % size, k / channels / size)
          return (-2...2).reduce(0) { sum, step in
            let (cx, cy) = (min(max(x + (row ? step : 0), 0), size - 1), min(max(y + (row ? 0 : step), 0), size - 1))
            return sum + Double(weights[abs(step)]) * v[(cy * size + cx) * channels + c]
          }
        }
      }
      let expected = along(along(values.map(Double.init), row: true), row: false)
      #expect(zip(blurred, expected).allSatisfy { abs(Double($0) - $1) < 1e-6 }, "\(size) by \(size)")
    }
  }

  @Test func aCameraLightLightsWhatTheCameraSees() throws {
    func brightness(_ light: SceneSettings.Light) throws -> Double {
      let recordings = try Self.recordings(sensor: false, light: light)
      return try (0..<4).map { view -> Double in
        let picture = try recordings.picture(
          at: MultiViewPlace(sequence: 0, view: view, frame: 30), .none, size: 32, draw: 1)
        return picture.colors.reduce(0) { $0 + Double($1) }
      }.min() ?? 0
    }
    #expect(try brightness(.camera) > brightness(.room), "no view is in the shade")
  }

  /// The person turns, so headings seen from cameras differ as the cameras' azimuths do.
  @Test func headingsAreSeenFromTheCamera() throws {
    let recordings = try Self.recordings()
    for view in 0..<4 {
      let place = MultiViewPlace(sequence: 4, view: view, frame: 20)
      let joints = try #require(try recordings.joints(at: place))
      // From the right to the left shoulder points right on the picture for someone who faces the camera.
      let across = joints[11] - joints[14]
      let seen = atan2(across.z, across.x)
      let difference = remainder(recordings.heading(at: place) - seen, 2 * .pi)
      #expect(abs(difference) < 1, "shoulders turn against the hips, but not by so much: \(difference)")
    }
  }

  // MARK: - Captured motion

  private func clip(_ name: String, frames: Int, step: Double, height: Double = 94) throws -> MotionClip {
    let rows = (0..<frames).map { frame in
      [step * Double(frame), height, 0] + [Double](repeating: 0, count: 60)
    }
    return try MotionClip(BVHClip(bytes: [UInt8](TestClips.text(rows: rows).utf8), name: name))
  }

  @Test func clipsMoveAsCapturedAndStayInTheRoom() throws {
    let library = MotionLibrary(
      clips: [try clip("001_01.bvh", frames: 120, step: 5), try clip("002_01.bvh", frames: 120, step: 0)],
      summary: "two")
    let motions = try SceneMotions.captured(
      train: library, test: MotionLibrary(clips: [try clip("003_01.bvh", frames: 120, step: 1)], summary: "one"),
      seed: 1)
    var settings = SceneSettings()
    settings.trainFramesPerSecond = 30
    let recordings = try RenderedRecordings(body: ProceduralBody.model, motions: motions, settings: settings, seed: 3)
    #expect(recordings.sequences.map(\.subject) == ["001", "002", "003"])
    #expect(recordings.sequences.map(\.split) == [.train, .validation, .test])
    #expect(recordings.sequences.map(\.identifier) == ["001_01", "002_01", "003_01"])
    #expect(recordings.sequences.allSatisfy { $0.framesPerSecond == 30 })
    // The first walks 6 m, of which 4 m are in the room along an axis, 5.7 m along a diagonal.
    let frames = recordings.sequences[0].frames
    #expect(frames.count > 60 && frames.count < 120)
    let (from, to) = (
      try recordings.roomJoints(sequence: 0, frame: frames[0])[0],
      try recordings.roomJoints(sequence: 0, frame: frames[10])[0]
    )
    // Steps of 5 cm of a leg of 84 cm, taken to the mannequin's leg.
    let leg = recordings.takes[0].legLength
    #expect(abs(norm(to - from) - Double(frames[10] - frames[0]) * 5 / 84 * leg * 1000) < 1)
    for take in recordings.takes {
      let (moment, outline) = take.moment(0)
      let heights = stride(from: 0, to: outline.count, by: 3).map {
        moment.inRoom(SIMD3(Double(outline[$0]), Double(outline[$0 + 1]), Double(outline[$0 + 2]))).z
      }
      #expect(abs(heights.min() ?? 1) < 1e-5)
    }
  }

  @Test func aSubjectInTwoSplitsIsRefused() throws {
    let library = MotionLibrary(clips: [try clip("001_01.bvh", frames: 9, step: 0)], summary: "one")
    let error = #expect(throws: ComputeError.self) { try SceneMotions.captured(train: library, test: library, seed: 1) }
    #expect(error?.what == "subject 001 of 001_01 is in two splits")
  }

  @Test func settingsWithoutSenseAreRefused() {
    var settings = SceneSettings()
    settings.testRooms = 0
    #expect(throws: ComputeError.self) { try settings.validate() }
    settings.testRooms = 1
    settings.samplesPerSide = 5
    #expect(throws: ComputeError.self) { try settings.validate() }
    var counts = SceneMotions.Generated()
    counts.seconds = 1
    #expect(throws: ComputeError.self) { try SceneMotions.generated(counts, seed: 1) }
  }

  /// Standing still is no unsynchronized pair where poses are compared.
  @Test func posesMustDifferWhereAsked() throws {
    let library = MotionLibrary(clips: [try clip("001_01.bvh", frames: 120, step: 0)], summary: "still")
    let recordings = try RenderedRecordings(
      body: ProceduralBody.model, motions: .captured(train: library, seed: 1), seed: 3)
    let (frames, rate) = (recordings.sequences[0].frames, recordings.sequences[0].framesPerSecond)
    let gap = TimeGap.pretext(framesPerSecond: rate).frames
    let pairs = frames.reduce(0) { sum, frame in sum + frames.count { gap.contains(abs($0 - frame)) } }
    #expect(frames.count == 40)
    #expect(try MultiViewTupleSampler(recordings, split: .train, seed: 1).pairCount == pairs)
    var settings = MultiViewTupleSampler.Settings()
    settings.leastPoseDifference = 60
    #expect(throws: ComputeError.self) {
      try MultiViewTupleSampler(recordings, split: .train, seed: 1, settings: settings)
    }
    let moving = try MultiViewTupleSampler(try Self.recordings(), split: .train, seed: 1, settings: settings)
    let recorded = try Self.recordings()
    for number in 0..<50 {
      let tuple = moving.tuple(number)
      let poses = try PoseDifferences(of: tuple.a.place.sequence, in: recorded)
      #expect(poses.difference(tuple.b.place.frame, tuple.c.place.frame) >= 60)
    }
  }
}
