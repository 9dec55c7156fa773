import Layers

/// The mean squared error of standardised poses, over the batch and their 48 coordinates: `[1]`.
///
/// predicted, target: `[batch, 48]`.
public func poseLoss(_ predicted: Tensor, _ target: Tensor) -> Tensor {
  let share = 1 / Double(predicted.shape.reduce(1, *))
  return fusedSum("poseLoss", [predicted, target], scalars: [share]) { x, s in
    let d = x[0] - x[1]
    return [s[0] * d * d]
  }[0]
}
