/// The assignment of rows to columns with the least total cost, each column used once.
///
/// Shortest augmenting paths over reduced costs, begun by a column reduction (Jonker and Volgenant, "A shortest augmenting
/// path algorithm for dense and sparse linear assignment problems", 1987): each row still free is joined to a free column
/// along a path of least reduced cost, and the duals are raised so that all reduced costs stay at least 0.
///
/// - Parameters:
///   - cost: `[count, count]`, row-major, finite.
/// - Returns: The column of every row.
/// - Complexity: O(count^3).
public func minimumCostAssignment(_ cost: [Double], count: Int) -> [Int] {
  precondition(cost.count == count * count, "minimumCostAssignment: \(cost.count) costs for \(count) rows")
  precondition(cost.allSatisfy(\.isFinite), "minimumCostAssignment: a cost is not finite")
  return cost.withUnsafeBufferPointer { cost in
    var solver = AssignmentSolver(cost: cost, count: count)
    solver.reduceColumns()
    for row in 0..<count where solver.columnOfRow[row] < 0 { solver.augment(from: row) }
    return solver.columnOfRow
  }
}

private struct AssignmentSolver {
  let cost: UnsafeBufferPointer<Double>
  let count: Int
  /// -1 where nothing is assigned yet.
  var columnOfRow, rowOfColumn: [Int]
  /// The duals u and v: cost - u - v >= 0, and = 0 where assigned.
  var rowDual, columnDual: [Double]

  init(cost: UnsafeBufferPointer<Double>, count: Int) {
    self.cost = cost
    self.count = count
    columnOfRow = [Int](repeating: -1, count: count)
    rowOfColumn = columnOfRow
    rowDual = [Double](repeating: 0, count: count)
    columnDual = [Double](repeating: .infinity, count: count)
  }

  /// v = the least cost of each column, which goes to the row that has it if that row is still free.
  mutating func reduceColumns() {
    var cheapest = [Int](repeating: 0, count: count)
    for row in 0..<count {
      for column in 0..<count where cost[row * count + column] < columnDual[column] {
        columnDual[column] = cost[row * count + column]
        cheapest[column] = row
      }
    }
    for column in 0..<count where columnOfRow[cheapest[column]] < 0 {
      columnOfRow[cheapest[column]] = column
      rowOfColumn[column] = cheapest[column]
    }
  }

  /// Assigns a free row by Dijkstra's search over columns, then exchanges assignments along the path found.
  mutating func augment(from free: Int) {
    var distance = [Double](repeating: .infinity, count: count)
    var predecessor = [Int](repeating: -1, count: count)
    var remaining = Array(0..<count)
    var scanned: [Int] = []
    var row = free
    var reached = 0.0
    var sink = -1
    while sink < 0 {
      let offset = reached - rowDual[row]
      var least = Double.infinity
      var nearest = 0
      for (place, column) in remaining.enumerated() {
        let through = cost[row * count + column] - columnDual[column] + offset
        if through < distance[column] {
          distance[column] = through
          predecessor[column] = row
        }
        // Of columns at the same distance a free one ends the search.
        let isCloser = distance[column] < least || (distance[column] == least && rowOfColumn[column] < 0)
        if isCloser {
          least = distance[column]
          nearest = place
        }
      }
      reached = least
      let column = remaining[nearest]
      remaining.swapAt(nearest, remaining.count - 1)
      remaining.removeLast()
      if rowOfColumn[column] < 0 {
        sink = column
      } else {
        scanned.append(column)
        row = rowOfColumn[column]
      }
    }
    rowDual[free] += reached
    for column in scanned {
      rowDual[rowOfColumn[column]] += reached - distance[column]
      columnDual[column] -= reached - distance[column]
    }
    var column = sink
    while true {
      let row = predecessor[column]
      rowOfColumn[column] = row
      (column, columnOfRow[row]) = (columnOfRow[row], column)
      if row == free { return }
    }
  }
}
