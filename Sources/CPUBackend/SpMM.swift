import CPUShim
import Compute

extension CPUDevice {
  public func spmm(
    _ a: SparseMatrix, _ x: TensorView, into y: TensorView, alpha: Double, beta: Double, adding z: TensorView?
  ) {
    orTrap(try spmmRule(a, x, into: y, beta: beta, adding: z))
    let addend = beta == 0 ? nil : z
    let r = y.rank
    let (batch, width) = (r == 3 ? y.shape[0] : 1, y.shape[r - 1])
    launch(
      "spmm", flop: 2 * batch * a.nonzeros * width,
      reading: [x, a.rowStart, a.column, a.value] + (addend.map { [$0] } ?? []), writing: [y]
    ) {
      guard !y.isEmpty else { return }
      // One batch element after the other, so that the rows of x that neighbours share are still in cache.
      let rowsPerTile = max(Int(CPU_TILE) / width, 1)
      let tilesPerBatch = (a.rows + rowsPerTile - 1) / rowsPerTile
      workers.run(batch * tilesPerBatch) { tile, _ in
        let first = tile % tilesPerBatch * rowsPerTile
        a.multiply(
          first..<min(first + rowsPerTile, a.rows), width: width, alpha: alpha,
          x.matrix(tile / tilesPerBatch), beta: beta, addend?.matrix(tile / tilesPerBatch),
          into: y.matrix(tile / tilesPerBatch))
      }
    }
  }
}

extension TensorView {
  /// One matrix of a batch, or the view itself.
  fileprivate func matrix(_ index: Int) -> TensorView { rank == 3 ? selecting(axis: 0, index) : self }
}

extension SparseMatrix {
  fileprivate func multiply(
    _ rows: Range<Int>, width: Int, alpha: Double, _ x: TensorView, beta: Double, _ z: TensorView?, into y: TensorView
  ) {
    let start = rowStart.pointer.assumingMemoryBound(to: Int32.self)
    let columns = column.pointer.assumingMemoryBound(to: Int32.self)
    let (first, last) = (Int64(rows.lowerBound), Int64(rows.upperBound))
    if elementType == .float64 {
      cpu_spmm_double(
        start, columns, value.pointer.assumingMemoryBound(to: Double.self), first, last, Int64(width), alpha,
        x.pointer.assumingMemoryBound(to: Double.self), Int64(x.strides[0]), beta,
        z?.pointer.assumingMemoryBound(to: Double.self), Int64(z?.strides[0] ?? 0),
        y.pointer.assumingMemoryBound(to: Double.self), Int64(y.strides[0]))
    } else {
      cpu_spmm_float(
        start, columns, value.pointer.assumingMemoryBound(to: Float.self), first, last, Int64(width), alpha,
        x.pointer.assumingMemoryBound(to: Float.self), Int64(x.strides[0]), beta,
        z?.pointer.assumingMemoryBound(to: Float.self), Int64(z?.strides[0] ?? 0),
        y.pointer.assumingMemoryBound(to: Float.self), Int64(y.strides[0]))
    }
  }
}
