import Compute

extension TriangleMesh {
  /// Returns the mesh unchanged if it is one connected manifold surface, with or without a boundary.
  ///
  /// Graph coarsening and the surface losses rely on this: every vertex has a neighbour, an edge belongs to one or two
  /// faces, and one graph holds all vertices.
  ///
  /// - Parameter name: what to call the mesh in messages, for instance its file.
  /// - Throws: `ComputeError` of kind `.data` at the first broken rule, in this order: faces out of range or degenerate,
  ///   isolated vertices, non-manifold edges, more than one component.
  @discardableResult
  public func validated(name: String = "mesh") throws -> TriangleMesh {
    try checkFaces(faces, vertexCount: vertices.count, name: name)
    try checkNoIsolatedVertices(name)
    try checkManifold(name)
    try checkConnected(name)
    return self
  }

  /// The vertices that no face names, ascending.
  public var unreferencedVertices: [Int] {
    let isUsed = vertexUse
    return isUsed.indices.filter { !isUsed[$0] }
  }

  /// The vertices that faces name, ascending.
  public var referencedVertices: [Int] {
    let isUsed = vertexUse
    return isUsed.indices.filter { isUsed[$0] }
  }

  /// Whether any face names each vertex.
  private var vertexUse: [Bool] {
    var isUsed = [Bool](repeating: false, count: vertices.count)
    for face in faces {
      for k in 0..<3 { isUsed[Int(face[k])] = true }
    }
    return isUsed
  }

  private func checkNoIsolatedVertices(_ name: String) throws {
    let isolated = unreferencedVertices
    guard let first = isolated.first else { return }
    throw ComputeError(
      .data,
      what: "\(name): \(isolated.count) of \(vertices.count) vertices belong to no face, the first is vertex \(first)",
      why: "the vertex graph is made of face edges, and each of its rows must hold at least one",
      mend: "remove unreferenced vertices from the mesh")
  }

  private func checkManifold(_ name: String) throws {
    var facesOfEdge: [SIMD2<Int32>: Int] = [:]
    facesOfEdge.reserveCapacity(2 * faces.count)
    for face in faces {
      for k in 0..<3 {
        let a = face[k]
        let b = face[(k + 1) % 3]
        let edge = SIMD2(min(a, b), max(a, b))
        let count = facesOfEdge[edge, default: 0] + 1
        facesOfEdge[edge] = count
        guard count <= 2 else {
          throw ComputeError(
            .data,
            what: "\(name): more than two faces share the edge between vertices \(edge.x) and \(edge.y)",
            why: "a surface has one face on either side of an edge; elsewhere normals and edge weights have no meaning",
            mend: "remove duplicate or inner faces, or split the mesh along that edge")
        }
      }
    }
  }

  private func checkConnected(_ name: String) throws {
    let count = componentCount
    guard count > 1 else { return }
    throw ComputeError(
      .data,
      what: "\(name): the mesh falls into \(count) components that share no vertex",
      why: "coarsening merges neighbours, so separate parts would never meet on a coarse level",
      mend: "keep only the body's surface (drop eyes, teeth and the like), or join vertices at the same place")
  }

  /// The number of parts of the surface that share no vertex; a vertex without a face counts as a part.
  public var componentCount: Int {
    var leader = Array(0..<vertices.count)
    func find(_ vertex: Int32) -> Int {
      var v = Int(vertex)
      while leader[v] != v {
        leader[v] = leader[leader[v]]
        v = leader[v]
      }
      return v
    }
    for face in faces {
      let a = find(face.x)
      leader[find(face.y)] = a
      leader[find(face.z)] = a
    }
    return leader.indices.count { leader[$0] == $0 }
  }
}

/// Checks that there are faces and that each names three different vertices of `0 ..< vertexCount`.
///
/// - Throws: `ComputeError` of kind `.data`.
func checkFaces(_ faces: [SIMD3<Int32>], vertexCount: Int, name: String) throws {
  try checkFaceRange(faces, vertexCount: vertexCount, name: name)
  for (index, face) in faces.enumerated() {
    guard face.x != face.y, face.y != face.z, face.z != face.x else {
      throw ComputeError(
        .data, what: "\(name): face \(index) names a vertex twice (\(face.x), \(face.y), \(face.z))",
        why:
          "a triangle needs three different vertices; with two it has no normal, and an edge from a vertex to itself",
        mend: "remove degenerate faces from the mesh")
    }
  }
}

/// Checks that there are faces and that all name vertices of `0 ..< vertexCount`.
///
/// - Throws: `ComputeError` of kind `.data`.
func checkFaceRange(_ faces: [SIMD3<Int32>], vertexCount: Int, name: String) throws {
  guard !faces.isEmpty else {
    throw ComputeError(
      .data, what: "\(name): the mesh has no faces",
      why: "vertices get their neighbours from faces",
      mend: "export the mesh with its triangles; point clouds cannot be used")
  }
  for (index, face) in faces.enumerated() {
    guard face.min() >= 0, Int(face.max()) < vertexCount else {
      throw ComputeError(
        .data,
        what: "\(name): face \(index) names vertex \(face.min() < 0 ? face.min() : face.max()) of \(vertexCount)",
        why: "a face can only name vertices 0 to \(vertexCount - 1)",
        mend: "export the mesh again, or check whether its indices count from 1")
    }
  }
}
