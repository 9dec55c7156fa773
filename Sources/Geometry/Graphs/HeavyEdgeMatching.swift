import Compute

/// One pass of heavy-edge matching (Dhillon, Guan and Kulis, "Weighted graph cuts without eigenvectors", 2007), as the
/// released Pose2Mesh runs it.
///
/// Vertices are visited by ascending weighted degree. Each that is still alone takes its free neighbour x of the
/// greatest
///
///     score = (2 w(u,x) + first(u) + first(x)) / (degree(u) + degree(x) + 1e-9)
///
/// the lowest-numbered at equal score, or stays alone if it has none. The permutations of published checkpoints depend
/// on three slips, which are kept:
///
/// - `first(i)`, meant to be the weight of the self loop, is that of the first stored entry of row i;
/// - the scan of row 0 runs on over the first entry of row 1, and that of the last row stops before its last entry;
/// - ties in the visiting order are left as an unstable sort leaves them (see `VisitingOrder`).
///
/// - Parameters:
///   - graph: symmetric, no empty rows.
///   - countsSelfLoops: whether a vertex's own self loop counts in its degree; false in the first pass, true later.
/// - Returns: the cluster of each vertex, clusters numbered as they are found.
func heavyEdgeMatching(_ graph: CompressedRows, order: VisitingOrder, countsSelfLoops: Bool) -> [Int32] {
  let count = graph.rows
  var total = [Double](repeating: 0, count: count)
  for (column, value) in zip(graph.column, graph.value) { total[Int(column)] += value }
  var degree = total
  if !countsSelfLoops {
    for r in 0..<count {
      for entry in graph.row(r) where entry.column == r { degree[r] -= entry.value }
    }
  }
  let first = (0..<count).map { graph.value[Int(graph.rowStart[$0])] }

  var cluster = [Int32](repeating: -1, count: count)
  var clusters: Int32 = 0
  for u in order.sortedIndices(of: total) where cluster[u] < 0 {
    var end = Int(graph.rowStart[u + 1])
    if count > 1, u == 0 { end += 1 }
    if count > 1, u == count - 1 { end -= 1 }
    var best: Int?
    var bestScore = 0.0
    for k in Int(graph.rowStart[u])..<end {
      let x = Int(graph.column[k])
      if x == u || cluster[x] >= 0 { continue }
      let score = (2 * graph.value[k] + first[u] + first[x]) / (degree[u] + degree[x] + 1e-9)
      if score > bestScore { (best, bestScore) = (x, score) }
    }
    cluster[u] = clusters
    if let best { cluster[best] = clusters }
    clusters += 1
  }
  return cluster
}

/// The graph of clusters: weights between members add up, inner weights become self loops, counted twice.
func contracted(_ graph: CompressedRows, by cluster: [Int32]) -> CompressedRows {
  let count = Int(cluster.max() ?? -1) + 1
  var entries: [(row: Int, column: Int, value: Double)] = []
  entries.reserveCapacity(graph.value.count)
  for r in 0..<graph.rows {
    for entry in graph.row(r) { entries.append((Int(cluster[r]), Int(cluster[entry.column]), entry.value)) }
  }
  return CompressedRows(rows: count, columns: count, entries: entries)
}
