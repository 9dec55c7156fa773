import Compute
import Kernels

extension OpenCLDevice {
  public func spmm(
    _ a: SparseMatrix, _ x: TensorView, into y: TensorView, alpha: Double, beta: Double, adding z: TensorView?
  ) {
    orTrap(try spmmRule(a, x, into: y, beta: beta, adding: z))
    y.buffer.markWritten()
    guard supports(y.elementType), !y.isEmpty else { return }
    let (x, y) = (x.rank == 2 ? x.expanded(axis: 0) : x, y.rank == 2 ? y.expanded(axis: 0) : y)
    let z = z.map { $0.rank == 2 ? $0.expanded(axis: 0) : $0 } ?? y
    let (batch, rows, width) = (y.shape[0], y.shape[1], y.shape[2])
    let size = grid(inner: width, outer: batch * rows)
    let index = Self.index(counting: batch * rows)
    launch(
      "spmm",
      KernelKey(source: .spmm, function: "spmm", isDouble: y.elementType == .float64, signature: [index.code]),
      defines: [index.define],
      [
        .int(batch), .int(rows), .int(width), .buffer(a.rowStart.buffer), .int(a.rowStart.offset),
        .buffer(a.column.buffer), .int(a.column.offset), .buffer(a.value.buffer), .int(a.value.offset),
        .real(alpha, like: y), .buffer(x.buffer), .int(x.offset), .int(x.strides[0]), .int(x.strides[1]),
        .real(beta, like: y), .buffer(z.buffer), .int(z.offset), .int(z.strides[0]), .int(z.strides[1]),
        .buffer(y.buffer), .int(y.offset), .int(y.strides[0]), .int(y.strides[1]),
      ],
      global: size.global, local: size.local, flop: 2 * batch * a.nonzeros * width,
      byteCount: Self.distinctByteCount(x) + Self.distinctByteCount(y) * (beta == 0 ? 1 : 2))
  }
}
