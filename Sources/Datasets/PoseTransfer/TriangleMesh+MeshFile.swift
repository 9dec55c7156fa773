import FileFormats
import Foundation
import Geometry

extension TriangleMesh {
  /// Reads an .obj, .ply or .glb file; vertices keep their order.
  ///
  /// - Throws: `ComputeError` as `MeshFile.init(contentsOf:)`.
  public init(contentsOf url: URL) throws {
    let file = try MeshFile(contentsOf: url)
    self.init(vertices: file.vertices, faces: file.triangles)
  }

  /// Writes an .obj, .ply or .glb file, the last with normals.
  ///
  /// - Throws: `ComputeError` as `MeshFile.write(to:normals:)`.
  public func write(to url: URL) throws {
    try MeshFile(vertices: vertices, triangles: faces).write(to: url, normals: vertexNormals)
  }
}
