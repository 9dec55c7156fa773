/// What matching two point sets gives.
public struct Matching {
  /// `[batch, n, 3]`: the matched points, weighted by the matching.
  public let warped: Tensor
  /// int32 `[batch, n]`: for each row its best column, the lowest where several tie. No gradient flows through it.
  public let match: TensorView
  private let state: SinkhornState

  fileprivate init(_ warped: Tensor, _ state: SinkhornState) {
    self.warped = warped
    match = state.match
    self.state = state
  }

  /// The row-normalised matching matrix `[batch, n, m]`, computed anew from query and key, which must still hold what
  /// they held: for comparisons with references.
  public func matrix() -> TensorView { warped.device.matchingMatrix(state) }
}

/// Matches the rows of a query with the columns of a key by damped Sinkhorn updates, and moves each row to the weighted
/// mean of its matches; see `Device.sinkhornForward`. One node: gradients flow through all updates to query and key.
///
/// - Parameters:
///   - query: `[batch, n, channels]`, unit vectors.
///   - key: `[batch, m, channels]`, unit vectors.
///   - points: `[batch, m, 3]`; data, or detached: no gradient flows to them, and recorded points trap.
public func sinkhornMatch(
  query: Tensor, key: Tensor, points: Tensor, settings: SinkhornSettings = SinkhornSettings()
) -> Matching {
  let device = query.device
  let constant = Tensor.unrecordable("sinkhornMatch: points", points.view, from: [points])
  precondition(constant.device === device, "sinkhornMatch: inputs live on two devices; move them to one first")
  let state = device.sinkhornForward(
    query: query.view, key: key.view, points: constant.view, settings: settings)
  let warped = Tensor.recording(
    "sinkhornMatch", state.warped, from: [query, key], saving: [query.view, key.view, points.view, state.warped]
  ) { gradients, _ in
    let (dQuery, dKey) = gradients.device.sinkhornGradient(state, dWarped: gradients.upstream)
    gradients.pass(0, dQuery)
    gradients.pass(1, dKey)
  }
  return Matching(warped, state.released)
}
