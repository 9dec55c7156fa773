import Foundation
import Geometry

/// One take: a motion, who performs it, in which room, where in it and in what light.
struct SceneTake: Sendable {
  let motion: any SceneMotion
  let split: SampleSplit
  /// Running number of the person over all takes.
  let actor: Int
  let phenotype: Phenotype
  let room: SceneRoom
  let light: SceneLight
  /// Backdrops of the cameras, where each has one of its own.
  let studio: [SceneBackdrop]
  /// Turns the motion about the vertical.
  let turn: Double
  /// Metres per length of a leg.
  let legLength: Double
  /// What is added to places on the floor after the turn, metres.
  let shift: SIMD2<Double>
  /// The body on the few vertices from which joints are regressed and its lowest point is taken.
  let outline: ShapedBody
  /// What is added to heights, metres; nil where the lowest point of every pose touches the floor.
  let height: Double?
  private let retargeter: Retargeter

  init(
    _ motion: any SceneMotion, split: SampleSplit, actor: Int, phenotype: Phenotype, room: SceneRoom, seed: UInt64,
    outline: ShapedBody, legLength: Double, retargeter: Retargeter
  ) {
    self.motion = motion
    self.split = split
    self.actor = actor
    self.phenotype = phenotype
    self.room = room
    self.outline = outline
    self.legLength = legLength
    self.retargeter = retargeter
    var random = SceneStream.take.generator(seed: seed, number: actor)
    light = SceneLight(using: &random)
    turn = random.uniform(in: -.pi...Double.pi)
    studio = room.cameras.indices.map { view in
      var random = SceneStream.studio.generator(seed: seed, number: room.number << 8 | view)
      return SceneBackdrop(using: &random, isStudio: true)
    }
    // The mean place is within 0.7 m of the room's middle.
    let (radius, angle) = (0.7 * random.uniform().squareRoot(), random.uniform(in: 0...2 * .pi))
    let mean =
      (0..<motion.frameCount).reduce(SIMD2<Double>.zero) { $0 + Self.floor(motion.hips(at: $1)) }
      / Double(motion.frameCount) * legLength
    let (s, c) = (sin(turn), cos(turn))
    let turned = SIMD2(c * mean.x - s * mean.y, s * mean.x + c * mean.y)
    shift = SIMD2(cos(angle), sin(angle)) * radius - turned
    guard motion.hasHeight else {
      height = nil
      return
    }
    // Six poses a second are enough to find the lowest point.
    var lowest = Float.infinity
    for frame in stride(from: 0, to: motion.frameCount, by: max(1, Int(motion.framesPerSecond / 6))) {
      let surface = outline.posed(
        world: retargeter.worldRotations(motion.pose(at: frame)),
        root: Retargeter.axes * motion.hips(at: frame) * legLength)
      lowest = min(lowest, Self.lowest(surface))
    }
    height = -Double(lowest)
  }

  /// From the motion's axes (y up) to the body's (z up), on the floor.
  private static func floor(_ place: SIMD3<Double>) -> SIMD2<Double> {
    let p = Retargeter.axes * place
    return SIMD2(p.x, p.y)
  }

  private static func lowest(_ surface: [Float]) -> Float {
    stride(from: 2, to: surface.count, by: 3).reduce(Float.infinity) { min($0, surface[$1]) }
  }

  /// A pose of the take, ready to be given to a body.
  struct Moment: Sendable {
    /// World rotations of the bones before the take's turn.
    let rotations: [Matrix3]
    /// Where the root is before it.
    let root: SIMD3<Double>
    /// From the body's axes to the room: R p + t.
    let rotation: Matrix3
    let translation: SIMD3<Double>

    func inRoom(_ point: SIMD3<Double>) -> SIMD3<Double> { rotation * point + translation }
  }

  /// The pose in a frame, and the outline in it.
  func moment(_ frame: Int) -> (moment: Moment, outline: [Float]) {
    let rotations = retargeter.worldRotations(motion.pose(at: frame))
    let root = Retargeter.axes * motion.hips(at: frame) * legLength
    let outline = self.outline.posed(world: rotations, root: root)
    let height = self.height ?? -Double(Self.lowest(outline))
    return (
      Moment(
        rotations: rotations, root: root, rotation: Matrix3(axis: 2, radians: turn),
        translation: SIMD3(shift.x, shift.y, height)),
      outline
    )
  }

  /// Where the person stands in the room, metres.
  func place(_ frame: Int) -> SIMD2<Double> {
    let p = Self.floor(motion.hips(at: frame)) * legLength
    let (s, c) = (sin(turn), cos(turn))
    return SIMD2(c * p.x - s * p.y, s * p.x + c * p.y) + shift
  }

  /// Which way the person faces in the room: counter-clockwise seen from above, 0 along -y.
  func heading(_ frame: Int) -> Double { motion.pose(at: frame).heading + turn }

  /// Frames in which the person is within the room's square, so many per second at most.
  func frames(perSecond limit: Double?) -> [Int] {
    let step = max(1, Int((motion.framesPerSecond / (limit ?? .infinity)).rounded()))
    return stride(from: 0, to: motion.frameCount, by: step).filter { frame in
      let place = place(frame)
      return max(abs(place.x), abs(place.y)) <= SceneRoom.reach
    }
  }
}
