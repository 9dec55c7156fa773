import Geometry

/// One mesh of a set made of identities and poses, by their numbers.
public struct PosedIdentity: Hashable, Sendable {
  public let identity: Int
  public let pose: Int

  public init(identity: Int, pose: Int) {
    self.identity = identity
    self.pose = pose
  }
}

/// What is to be transferred: the pose of one mesh to the identity of another.
public struct PoseTransferPair: Hashable, Sendable {
  /// The mesh that gives shape, vertex order and faces.
  public let identityMesh: PosedIdentity
  /// The mesh that gives the pose.
  public let poseMesh: PosedIdentity

  public init(identityMesh: PosedIdentity, poseMesh: PosedIdentity) {
    self.identityMesh = identityMesh
    self.poseMesh = poseMesh
  }

  /// The mesh that a perfect transfer gives.
  public var target: PosedIdentity { PosedIdentity(identity: identityMesh.identity, pose: poseMesh.pose) }
}

/// Some identities in some poses: every combination exists.
public struct PoseTransferRange: Sendable, Equatable {
  public var identities: [Int]
  public var poses: [Int]

  public init(identities: some Sequence<Int> = [], poses: some Sequence<Int> = []) {
    self.identities = Array(identities)
    self.poses = Array(poses)
  }

  /// Number of meshes.
  public var count: Int { identities.count * poses.count }

  /// A mesh, each as likely as any other; an identity's number is drawn first.
  func mesh(using random: inout PhiloxGenerator) -> PosedIdentity {
    let identity = identities[random.index(below: identities.count)]
    return PosedIdentity(identity: identity, pose: poses[random.index(below: poses.count)])
  }
}
