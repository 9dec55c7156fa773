import Compute
import Foundation
import Geometry

/// Synchronized recordings of people who do not exist: a body model in motion, drawn from four cameras per room.
///
/// A picture is a function of the seed, the take, the frame, the camera and the draw. The splits share no subject, person,
/// room or backdrop. Figures on these pictures say nothing about photographs, and must not stand beside published ones.
public struct RenderedRecordings: RoomJoints {
  public let body: BodyModel
  public let settings: SceneSettings
  public let seed: UInt64
  public let sequences: [MultiViewSequence]
  /// In a few words, for logs and reports.
  public let summary: String

  let motions: SceneMotions
  let takes: [SceneTake]
  let actors: SceneActors
  private let faces: [Int32]
  let regressor: CompressedRows

  /// - Throws: `ComputeError` `.configuration` for settings that make no sense and for a body without the joints of
  ///   Human3.6M.
  public init(
    body: BodyModel, motions: SceneMotions, settings: SceneSettings = SceneSettings(), seed: UInt64
  ) throws {
    try settings.validate()
    self.body = body
    self.motions = motions
    self.settings = settings
    self.seed = seed
    faces = body.faces.flatMap { [$0.x, $0.y, $0.z] }
    actors = SceneActors(of: body, unevenSleeves: settings.unevenSleeves, seed: seed)
    let outline = try body.outline()
    regressor = try outline.jointRegressor(.human36)
    let retargeter = Retargeter(body)
    let legLength = body.shaped(.reference).legLength
    let rooms = (0..<settings.rooms.total).map { SceneRoom(number: $0, seed: seed) }
    var takes: [SceneTake] = []
    var sequences: [MultiViewSequence] = []
    for (number, entry) in motions.motions.enumerated() {
      for copy in 0..<settings.actorsPerTake {
        let actor = number * settings.actorsPerTake + copy
        let phenotype = SceneActors.phenotype(actor, seed: seed)
        // Rooms of the split in turn, so that all are used.
        let available = settings.rooms.numbers(entry.split)
        let room = rooms[available.lowerBound + actor % available.count]
        let take = SceneTake(
          entry.motion, split: entry.split, actor: actor, phenotype: phenotype, room: room, seed: seed,
          outline: outline.shaped(phenotype), legLength: legLength, retargeter: retargeter)
        let frames = take.frames(perSecond: entry.split == .train ? settings.trainFramesPerSecond : nil)
        guard !frames.isEmpty else { continue }
        let name = entry.motion.name + (settings.actorsPerTake > 1 ? "/person-\(copy + 1)" : "")
        takes.append(take)
        sequences.append(
          MultiViewSequence(
            identifier: name, subject: entry.motion.subject, split: entry.split,
            views: room.cameras.indices.map { "room-\(room.number + 1)-camera-\($0 + 1)" },
            framesPerSecond: entry.motion.framesPerSecond, frames: frames))
      }
    }
    self.takes = takes
    self.sequences = sequences
    summary = "\(sequences.count) takes rendered with \(body.name): \(motions.summary)"
  }

  // MARK: - Joints

  public func roomJoints(sequence: Int, frame: Int) throws -> [SIMD3<Double>] {
    let (moment, outline) = takes[sequence].moment(frame)
    return regressor.joints(of: outline).map { moment.inRoom($0) * 1000 }
  }

  public func joints(at place: MultiViewPlace) throws -> [SIMD3<Double>]? {
    let camera = camera(place)
    return try roomJoints(sequence: place.sequence, frame: place.frame).map { camera.toCamera($0 / 1000) * 1000 }
  }

  // MARK: - Pictures

  public func picture(
    at place: MultiViewPlace, _ augmentation: PictureAugmentation, size: Int, draw: UInt64
  ) throws -> PersonPicture {
    drawn(at: place, augmentation, size: size, draw: draw).picture
  }

  /// A picture, and width and height of the person's box on the camera's whole picture, in pixels.
  func drawn(
    at place: MultiViewPlace, _ augmentation: PictureAugmentation, size: Int, draw: UInt64
  ) -> (picture: PersonPicture, box: SIMD2<Double>) {
    let scene = Scene(place, of: self)
    let corners = scene.figure.corners
    let box = SceneFigure.box(of: corners)
    // The mirror comes last, so that a mirrored picture is the other one's exact mirror.
    let crop = PersonCrop(low: box.low, high: box.high, augmentation, size: size).unmirrored
    let drawn = DrawnPerson(
      corners: SceneFigure.cropped(corners, to: crop), shades: scene.figure.shades, faces: faces, size: size,
      samplesPerSide: settings.samplesPerSide)
    var sensor: SceneSensor?
    if settings.sensor {
      var random = SceneStream.sensor.generator(seed: seed, place, draw: draw)
      sensor = SceneSensor(using: &random)
    }
    let picture = drawn.developed(
      augmentation, sensor: sensor, backdrop: backdrop(place, scene.take, crop: crop, draw: draw))
    return (augmentation.isMirrored ? picture.mirrored : picture, box.high - box.low)
  }

  /// The camera's whole picture, and the square that is cut out of it.
  public func view(
    at place: MultiViewPlace, _ augmentation: PictureAugmentation = .none, size: Int
  ) -> (camera: Camera, crop: PersonCrop) {
    let box = SceneFigure.box(of: Scene(place, of: self).figure.corners)
    return (camera(place), PersonCrop(low: box.low, high: box.high, augmentation, size: size))
  }

  /// Which way the person faces, seen from the camera: radians, 0 towards it, positive towards its left.
  public func heading(at place: MultiViewPlace) -> Double {
    let take = takes[place.sequence]
    let at = camera(place).position
    let person = take.place(place.frame)
    // A person with heading 0 faces -y; the camera is seen in this direction.
    let toCamera = atan2(at.x - person.x, -(at.y - person.y))
    return take.heading(place.frame) - toCamera
  }

  func camera(_ place: MultiViewPlace) -> Camera { takes[place.sequence].room.cameras[place.view] }

  private func backdrop(
    _ place: MultiViewPlace, _ take: SceneTake, crop: PersonCrop, draw: UInt64
  ) -> ((Int, Int) -> SIMD3<Float>)? {
    let camera = camera(place)
    let eye = camera.position
    let size = Double(crop.size)
    switch settings.background {
    case .removed: return nil
    case .mixed where draw >> 63 == 0: return nil
    case .static:
      let studio = take.studio[place.view]
      return { column, row in
        let pixel = crop.cameraPixel(SIMD2(Double(column) + 0.5, Double(row) + 0.5))
        let whole = SIMD2<Double>(camera.imageSize)
        return studio.color(at: pixel / whole, eye: eye, ray: camera.ray(through: pixel))
      }
    case .random, .mixed:
      var random = SceneStream.backdrop.generator(seed: seed, place, draw: draw)
      let drawn = SceneBackdrop(using: &random)
      return { column, row in
        let q = SIMD2(Double(column) + 0.5, Double(row) + 0.5)
        return drawn.color(at: q / size, eye: eye, ray: camera.ray(through: crop.cameraPixel(q)))
      }
    }
  }

  /// What the camera sees of one frame.
  private struct Scene {
    let take: SceneTake
    let figure: SceneFigure

    init(_ place: MultiViewPlace, of recordings: RenderedRecordings) {
      take = recordings.takes[place.sequence]
      let camera = take.room.cameras[place.view]
      let actor = recordings.actors.actor(take.actor)
      let moment = take.moment(place.frame).moment
      let surface = actor.body.posed(world: moment.rotations, root: moment.root)
      let towards: SIMD3<Double>
      switch recordings.settings.light {
      case .room: towards = take.light.direction
      case .camera: towards = -camera.rotation.transposed.z
      }
      figure = SceneFigure(
        surface: surface, faces: recordings.faces, albedo: actor.albedo, moment: moment, camera: camera,
        light: take.light, towards: towards)
    }
  }
}

extension ShapedBody {
  /// Thigh and shank, metres.
  fileprivate var legLength: Double {
    let joints = ["upperleg01.L", "lowerleg01.L", "foot.L"].compactMap { skeleton.index(of: $0).map { heads[$0] } }
    return zip(joints, joints.dropFirst()).reduce(0) { $0 + norm($1.1 - $1.0) }
  }
}

extension BodyModel {
  /// The body on the vertices that its Human3.6M joints are regressed from, and on every eighth other.
  fileprivate func outline() throws -> BodyModel {
    let regressor = try jointRegressor(.human36)
    let kept = Set(regressor.column.map(Int.init)).union(stride(from: 0, to: vertexCount, by: 8)).sorted()
    let position = Dictionary(uniqueKeysWithValues: kept.enumerated().map { (Int32($1), Int32($0)) })
    let narrowed = CompressedRows(
      rows: regressor.rows, columns: kept.count, rowStart: regressor.rowStart,
      column: regressor.column.compactMap { position[$0] }, value: regressor.value)
    return reduced(to: kept, faces: [], name: "\(name)-outline", jointRegressors: [JointSet.human36.name: narrowed])
  }
}

extension SceneSettings {
  /// - Throws: `ComputeError` `.configuration` for the first setting that makes no sense.
  func validate() throws {
    func require(_ holds: Bool, _ what: String, _ why: String, _ mend: String) throws {
      if !holds { throw ComputeError(.configuration, what: what, why: why, mend: mend) }
    }
    try require(
      trainRooms > 0 && validationRooms > 0 && testRooms > 0 && rooms.total < 1 << 16,
      "\(trainRooms), \(validationRooms) and \(testRooms) rooms", "every split has rooms of its own",
      "use at least 1 for each split")
    try require(
      (1...100).contains(actorsPerTake), "\(actorsPerTake) people per take", "a take is performed by someone",
      "use 1 to 100")
    try require(
      (0...1).contains(unevenSleeves), "uneven sleeves at a rate of \(unevenSleeves)", "it is a probability",
      "use 0 to 1")
    try require(
      trainFramesPerSecond > 0, "\(trainFramesPerSecond) training frames per second", "time runs forward",
      "use a number above 0")
    try require(
      (1...4).contains(samplesPerSide), "\(samplesPerSide) samples to a pixel's side", "there are 1 to 4", "use 2")
  }
}
