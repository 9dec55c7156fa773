import Compute

/// The weighted graph of a mesh's vertices.
///
/// Each face (a, b, c) adds one to the directed pairs a->b, b->c and a->c (not c->a). A count above one is lowered by
/// one, and the result is the element-wise maximum with its transpose: all weights are 1 on a manifold. Self loops do
/// not occur. The rule is that of the released Pose2Mesh, whose permutations depend on it.
///
/// - Throws: `ComputeError` of kind `.data` for faces out of range and for vertices below the greatest index that no
///   face names.
func meshAdjacency(_ faces: [SIMD3<Int32>], name: String) throws -> CompressedRows {
  let count = Int(faces.map { $0.max() }.max() ?? -1) + 1
  try checkFaces(faces, vertexCount: count, name: name)
  var pairs: [(row: Int, column: Int, value: Double)] = []
  pairs.reserveCapacity(3 * faces.count)
  for face in faces {
    let a = Int(face.x)
    let b = Int(face.y)
    let c = Int(face.z)
    pairs += [(a, b, 1), (b, c, 1), (a, c, 1)]
  }
  let counted = CompressedRows(rows: count, columns: count, entries: pairs)
  let directed = CompressedRows(
    rows: count, columns: count, rowStart: counted.rowStart, column: counted.column,
    value: counted.value.map { $0 > 1 ? $0 - 1 : $0 })
  let adjacency = elementwiseMaximum(directed, directed.transposed())
  if let isolated = (0..<count).first(where: { adjacency.rowStart[$0] == adjacency.rowStart[$0 + 1] }) {
    throw ComputeError(
      .data, what: "\(name): vertex \(isolated) of \(count) belongs to no face",
      why: "the vertex graph is made of face edges, and each of its rows must hold at least one",
      mend: "remove unreferenced vertices from the mesh")
  }
  return adjacency
}

/// The larger of two matrices of equal size without negative values, entry by entry.
private func elementwiseMaximum(_ a: CompressedRows, _ b: CompressedRows) -> CompressedRows {
  var rowStart: [Int32] = [0]
  var column: [Int32] = []
  var value: [Double] = []
  for r in 0..<a.rows {
    var i = Int(a.rowStart[r])
    var j = Int(b.rowStart[r])
    let endA = Int(a.rowStart[r + 1])
    let endB = Int(b.rowStart[r + 1])
    while i < endA || j < endB {
      let columnA = i < endA ? a.column[i] : .max
      let columnB = j < endB ? b.column[j] : .max
      column.append(min(columnA, columnB))
      value.append(max(columnA <= columnB ? a.value[i] : 0, columnB <= columnA ? b.value[j] : 0))
      if columnA <= columnB { i += 1 }
      if columnB <= columnA { j += 1 }
    }
    rowStart.append(Int32(column.count))
  }
  return CompressedRows(rows: a.rows, columns: a.columns, rowStart: rowStart, column: column, value: value)
}

extension JointSet {
  /// The joint graph: bones, extra edges and a self loop at each joint, all with weight 1.
  public var adjacency: CompressedRows {
    var isEdge = [[Bool]](repeating: [Bool](repeating: false, count: count), count: count)
    for joint in 0..<count { isEdge[joint][joint] = true }
    for edge in skeleton + extraEdges {
      isEdge[edge.x][edge.y] = true
      isEdge[edge.y][edge.x] = true
    }
    return CompressedRows(
      rows: count, columns: count,
      entries: (0..<count).flatMap { r in
        (0..<count).filter { isEdge[r][$0] }.map { (row: r, column: $0, value: 1) }
      })
  }
}
