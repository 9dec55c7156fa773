/// A constant list of row numbers on a device, with its inverse: what `gather` reads and `scatterAdd` adds to.
public final class RowIndex: Sendable {
  /// How many rows the numbers point into.
  public let sourceRows: Int
  /// int32 `[count]`: gather's row k is row `rows[k]` of its source.
  public let rows: TensorView
  /// int32 `[sourceRows + 1]` and int32 `[count]`: the positions k that point to each source row, ascending.
  public let destinationStart, positions: TensorView

  public var count: Int { rows.shape[0] }

  /// Uploads row numbers. Traps when one lies outside `0..<sourceRows`.
  public init(_ rows: [Int32], sourceRows: Int, on device: any MemoryOperations) {
    precondition(
      rows.allSatisfy { $0 >= 0 && Int($0) < sourceRows }, "RowIndex: a row number lies outside 0..<\(sourceRows)")
    var start = [Int32](repeating: 0, count: sourceRows + 1)
    for row in rows { start[Int(row) + 1] += 1 }
    for row in 0..<sourceRows { start[row + 1] += start[row] }
    var next = start
    var positions = [Int32](repeating: 0, count: rows.count)
    for (k, row) in rows.enumerated() {
      positions[Int(next[Int(row)])] = Int32(k)
      next[Int(row)] += 1
    }
    self.sourceRows = sourceRows
    self.rows = device.upload(rows, [rows.count])
    destinationStart = device.upload(start, [sourceRows + 1])
    self.positions = device.upload(positions, [rows.count])
  }
}

public protocol IndexOperations: AnyObject, Sendable {
  /// y[b, k, c] = x[b, index[k], c].
  ///
  /// - Parameters:
  ///   - x: real, `[batch, sourceRows, width]`, unit stride along the width.
  ///   - y: `[batch, count, width]`, unit stride along the width; shares no memory with x.
  func gather(_ x: TensorView, _ index: RowIndex, into y: TensorView)

  /// y[b, r, c] = beta y[b, r, c] + sum over k with index[k] = r of x[b, k, c], added in ascending k: the adjoint
  /// of `gather`, deterministic because it runs by destination.
  ///
  /// - Parameters:
  ///   - x: real, `[batch, count, width]`, unit stride along the width.
  ///   - y: `[batch, sourceRows, width]`, unit stride along the width; shares no memory with x.
  func scatterAdd(_ x: TensorView, _ index: RowIndex, into y: TensorView, beta: Double)
}

/// The contract of `gather` (and, with source and destination exchanged, of `scatterAdd`), as a pure rule.
public func gatherRule(source: TensorView, _ index: RowIndex, gathered: TensorView) throws {
  guard source.rank == 3, gathered.rank == 3, source.shape[1] == index.sourceRows, gathered.shape[1] == index.count,
    source.shape[0] == gathered.shape[0], source.shape[2] == gathered.shape[2]
  else {
    throw ComputeError(
      .shape,
      what: "gather: shapes \(source.shape) and \(gathered.shape) for \(index.count) of \(index.sourceRows) rows",
      why: "the source is [batch, \(index.sourceRows), width], the result [batch, \(index.count), width]",
      mend: "pass views of these shapes")
  }
  guard source.elementType == gathered.elementType, source.elementType.isReal,
    [source, gathered].allSatisfy({ $0.shape[2] <= 1 || $0.strides[2] == 1 })
  else {
    throw ComputeError(
      .shape,
      what:
        "gather: types \(source.elementType) and \(gathered.elementType), strides \(source.strides) and \(gathered.strides)",
      why: "both are of one real type with unit stride along the width", mend: "copy into a contiguous tensor first")
  }
}
