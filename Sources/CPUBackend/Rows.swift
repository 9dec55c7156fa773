import CPUShim
import Compute

extension CPUDevice {
  public func gather(_ x: TensorView, _ index: RowIndex, into y: TensorView) {
    orTrap(try gatherRule(source: x, index, gathered: y))
    launch("gather", reading: [x, index.rows], writing: [y]) {
      guard !y.isEmpty else { return }
      let bytes = y.elementType.byteCount
      let rows = index.rows.pointer.assumingMemoryBound(to: Int32.self)
      forRows(index.count, batch: y.shape[0], width: y.shape[2]) { element, range in
        cpu_gather_rows(
          (x.pointer + element * x.strides[0] * bytes).assumingMemoryBound(to: CChar.self),
          Int64(x.strides[1] * bytes), rows + element * index.listStep * index.count, Int64(range.lowerBound),
          Int64(range.upperBound),
          Int64(y.shape[2] * bytes),
          (y.pointer + element * y.strides[0] * bytes).assumingMemoryBound(to: CChar.self),
          Int64(y.strides[1] * bytes))
      }
    }
  }

  public func scatterAdd(_ x: TensorView, _ index: RowIndex, into y: TensorView, beta: Double) {
    orTrap(try gatherRule(source: y, index, gathered: x))
    launch(
      "scatterAdd", flop: x.elementCount, reading: [x, index.destinationStart, index.positions], writing: [y]
    ) {
      guard !y.isEmpty else { return }
      let bytes = y.elementType.byteCount
      let start = index.destinationStart.pointer.assumingMemoryBound(to: Int32.self)
      let positions = index.positions.pointer.assumingMemoryBound(to: Int32.self)
      let (width, xRow, yRow) = (Int64(y.shape[2]), Int64(x.strides[1]), Int64(y.strides[1]))
      forRows(index.sourceRows, batch: y.shape[0], width: y.shape[2]) { element, range in
        let (first, last) = (Int64(range.lowerBound), Int64(range.upperBound))
        let from = x.pointer + element * x.strides[0] * bytes
        let list = element * index.listStep
        let start = start + list * (index.sourceRows + 1)
        let positions = positions + list * index.count
        let to = y.pointer + element * y.strides[0] * bytes
        if y.elementType == .float64 {
          cpu_scatter_rows_double(
            from.assumingMemoryBound(to: Double.self), xRow, start, positions, first, last, width, beta,
            to.assumingMemoryBound(to: Double.self), yRow)
        } else {
          cpu_scatter_rows_float(
            from.assumingMemoryBound(to: Float.self), xRow, start, positions, first, last, width, beta,
            to.assumingMemoryBound(to: Float.self), yRow)
        }
      }
    }
  }

  /// Cuts the rows of every batch element into tiles.
  private func forRows(_ rows: Int, batch: Int, width: Int, _ body: (_ element: Int, _ rows: Range<Int>) -> Void) {
    let rowsPerTile = max(Int(CPU_TILE) / width, 1)
    let tilesPerBatch = (rows + rowsPerTile - 1) / rowsPerTile
    workers.run(batch * tilesPerBatch) { tile, _ in
      let first = tile % tilesPerBatch * rowsPerTile
      body(tile / tilesPerBatch, first..<min(first + rowsPerTile, rows))
    }
  }
}
