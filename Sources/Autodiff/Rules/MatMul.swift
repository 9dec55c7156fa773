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
  linear([(x, weight)], bias: bias)
}

/// y = x1 W1^T + x2 W2^T + ... + b: several fully connected layers that add up.
///
/// - Parameters:
///   - products: x `[rows, in]` and weight `[out, in]`; `in` may differ from product to product.
///   - bias: `[out]`.
public func linear(_ products: [(x: Tensor, weight: Tensor)], bias: Tensor) -> Tensor {
  let device = bias.device
  let y = device.allocate(bias.elementType, [products[0].x.shape[0], bias.shape[0]])
  for (index, product) in products.enumerated() {
    let isFirst = index == 0
    device.gemm(
      product.x.view, product.weight.view.transposed, into: y, alpha: 1, beta: isFirst ? 0 : 1,
      epilogue: isFirst ? Epilogue(bias: .perColumn(bias.view)) : nil)
  }
  let operands = products.flatMap { [$0.x, $0.weight] }
  return .recording("linear", y, from: operands + [bias], saving: operands.map(\.view)) { gradients, saved in
    let dy = gradients.upstream
    let device = gradients.device
    for index in stride(from: 0, to: saved.count, by: 2) {
      gradients.accumulate(index) { device.gemm(dy, saved[index + 1], into: $0, alpha: 1, beta: $1) }
      gradients.accumulate(index + 1) { device.gemm(dy.transposed, saved[index], into: $0, alpha: 1, beta: $1) }
    }
    gradients.accumulate(saved.count) { device.sumColumns(dy, into: $0, beta: $1) }
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
