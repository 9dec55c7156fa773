import Compute

/// A surface of triangles.
///
/// Positions are in the unit of whoever made the mesh (metres for bodies); faces name vertices counter-clockwise seen
/// from outside.
public struct TriangleMesh: Sendable, Equatable {
  /// `[vertices]`
  public var vertices: [SIMD3<Double>]
  /// `[faces]`, each three vertex indices.
  public var faces: [SIMD3<Int32>]

  public init(vertices: [SIMD3<Double>], faces: [SIMD3<Int32>]) {
    self.vertices = vertices
    self.faces = faces
  }
}
