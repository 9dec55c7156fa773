import Geometry
import Synchronization

/// A person as pictures need them: the whole surface at rest, and its colours.
struct SceneActor: Sendable {
  let body: ShapedBody
  /// `[vertices, 3]`
  let albedo: [Float]
}

/// The people of rendered scenes, each made when first seen. What is kept follows from the seed and a number alone, so
/// results do not depend on who came first.
final class SceneActors: Sendable {
  private let body: BodyModel
  private let regions: [BodyRegion]
  private let unevenSleeves: Double
  private let seed: UInt64
  private let known = Mutex<[Int: SceneActor]>([:])

  init(of body: BodyModel, unevenSleeves: Double, seed: UInt64) {
    self.body = body
    regions = body.regions
    self.unevenSleeves = unevenSleeves
    self.seed = seed
  }

  /// The shape of a person.
  static func phenotype(_ number: Int, seed: UInt64) -> Phenotype {
    var random = SceneStream.actor.generator(seed: seed, number: number)
    return Phenotype(adultFrom: &random)
  }

  func actor(_ number: Int) -> SceneActor {
    if let actor = known.withLock({ $0[number] }) { return actor }
    var random = SceneStream.actor.generator(seed: seed, number: number)
    let shaped = body.shaped(Phenotype(adultFrom: &random))
    let paint = ScenePaint(unevenSleeves: unevenSleeves, using: &random)
    let albedo = paint.colors(
      regions: regions, rest: shaped.vertices, face: FaceBounds(of: body, rest: shaped.vertices))
    let actor = SceneActor(body: shaped, albedo: albedo)
    known.withLock { $0[number] = actor }
    return actor
  }
}
