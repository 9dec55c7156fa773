/// A sparse matrix on the host, in compressed sparse row form with ascending columns, values in Double.
public struct CompressedRows: Sendable, Equatable {
  public let rows, columns: Int
  /// `[rows + 1]`; row r holds entries `rowStart[r] ..< rowStart[r + 1]`.
  public let rowStart: [Int32]
  public let column: [Int32]
  public let value: [Double]

  public init(rows: Int, columns: Int, rowStart: [Int32], column: [Int32], value: [Double]) {
    precondition(rowStart.count == rows + 1 && column.count == value.count && Int(rowStart[rows]) == value.count)
    self.rows = rows
    self.columns = columns
    self.rowStart = rowStart
    self.column = column
    self.value = value
  }

  /// Collects entries in any order; entries at one place are added in the order given.
  public init(rows: Int, columns: Int, entries: [(row: Int, column: Int, value: Double)]) {
    var count = [Int32](repeating: 0, count: rows + 1)
    for entry in entries {
      precondition(
        entry.row >= 0 && entry.row < rows && entry.column >= 0 && entry.column < columns,
        "CompressedRows: entry (\(entry.row), \(entry.column)) lies outside \(rows) x \(columns)")
      count[entry.row + 1] += 1
    }
    for r in 0..<rows { count[r + 1] += count[r] }
    var next = count
    var order = [Int](repeating: 0, count: entries.count)
    for (index, entry) in entries.enumerated() {
      order[Int(next[entry.row])] = index
      next[entry.row] += 1
    }
    var rowStart: [Int32] = [0]
    var column: [Int32] = []
    var value: [Double] = []
    rowStart.reserveCapacity(rows + 1)
    for r in 0..<rows {
      // A stable sort keeps the given order among equal columns, so that sums repeat bit for bit.
      let row = order[Int(count[r])..<Int(count[r + 1])].sorted {
        (entries[$0].column, $0) < (entries[$1].column, $1)
      }
      for index in row {
        let c = Int32(entries[index].column)
        if column.count > Int(rowStart[r]), column.last == c {
          value[value.count - 1] += entries[index].value
        } else {
          column.append(c)
          value.append(entries[index].value)
        }
      }
      rowStart.append(Int32(column.count))
    }
    self.init(rows: rows, columns: columns, rowStart: rowStart, column: column, value: value)
  }

  /// The entries of row r in ascending column order.
  public func row(_ r: Int) -> some Sequence<(column: Int, value: Double)> {
    (Int(rowStart[r])..<Int(rowStart[r + 1])).lazy.map { (Int(column[$0]), value[$0]) }
  }

  public func transposed() -> CompressedRows {
    var start = [Int32](repeating: 0, count: columns + 1)
    for c in column { start[Int(c) + 1] += 1 }
    for c in 0..<columns { start[c + 1] += start[c] }
    var next = start
    var newColumn = [Int32](repeating: 0, count: column.count)
    var newValue = [Double](repeating: 0, count: value.count)
    for r in 0..<rows {
      for k in Int(rowStart[r])..<Int(rowStart[r + 1]) {
        let at = Int(next[Int(column[k])])
        newColumn[at] = Int32(r)
        newValue[at] = value[k]
        next[Int(column[k])] += 1
      }
    }
    return CompressedRows(rows: columns, columns: rows, rowStart: start, column: newColumn, value: newValue)
  }
}
