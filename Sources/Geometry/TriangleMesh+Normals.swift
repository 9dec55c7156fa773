extension TriangleMesh {
  /// Unit normals of the vertices: the sum of the adjacent faces' normals, each weighted by its area.
  ///
  /// A vertex without a face of positive area gets the zero vector.
  public var vertexNormals: [SIMD3<Double>] {
    var normals = [SIMD3<Double>](repeating: .zero, count: vertices.count)
    for face in faces {
      let a = Int(face.x)
      let b = Int(face.y)
      let c = Int(face.z)
      // The cross product of two edges is as long as twice the area.
      let normal = cross(vertices[b] - vertices[a], vertices[c] - vertices[a])
      normals[a] += normal
      normals[b] += normal
      normals[c] += normal
    }
    return normals.map { $0 == .zero ? $0 : $0 / norm($0) }
  }
}
