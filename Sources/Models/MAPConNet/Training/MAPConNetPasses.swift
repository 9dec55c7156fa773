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
  let loss: MAPConNetLossSettings

  public init(_ network: MAPConNetNetwork, loss: MAPConNetLossSettings) {
    self.network = network
    self.loss = loss
  }

  /// Learns from the target: the identity mesh in the pose of the pose mesh.
  public func supervised(_ batch: MAPConNetBatch, _ pass: ForwardPass) throws -> MAPConNetStep {
    guard let target = batch.target else { preconditionFailure("supervised: the batch has no target") }
    var step = MAPConNetStep()
    // Recomputed, unlike the warped mesh's features below: a balance of time and memory.
    let pose = network.encode(batch.posePoints, pass)
    let identity = network.encode(batch.identityPoints, pass)
    let transfer = network.transfer(identity: identity, pose: pose, posePoints: batch.posePoints, pass)
    step.transfers.append(("", transfer))
    let edges = EdgeLoss(faces: batch.identityFaces, reference: batch.identityPoints)
    fit(transfer.refined, target, edges, "", &step)
    try contrast(transfer, identity: identity, pose: pose, .matched, "", pass, &step)
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
    let first = network.encode(batch.posePoints, pass, recomputing: false)
    let second = network.encode(secondPose, pass, recomputing: false)
    let style = network.style(of: second)
    let edges = EdgeLoss(faces: batch.poseFaces, reference: secondPose)

    let cross = network.transfer(identity: second, style: style, pose: first, posePoints: batch.posePoints, pass)
    step.transfers.append(("_cc", cross))
    fit(cross.refined, batch.posePoints, edges, "_cc", &step)
    try contrast(cross, identity: second, pose: first, .sameOrder, "_cc", pass, &step)

    func firstPass() -> (identity: Tensor, proxy: MAPConNetNetwork.Transfer) {
      let identity = network.encode(batch.identityPoints, pass)
      let proxy = network.transfer(
        identity: identity, pose: first, posePoints: batch.posePoints, pass, refinesWithGradient: false)
      return (identity, proxy)
    }
    // Without terms of its own nothing of it is recorded.
    let isConstant = !(loss.usesFirstPass && loss.isContrastive)
    let (identity, proxy) = if isConstant, let tape = pass.tape { tape.pausing(firstPass) } else { firstPass() }
    step.transfers.append(("_fp", proxy))
    if !isConstant { try contrast(proxy, identity: identity, pose: first, .matched, "_fp", pass, &step) }

    let proxyFeatures = network.encode(proxy.refined, pass, recomputing: false)
    let back = network.transfer(
      identity: second, style: style, pose: proxyFeatures, posePoints: proxy.refined, pass)
    step.transfers.append(("_sc", back))
    fit(back.refined, batch.posePoints, edges, "_sc", &step)
    try contrast(back, identity: second, pose: proxyFeatures, .matched, "_sc", pass, &step)

    step.features += [
      ("pose_features", first), ("pose2_features", second), ("identity_features", identity),
      ("proxy_features", proxyFeatures),
    ]
    return step
  }

  // MARK: Loss terms

  private func fit(
    _ points: Tensor, _ target: Tensor, _ edges: EdgeLoss, _ suffix: String, _ step: inout MAPConNetStep
  ) {
    let factor = loss.reconstruction / Double(points.shape.reduce(1, *))
    let reconstruction = fusedSum("reconstructionLoss", [points, target], scalars: [factor]) { x, s in
      let d = x[0] - x[1]
      return [s[0] * d * d]
    }[0]
    step.losses += [
      ("edge_loss\(suffix)", edges(points, weight: loss.edge)),
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

  /// The mesh and point terms; none where both have the factor 0.
  private func contrast(
    _ transfer: MAPConNetNetwork.Transfer, identity: Tensor, pose: Tensor, _ order: PoseOrder, _ suffix: String,
    _ pass: ForwardPass, _ step: inout MAPConNetStep
  ) throws {
    guard loss.isContrastive else { return }
    let device = identity.device
    let warped = network.encode(transfer.matching.warped, pass, recomputing: false)
    step.features.append(("out_features\(suffix)", warped))
    let (anchor, posed): (Tensor, Tensor)
    switch order {
    case .sameOrder: (anchor, posed) = (pose, warped)
    case .matched:
      let match = try RowIndex(copying: transfer.matching.match, sourceRows: pose.shape[1], on: device)
      (anchor, posed) = (warped, gather(pose, match))
    }
    let mesh = meshTripletLoss(
      anchor: anchor, identity: identity, pose: posed, identityChannels: network.architecture.identityChannels,
      margin: loss.meshMargin, weight: loss.mesh)
    let negatives = loss.pointNegatives.rows(
      batch: identity.shape[0], points: identity.shape[1], from: pass.random, on: device)
    let point = pointTripletLoss(
      warped: warped, identity: identity, negatives: negatives, margin: loss.pointMargin, weight: loss.point)
    step.losses += [("mesh_loss\(suffix)", mesh), ("point_loss\(suffix)", point)]
  }
}
