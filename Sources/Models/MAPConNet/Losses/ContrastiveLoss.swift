import Layers

/// The mesh-level triplet loss: of whole meshes, on average over their vertices (section 3.3 of the paper).
///
///     loss = mean over samples of max(0, mean over vertices of (|a - p| - |a - n|) + margin)
///
/// once for the identity channels and once for the pose channels of the features.
/// - Parameters:
///   - identity, pose: (anchor, positive, negative), features `[batch, points, channels]` each.
///   - identityChannels: where the pose channels begin.
/// - Returns: `[1]`: weight times the sum of both.
func meshTripletLoss(
  identity: (Tensor, Tensor, Tensor), pose: (Tensor, Tensor, Tensor), identityChannels: Int, margin: Double,
  weight: Double
) -> Tensor {
  func term(_ triplet: (Tensor, Tensor, Tensor), _ channels: Range<Int>) -> Tensor {
    func part(_ x: Tensor) -> Tensor { x.sliced(axis: 2, channels) }
    let d = tripletDistance(anchor: part(triplet.0), positive: part(triplet.1), negative: part(triplet.2))
    return fusedSum("meshTriplet.mean", [d], scalars: [1 / Double(d.shape[1])], alongAxis: 1) { x, s in x[0] * s[0] }
  }
  let channels = identity.0.shape[2]
  let means = [term(identity, 0..<identityChannels), term(pose, identityChannels..<channels)]
  let batch = Double(identity.0.shape[0])
  return fusedSum("meshTriplet", means, scalars: [margin, weight / batch]) { x, s in
    [s[1] * (relu(x[0] + s[0]) + relu(x[1] + s[0]))]
  }[0]
}

/// The point-level triplet loss: a warped vertex is closer to its own identity vertex than to another one (section 3.4
/// of the paper).
///
///     loss = mean over samples and vertices of max(0, |F(j) - f(j)| - |F(j) - f(k)| + margin)
///
/// - Parameters:
///   - warped, identity: features `[batch, points, channels]`.
///   - negatives: k for every vertex j.
/// - Returns: `[1]`: weight times the loss.
func pointTripletLoss(warped: Tensor, identity: Tensor, negatives: RowIndex, margin: Double, weight: Double) -> Tensor {
  let d = tripletDistance(anchor: warped, positive: identity, negative: gather(identity, negatives))
  return fusedSum("pointTriplet", [d], scalars: [margin, weight / Double(d.shape[0] * d.shape[1])]) { x, s in
    [s[1] * relu(x[0] + s[0])]
  }[0]
}
