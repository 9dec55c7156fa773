/// Rows of x by number: `[batch, sourceRows, width]` to `[batch, count, width]`; the gradient is scattered back.
public func gather(_ x: Tensor, _ index: RowIndex) -> Tensor {
  let y = x.device.allocate(x.elementType, [x.shape[0], index.count, x.shape[2]])
  x.device.gather(x.view, index, into: y)
  return .recording("gather", y, from: [x]) { gradients, _ in
    let dy = gradients.upstream
    gradients.accumulate(0) { gradients.device.scatterAdd(dy, index, into: $0, beta: $1) }
  }
}
