import Layers

/// The style of a batch of identity meshes: the identity channels of their features.
///
/// It belongs to the pass that its features were computed in. What the norms make of it point by point is the same in
/// every refinement in this style, so it is computed once where a tape records, which keeps it in any case.
public final class IdentityStyle {
  /// `[batch, points, style]`.
  let points: Tensor
  /// `[batch, 1, style]`: the average over points.
  let mean: Tensor
  private var results: [String: Tensor] = [:]

  init(_ points: Tensor) {
    self.points = points
    let count = Double(points.shape[1])
    mean = fusedSum("style.mean", [points], scalars: [1 / count], alongAxis: 1) { x, s in x[0] * s[0] }
  }

  /// The points' style through a map of parameters, which `name` tells from other maps.
  func mapped(by name: String, _ pass: ForwardPass, _ map: () -> AffineMap) -> Tensor {
    if let tape = pass.tape, tape.isReplaying { return map()(points) }
    if let known = results[name] { return known }
    let result = map()(points)
    if let tape = pass.tape, !tape.isPaused { results[name] = result }
    return result
  }
}
