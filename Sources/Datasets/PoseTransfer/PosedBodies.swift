import Compute
import Geometry

/// Generated data for pose transfer: people drawn at random, each in the same poses.
///
/// Every person takes a pose by the same rotations, so the mesh of identity i in pose j is the exact answer to "put i into
/// the pose of any mesh in pose j". Meshes are in metres, y up, facing +z, as SMPL's and glTF's are.
///
/// The splits share neither people nor poses: their numbers do not overlap, and person and pose follow from the seed and
/// their number.
public struct PosedBodies: PoseTransferSource {
  public let body: BodyModel
  public let identities: SplitCounts
  public let poses: NumberedPoses
  public let seed: UInt64
  /// `[identities]`
  public let phenotypes: [Phenotype]
  private let people: [ShapedBody]
  /// World rotations of the bones in every pose.
  private let rotations: [[Matrix3]]

  public init(body: BodyModel, identities: SplitCounts, poses: NumberedPoses, seed: UInt64) {
    self.body = body
    self.identities = identities
    self.poses = poses
    self.seed = seed
    phenotypes = (0..<identities.total).map { number in
      var random = PoseTransferStream.identity.generator(seed: seed, number: number)
      return Phenotype(adultFrom: &random)
    }
    people = phenotypes.map { body.shaped($0) }
    let retargeter = Retargeter(body)
    rotations = poses.poses.map { retargeter.worldRotations($0) }
  }

  public var summary: String { "\(identities.total) people on \(body.name), \(poses.summary)" }

  public var vertexCount: Int { body.vertexCount }

  public var faces: [SIMD3<Int32>] { body.faces }

  public func range(_ split: SampleSplit) -> PoseTransferRange {
    PoseTransferRange(identities: identities.numbers(split), poses: poses.counts.numbers(split))
  }

  public func vertices(_ mesh: PosedIdentity) -> [SIMD3<Double>] {
    precondition(
      people.indices.contains(mesh.identity) && rotations.indices.contains(mesh.pose),
      "PosedBodies: there is no identity \(mesh.identity) in pose \(mesh.pose)")
    let surface = people[mesh.identity].posed(world: rotations[mesh.pose])
    // From the body's axes (z up, facing -y): (x, y, z) to (x, z, -y).
    return stride(from: 0, to: surface.count, by: 3).map {
      SIMD3(Double(surface[$0]), Double(surface[$0 + 2]), -Double(surface[$0 + 1]))
    }
  }
}
