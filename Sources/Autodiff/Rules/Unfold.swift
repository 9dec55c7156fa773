/// Neighbouring rows side by side, zeros beyond both ends: a convolution along the rows becomes a product.
///
///     y[b, n, c taps + t] = x[b, n + t - taps / 2, c]
///
/// - Parameters:
///   - x: `[batch, rows, channels]`.
///   - taps: odd.
/// - Returns: `[batch, rows, channels * taps]`, in the order of PyTorch's Conv1d weights.
public func unfold(_ x: Tensor, taps: Int) -> Tensor {
  precondition(taps > 0 && !taps.isMultiple(of: 2), "unfold: \(taps) taps have no middle; take an odd number")
  let device = x.device
  let (batch, rows, channels) = (x.shape[0], x.shape[1], x.shape[2])
  let y = device.allocate(x.elementType, [batch, rows, channels, taps])
  device.fill(y, with: 0)
  for (source, destination) in tapPairs(x.view, y) { device.copy(source, to: destination) }
  return .recording("unfold", y.reshaped([batch, rows, channels * taps]), from: [x]) { gradients, _ in
    let dy = gradients.upstream.reshaped([batch, rows, channels, taps])
    gradients.accumulate(0) { dx, beta in
      if beta == 0 { device.fill(dx, with: 0) }
      for (sum, part) in tapPairs(dx, dy) { device.map(.addition, [sum, part], into: [sum]) }
    }
  }
}

/// For each tap, the rows of x that lie inside, and where they stand in y `[batch, rows, channels, taps]`.
private func tapPairs(_ x: TensorView, _ y: TensorView) -> [(TensorView, TensorView)] {
  let (rows, taps) = (y.shape[1], y.shape[3])
  return (0..<taps).compactMap { tap in
    let shift = tap - taps / 2
    guard abs(shift) < rows else { return nil }
    let inside = max(0, -shift)..<min(rows, rows - shift)
    return (
      x.sliced(axis: 1, inside.lowerBound + shift..<inside.upperBound + shift),
      y.selecting(axis: 3, tap).sliced(axis: 1, inside)
    )
  }
}
