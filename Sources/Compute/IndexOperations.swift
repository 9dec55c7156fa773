/// A constant list of row numbers on a device, with its inverse: what `gather` reads and `scatterAdd` adds to.
///
/// One list serves every element of a batch, or each element has a list of its own, all of one length.
public final class RowIndex: Sendable {
  /// How many rows the numbers point into.
  public let sourceRows: Int
  /// int32 `[lists, count]`: gather's row k is row `rows[k]` of its source.
  public let rows: TensorView
  /// int32 `[lists, sourceRows + 1]` and int32 `[lists, count]`: the positions k that point to each source row, ascending.
  public let destinationStart, positions: TensorView

  /// 1 when every batch element is served by one list.
  public var lists: Int { rows.shape[0] }
  public var count: Int { rows.shape[1] }

  /// Uploads row numbers, one list after the other. Traps when one lies outside `0..<sourceRows`.
  public init(_ rows: [Int32], lists: Int = 1, sourceRows: Int, on device: any MemoryOperations) {
    precondition(
      rows.allSatisfy { $0 >= 0 && Int($0) < sourceRows }, "RowIndex: a row number lies outside 0..<\(sourceRows)")
    precondition(
      lists > 0 && rows.count.isMultiple(of: lists), "RowIndex: \(rows.count) numbers in \(lists) lists of one length")
    let count = rows.count / lists
    var start = [Int32](repeating: 0, count: lists * (sourceRows + 1))
    var positions = [Int32](repeating: 0, count: rows.count)
    for list in 0..<lists {
      let numbers = rows[list * count..<(list + 1) * count]
      let first = list * (sourceRows + 1)
      for row in numbers { start[first + Int(row) + 1] += 1 }
      for row in 0..<sourceRows { start[first + row + 1] += start[first + row] }
      var next = Array(start[first..<first + sourceRows])
      for (k, row) in numbers.enumerated() {
        positions[list * count + Int(next[Int(row)])] = Int32(k)
        next[Int(row)] += 1
      }
    }
    self.sourceRows = sourceRows
    self.rows = device.upload(rows, [lists, count])
    destinationStart = device.upload(start, [lists, sourceRows + 1])
    self.positions = device.upload(positions, [lists, count])
  }

  /// Waits for row numbers that a device computed, int32 `[lists, count]`, and inverts them on the host.
  public convenience init(copying rows: TensorView, sourceRows: Int, on device: any MemoryOperations) throws {
    self.init(try device.download(rows, as: Int32.self), lists: rows.shape[0], sourceRows: sourceRows, on: device)
  }

  /// How far one batch element's list lies behind the last one's, in lists.
  public var listStep: Int { lists > 1 ? 1 : 0 }
}

public protocol IndexOperations: AnyObject, Sendable {
  /// y[b, k, c] = x[b, index[b, k], c]; an index of one list serves every b.
  ///
  /// - Parameters:
  ///   - x: real, `[batch, sourceRows, width]`, unit stride along the width.
  ///   - y: `[batch, count, width]`, unit stride along the width; shares no memory with x.
  func gather(_ x: TensorView, _ index: RowIndex, into y: TensorView)

  /// y[b, r, c] = beta y[b, r, c] + sum over k with index[b, k] = r of x[b, k, c], added in ascending k: the adjoint
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
    source.shape[0] == gathered.shape[0], source.shape[2] == gathered.shape[2],
    index.lists == 1 || index.lists == source.shape[0]
  else {
    throw ComputeError(
      .shape,
      what: "gather: shapes \(source.shape) and \(gathered.shape) for \(index.count) of \(index.sourceRows) rows"
        + (index.lists == 1 ? "" : " in each of \(index.lists) lists"),
      why: "the source is [batch, \(index.sourceRows), width], the result [batch, \(index.count), width], and a batch "
        + "element has a list of its own or shares the only one",
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
