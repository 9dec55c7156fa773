/// The matrix product a b, with `[m, k]` and `[k, n]`, or batches of them; da = dc b^T, db = a^T dc.
public func matmul(_ a: Tensor, _ b: Tensor) -> Tensor {
  var shape = a.shape
  shape[shape.count - 1] = b.shape[b.shape.count - 1]
  let c = a.device.allocate(a.elementType, shape)
  a.device.gemm(a.view, b.view, into: c)
  return .recording("matmul", c, from: [a, b], saving: [a.view, b.view]) { gradients, saved in
    let dc = gradients.upstream
    gradients.accumulate(0) { gradients.device.gemm(dc, saved[1].transposed, into: $0, alpha: 1, beta: $1) }
    gradients.accumulate(1) { gradients.device.gemm(saved[0].transposed, dc, into: $0, alpha: 1, beta: $1) }
  }
}

/// y = x W^T + b, the fully connected layer.
///
/// - Parameters:
///   - x: `[rows, in]`.
///   - weight: `[out, in]`, as PyTorch stores it.
///   - bias: `[out]`.
public func linear(_ x: Tensor, weight: Tensor, bias: Tensor) -> Tensor {
  let device = x.device
  let y = device.allocate(x.elementType, [x.shape[0], weight.shape[0]])
  device.gemm(
    x.view, weight.view.transposed, into: y, alpha: 1, beta: 0, epilogue: Epilogue(bias: .perColumn(bias.view)))
  return .recording("linear", y, from: [x, weight, bias], saving: [x.view, weight.view]) { gradients, saved in
    let dy = gradients.upstream
    let device = gradients.device
    gradients.accumulate(0) { device.gemm(dy, saved[1], into: $0, alpha: 1, beta: $1) }
    gradients.accumulate(1) { device.gemm(dy.transposed, saved[0], into: $0, alpha: 1, beta: $1) }
    gradients.accumulate(2) { device.sumColumns(dy, into: $0, beta: $1) }
  }
}

extension Device {
  /// sum[c] = beta sum[c] + the sum of x over every axis but the last.
  ///
  /// x: `[..., columns]`; sum: `[columns]`, contiguous.
  public func sumColumns(_ x: TensorView, into sum: TensorView, beta: Double) {
    let kept = x.shape.dropLast().map { _ in 1 } + [x.shape[x.rank - 1]]
    let target = beta == 0 ? sum : allocate(sum.elementType, sum.shape)
    reduce(.sum, .identity, [x], scalars: [], domain: x.shape, into: [target.reshaped(kept)])
    if beta != 0 { map(.addition, [sum, target], into: [sum]) }
  }
}
