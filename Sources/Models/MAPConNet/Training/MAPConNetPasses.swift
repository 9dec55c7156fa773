import Layers

/// The loss terms and intermediate results of one training step.
public struct MAPConNetStep {
  /// Weighted terms `[1]`, under the published code's names.
  public internal(set) var losses: [(name: String, tensor: Tensor)] = []
  /// Features under the reference files' names.
  public internal(set) var features: [(name: String, tensor: Tensor)] = []
  /// Transfers by the suffix of their names: "", or "_cc", "_fp" and "_sc".
  public internal(set) var transfers: [(suffix: String, transfer: MAPConNetNetwork.Transfer)] = []
}

/// The forward passes of a training step, supervised or not (sections 3.2 to 3.4 of the paper).
public struct MAPConNetPasses {
  let network: MAPConNetNetwork
  let weights: MAPConNetLossWeights

  public init(_ network: MAPConNetNetwork, weights: MAPConNetLossWeights) {
    self.network = network
    self.weights = weights
  }

  /// Learns from the target: the identity mesh in the pose of the pose mesh.
  public func supervised(_ batch: MAPConNetBatch, _ pass: ForwardPass) throws -> MAPConNetStep {
    guard let target = batch.target else { preconditionFailure("supervised: the batch has no target") }
    var step = MAPConNetStep()
    let pose = network.encode(batch.posePoints, pass)
    let identity = network.encode(batch.identityPoints, pass)
    let transfer = network.transfer(identity: identity, pose: pose, posePoints: batch.posePoints, pass)
    step.transfers.append(("", transfer))
    fit(transfer.refined, target, batch.identityFaces, reference: batch.identityPoints, "", &step)
    if weights.areContrastive { try contrast(transfer, identity: identity, pose: pose, .matched, "", pass, &step) }
    step.features += [("id_features", identity), ("pose_features", pose)]
    return step
  }

  /// Learns from two poses of one body and an unrelated identity, without a target.
  ///
  /// Cross-consistency carries the pose between the two; the first pass puts it on the identity, whose result, a
  /// constant, self-consistency carries back.
  public func unsupervised(_ batch: MAPConNetBatch, _ pass: ForwardPass) throws -> MAPConNetStep {
    guard let secondPose = batch.secondPose else { preconditionFailure("unsupervised: the batch has no second pose") }
    var step = MAPConNetStep()
    let first = network.encode(batch.posePoints, pass)
    let second = network.encode(secondPose, pass)

    let cross = network.transfer(identity: second, pose: first, posePoints: batch.posePoints, pass)
    step.transfers.append(("_cc", cross))
    fit(cross.refined, batch.posePoints, batch.poseFaces, reference: secondPose, "_cc", &step)
    try contrast(cross, identity: second, pose: first, .sameOrder, "_cc", pass, &step)

    let identity = network.encode(batch.identityPoints, pass)
    let proxy = network.transfer(
      identity: identity, pose: first, posePoints: batch.posePoints, pass, refinesWithGradient: false)
    step.transfers.append(("_fp", proxy))
    try contrast(proxy, identity: identity, pose: first, .matched, "_fp", pass, &step)

    let proxyFeatures = network.encode(proxy.refined, pass)
    let back = network.transfer(identity: second, pose: proxyFeatures, posePoints: proxy.refined, pass)
    step.transfers.append(("_sc", back))
    fit(back.refined, batch.posePoints, batch.poseFaces, reference: secondPose, "_sc", &step)
    try contrast(back, identity: second, pose: proxyFeatures, .matched, "_sc", pass, &step)

    step.features += [
      ("pose_features", first), ("pose2_features", second), ("identity_features", identity),
      ("proxy_features", proxyFeatures),
    ]
    return step
  }

  // MARK: Loss terms

  private func fit(
    _ points: Tensor, _ target: Tensor, _ faces: MeshFaces, reference: Tensor, _ suffix: String,
    _ step: inout MAPConNetStep
  ) {
    let factor = weights.reconstruction / Double(points.shape.reduce(1, *))
    let reconstruction = fusedSum("reconstructionLoss", [points, target], scalars: [factor]) { x, s in
      let d = x[0] - x[1]
      return [s[0] * d * d]
    }[0]
    step.losses += [
      ("edge_loss\(suffix)", EdgeLoss(faces: faces, reference: reference)(points, weight: weights.edge)),
      ("rec_loss\(suffix)", reconstruction),
    ]
  }

  /// How the pose features are brought into the identity's vertex order.
  private enum PoseOrder {
    /// Both meshes share one vertex order already.
    case sameOrder
    /// By the best match of each identity vertex.
    case matched
  }

  private func contrast(
    _ transfer: MAPConNetNetwork.Transfer, identity: Tensor, pose: Tensor, _ order: PoseOrder, _ suffix: String,
    _ pass: ForwardPass, _ step: inout MAPConNetStep
  ) throws {
    let device = identity.device
    // Half of the step's features are recomputed, those of its inputs: a balance of time and memory.
    let warped = network.encode(transfer.matching.warped, pass, recomputing: false)
    step.features.append(("out_features\(suffix)", warped))
    let split = network.architecture.identityChannels
    let mesh: Tensor
    switch order {
    case .sameOrder:
      mesh = meshTripletLoss(
        identity: (pose, identity, warped), pose: (pose, warped, identity), identityChannels: split,
        margin: weights.meshMargin, weight: weights.mesh)
    case .matched:
      let match = try RowIndex(copying: transfer.matching.match, sourceRows: pose.shape[1], on: device)
      let ordered = gather(pose, match)
      mesh = meshTripletLoss(
        identity: (warped, identity, ordered), pose: (warped, ordered, identity), identityChannels: split,
        margin: weights.meshMargin, weight: weights.mesh)
    }
    let point = pointTripletLoss(
      warped: warped, identity: identity, negatives: cyclicNegatives(identity.shape[1], on: device),
      margin: weights.pointMargin, weight: weights.point)
    step.losses += [("mesh_loss\(suffix)", mesh), ("point_loss\(suffix)", point)]
  }
}
