import Geometry

/// A mesh and the colour of its skin.
public struct Surface: Sendable {
  public let mesh: TriangleMesh
  /// One per vertex.
  public let colors: [Color]

  /// - Precondition: There are as many colours as vertices.
  public init(_ mesh: TriangleMesh, colors: [Color]) {
    precondition(
      colors.count == mesh.vertices.count, "Surface: \(colors.count) colours for \(mesh.vertices.count) vertices")
    self.mesh = mesh
    self.colors = colors
  }

  public init(_ mesh: TriangleMesh, color: Color) {
    self.init(mesh, colors: [Color](repeating: color, count: mesh.vertices.count))
  }

  /// All surfaces as one.
  init(joining surfaces: [Surface]) {
    var mesh = TriangleMesh(vertices: [], faces: [])
    for surface in surfaces {
      let start = Int32(mesh.vertices.count)
      mesh.faces += surface.mesh.faces.map { $0 &+ SIMD3(repeating: start) }
      mesh.vertices += surface.mesh.vertices
    }
    self.init(mesh, colors: surfaces.flatMap(\.colors))
  }
}
