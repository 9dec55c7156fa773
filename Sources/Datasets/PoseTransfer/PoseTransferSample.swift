import Geometry

/// One training or test sample of pose transfer, on the host.
///
/// Every mesh is centred by its own box and its vertices are shuffled: identity mesh and ground truth by one random
/// order, pose mesh and second pose by another (MAPConNet, released code).
public struct PoseTransferSample: Sendable {
  public let pair: PoseTransferPair
  /// The pose of `posePoints2`.
  public let otherPose: Int?
  /// `[identity vertices, 3]`, metres.
  public let identityPoints: [Float]
  /// `[pose vertices, 3]`, metres.
  public let posePoints: [Float]
  /// `[identity vertices, 3]`, metres: the identity in the pose; supervised only.
  public let groundTruth: [Float]?
  /// `[pose vertices, 3]`, metres: the pose mesh's identity in another pose; unsupervised only.
  public let posePoints2: [Float]?
  /// `[faces, 3]`: corners counted in the shuffled order of the identity mesh.
  public let facesIdentity: [Int32]
  /// `[faces, 3]`: corners counted in the shuffled order of the pose mesh.
  public let facesPose: [Int32]
  public let identityShuffle, poseShuffle: MeshShuffle

  /// - Parameters:
  ///   - otherPose: makes an unsupervised sample; nil makes a supervised one.
  /// - Throws: what the source throws.
  init(
    _ pair: PoseTransferPair, otherPose: Int?, of source: some PoseTransferSource, identityShuffle: MeshShuffle,
    poseShuffle: MeshShuffle
  ) throws {
    self.pair = pair
    self.otherPose = otherPose
    self.identityShuffle = identityShuffle
    self.poseShuffle = poseShuffle
    identityPoints = identityShuffle.points(try source.centredVertices(pair.identityMesh))
    posePoints = poseShuffle.points(try source.centredVertices(pair.poseMesh))
    if let otherPose {
      let other = PosedIdentity(identity: pair.poseMesh.identity, pose: otherPose)
      posePoints2 = poseShuffle.points(try source.centredVertices(other))
      groundTruth = nil
    } else {
      posePoints2 = nil
      groundTruth = identityShuffle.points(try source.centredVertices(pair.target))
    }
    facesIdentity = identityShuffle.faces(source.faces)
    facesPose = poseShuffle.faces(source.faces)
  }
}

/// Samples one after the other, ready for upload; all are supervised or none is.
public struct PoseTransferBatch: Sendable {
  public let count: Int
  /// `[batch, identity vertices, 3]`, metres.
  public let identityPoints: [Float]
  /// `[batch, pose vertices, 3]`, metres.
  public let posePoints: [Float]
  /// `[batch, identity vertices, 3]`, metres; supervised only.
  public let groundTruth: [Float]?
  /// `[batch, pose vertices, 3]`, metres; unsupervised only.
  public let posePoints2: [Float]?
  /// `[batch, faces, 3]`: each sample's corners count its own vertices, from 0.
  public let facesIdentity, facesPose: [Int32]

  public var isSupervised: Bool { groundTruth != nil }

  /// Stacks samples of equal sizes and one kind; at least one.
  public init(_ samples: [PoseTransferSample]) {
    precondition(
      Set(samples.map { [$0.identityPoints.count, $0.posePoints.count, $0.facesIdentity.count, $0.facesPose.count] })
        .count == 1 && Set(samples.map { $0.groundTruth == nil }).count == 1,
      "PoseTransferBatch: samples of one size and kind are needed")
    count = samples.count
    identityPoints = samples.flatMap(\.identityPoints)
    posePoints = samples.flatMap(\.posePoints)
    let targets = samples.compactMap(\.groundTruth)
    groundTruth = targets.isEmpty ? nil : Array(targets.joined())
    let others = samples.compactMap(\.posePoints2)
    posePoints2 = others.isEmpty ? nil : Array(others.joined())
    facesIdentity = samples.flatMap(\.facesIdentity)
    facesPose = samples.flatMap(\.facesPose)
  }
}
