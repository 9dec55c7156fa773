/// y = A x with A constant, so dx = A^T dy.
///
/// x: `[inner, width]` or `[batch, inner, width]`.
public func spmm(_ a: SparseMatrix, _ x: Tensor) -> Tensor {
  var shape = x.shape
  shape[shape.count - 2] = a.rows
  let y = x.device.allocate(x.elementType, shape)
  x.device.spmm(a, x.view, into: y)
  return .recording("spmm", y, from: [x]) { gradients, _ in
    let dy = gradients.upstream
    gradients.accumulate(0) {
      gradients.device.spmm(a.transposed, dy, into: $0, alpha: 1, beta: $1, adding: $1 == 0 ? nil : $0)
    }
  }
}
