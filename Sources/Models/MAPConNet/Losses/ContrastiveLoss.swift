import Layers

/// The mesh-level triplet loss: of whole meshes, on average over their vertices (section 3.3 of the paper).
///
/// The anchor's identity channels should resemble one mesh, its pose channels another:
///
///     loss = mean over samples of max(0, margin + mean over vertices of (|a - i| - |a - p|))   in identity channels
///          + mean over samples of max(0, margin + mean over vertices of (|a - p| - |a - i|))   in pose channels
///
/// - Parameters:
///   - anchor, identity, pose: a, i and p, features `[batch, points, channels]` each.
///   - identityChannels: where the pose channels begin.
/// - Returns: `[1]`: weight times the loss.
func meshTripletLoss(
  anchor: Tensor, identity: Tensor, pose: Tensor, identityChannels: Int, margin: Double, weight: Double
) -> Tensor {
  let d = tripletDistance(anchor: anchor, positive: identity, negative: pose, splitAt: [identityChannels])
  let means = fusedSum("meshTriplet.mean", [d], scalars: [1 / Double(d.shape[1])], alongAxis: 1) { x, s in x[0] * s[0] }
  let groups = (0..<2).map { means.sliced(axis: 2, $0..<$0 + 1) }
  return fusedSum("meshTriplet", groups, scalars: [margin, weight / Double(d.shape[0])]) { x, s in
    [s[1] * (relu(s[0] + x[0]) + relu(s[0] - x[1]))]
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
