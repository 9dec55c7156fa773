import Compute

/// A mesh's vertex graph and its coarser versions, in the order of a binary tree: node p of a level has children 2p and
/// 2p + 1 on the next finer one.
///
/// Pairs come from heavy-edge matching. Where a cluster has fewer than two members, fake nodes fill the places: they have
/// no edges, but take part in the network's statistics (Defferrard, Bresson and Vandergheynst, "Convolutional neural
/// networks on graphs with fast localized spectral filtering", 2016).
public struct GraphHierarchy: Sendable {
  /// One graph; sparse matrices are in the permuted order and include the fake nodes.
  public struct Level: Sendable {
    /// `[size]`: the vertex at each position; those of `realCount` and above are fake.
    public let permutation: [Int32]
    /// How many vertices are real.
    public let realCount: Int
    /// `[realCount]`: the vertex of the next coarser graph that each real vertex belongs to.
    public let parents: [Int32]
    /// Edge weights; self loops hold the weight inside a cluster, counted twice.
    public let adjacency: CompressedRows
    /// Of the normalised Laplacian, before rescaling.
    public let largestEigenvalue: Double
    /// The operator of the network.
    public let scaledLaplacian: CompressedRows

    /// Nodes, fake ones included.
    public var size: Int { permutation.count }

    public func isReal(_ position: Int) -> Bool { permutation[position] < realCount }
  }

  /// Finest first; the graph that the last one's `parents` lead to is not kept, as nothing uses it.
  public let levels: [Level]
  /// `[size of the finest level]`: the position of each vertex, the inverse of its permutation. Vertex v of the mesh is
  /// row `place[v]` of the network's output.
  public let place: [Int32]

  /// The number of vertices of the mesh.
  public var vertexCount: Int { levels[0].realCount }

  /// The hierarchy of a mesh that must be one connected manifold.
  ///
  /// - Throws: `ComputeError` of kind `.data`, see `TriangleMesh.validated(name:)`.
  public init(
    of mesh: TriangleMesh, levels levelCount: Int, order: VisitingOrder = .introsort,
    rescaling: LaplacianRescaling = .upstream, name: String = "mesh"
  ) throws {
    try mesh.validated(name: name)
    try self.init(faces: mesh.faces, levels: levelCount, order: order, rescaling: rescaling, name: name)
  }

  /// The hierarchy of any faces that leave no vertex isolated: what a file of reference data needs.
  ///
  /// - Parameter levelCount: how many graphs to keep, which is how often vertices are paired; at least 1.
  /// - Throws: `ComputeError` of kind `.data` for faces out of range and isolated vertices.
  public init(
    faces: [SIMD3<Int32>], levels levelCount: Int, order: VisitingOrder = .introsort,
    rescaling: LaplacianRescaling = .upstream, name: String = "mesh"
  ) throws {
    precondition(levelCount >= 1, "GraphHierarchy: \(levelCount) levels")
    var graphs = [try meshAdjacency(faces, name: name)]
    var parents: [[Int32]] = []
    for step in 0..<levelCount {
      parents.append(heavyEdgeMatching(graphs[step], order: order, countsSelfLoops: step > 0))
      graphs.append(contracted(graphs[step], by: parents[step]))
    }
    let permutations = binaryTreeOrders(parents, coarsest: graphs[levelCount].rows)
    levels = (0..<levelCount).map { l in
      let adjacency = permuted(graphs[l], permutations[l])
      let laplacian = normalisedLaplacian(adjacency)
      let largest = Geometry.largestEigenvalue(of: laplacian)
      return Level(
        permutation: permutations[l], realCount: graphs[l].rows, parents: parents[l], adjacency: adjacency,
        largestEigenvalue: largest,
        scaledLaplacian: rescaled(laplacian, by: rescaling.factor(largestEigenvalue: largest)))
    }
    place = inverse(permutations[0])
  }
}

/// The order of each level, finest first, and last the coarsest, which keeps its own.
///
/// Each entry of a level appends its children to the next finer one: real ones in ascending index, then new fake ids up to
/// two.
private func binaryTreeOrders(_ parents: [[Int32]], coarsest: Int) -> [[Int32]] {
  var orders = [(0..<Int32(coarsest)).map { $0 }]
  for parent in parents.reversed() {
    var children = [[Int32]](repeating: [], count: orders[0].count)
    for (child, cluster) in parent.enumerated() { children[Int(cluster)].append(Int32(child)) }
    var nextFake = Int32(parent.count)
    var finer: [Int32] = []
    for node in orders[0] {
      finer += children[Int(node)]
      for _ in children[Int(node)].count..<2 {
        finer.append(nextFake)
        nextFake += 1
      }
    }
    orders.insert(finer, at: 0)
  }
  return orders
}

private func inverse(_ permutation: [Int32]) -> [Int32] {
  var place = [Int32](repeating: 0, count: permutation.count)
  for (position, vertex) in permutation.enumerated() { place[Int(vertex)] = Int32(position) }
  return place
}

/// The graph with its vertices at their positions; positions of fake vertices stay empty.
private func permuted(_ graph: CompressedRows, _ permutation: [Int32]) -> CompressedRows {
  let place = inverse(permutation)
  var rowStart: [Int32] = [0]
  var column: [Int32] = []
  var value: [Double] = []
  column.reserveCapacity(graph.column.count)
  value.reserveCapacity(graph.value.count)
  for vertex in permutation {
    if vertex < graph.rows {
      let row = graph.row(Int(vertex)).map { (column: place[$0.column], value: $0.value) }
      for entry in row.sorted(by: { $0.column < $1.column }) {
        column.append(entry.column)
        value.append(entry.value)
      }
    }
    rowStart.append(Int32(column.count))
  }
  return CompressedRows(
    rows: permutation.count, columns: permutation.count, rowStart: rowStart, column: column, value: value)
}
