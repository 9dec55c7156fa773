import Compute
import Foundation

/// A triangle mesh in one of the formats that people exchange; the path's extension says in which.
///
/// Vertices keep their number and order, also those that no face names: correspondence is data. Polygons are cut into
/// fans. Colours, texture coordinates and materials are passed over.
public struct MeshFile: Equatable, Sendable {
  public enum Format: String, CaseIterable, Sendable {
    /// Wavefront OBJ, see `OBJFile`.
    case obj
    /// See `PLYFile`.
    case ply
    /// glTF 2.0 in its binary container, see `GLBFile`.
    case glb

    /// The format that a path's extension names, in any case.
    ///
    /// - Throws: `ComputeError` `.usage` for any other extension.
    public init(of url: URL) throws {
      guard let format = Format(rawValue: url.pathExtension.lowercased()) else {
        throw ComputeError(
          .usage, what: "\(url.path): not the name of a mesh file that can be read or written",
          why: "meshes are .obj, .ply or .glb files",
          mend: "convert the mesh, for instance with Blender; a .gltf file can be saved as .glb")
      }
      self = format
    }
  }

  public var vertices: [SIMD3<Double>]
  /// Indices into the vertices, from 0.
  public var triangles: [SIMD3<Int32>]

  public init(vertices: [SIMD3<Double>], triangles: [SIMD3<Int32>]) {
    self.vertices = vertices
    self.triangles = triangles
  }
}

// MARK: - Reading

extension MeshFile {
  /// Reads a file.
  ///
  /// - Throws: `ComputeError` `.usage` for an unknown extension, as `InputFile.read(_:)`, and `.data` when the contents are
  ///   of another format, malformed, or no surface: less than three vertices or no face.
  public init(contentsOf url: URL) throws {
    let format = try Format(of: url)
    let data = try InputFile.read(url)
    try Self.check(data, is: format, source: url.path)
    switch format {
    case .obj:
      let file = try OBJFile(parsing: data, source: url.path)
      self.init(vertices: file.vertices, triangles: file.triangles)
    case .ply:
      let file = try PLYFile(parsing: data, source: url.path)
      self.init(vertices: file.vertices, triangles: file.triangles)
    case .glb:
      let file = try GLBFile(parsing: data, source: url.path)
      self.init(vertices: file.vertices, triangles: file.triangles)
    }
    guard vertices.count >= 3, !triangles.isEmpty else {
      throw ComputeError(
        .data, what: "\(url.path): \(vertices.count) vertices and \(triangles.count) faces are no surface",
        why: "a mesh needs three vertices and one face at least",
        mend: "export the mesh with its faces; point clouds cannot be used")
    }
  }

  /// Compares the first bytes with those of the formats that begin with a mark of their own.
  private static func check(_ data: Data, is format: Format, source: String) throws {
    let marks: [(format: Format, mark: String)] = [(.ply, "ply"), (.glb, "glTF")]
    let found = marks.first { data.starts(with: $0.mark.utf8) }?.format
    guard let found = found ?? (format == .obj ? .obj : nil) else {
      throw ComputeError(
        .data, what: "\(source): not a .\(format) file",
        why: "it does not begin with \"\(marks.first { $0.format == format }?.mark ?? "")\"",
        mend: "check that the file is whole, and that its extension says what it is")
    }
    guard found == format else {
      throw ComputeError(
        .data, what: "\(source): holds .\(found), its name says .\(format)",
        why: "the extension chooses how a mesh is read", mend: "rename the file to .\(found)")
    }
  }
}

// MARK: - Writing

extension MeshFile {
  /// Writes the file in the format of its extension; an older one is replaced as a whole.
  ///
  /// - Parameter normals: Unit vectors, one per vertex, or none. Only GLB files keep them: viewers shade it by facets
  ///   otherwise, and compute normals for the other formats themselves.
  /// - Throws: `ComputeError` `.usage` for an unknown extension, `.data` when a coordinate is not finite, `.cannotWrite`
  ///   as `AtomicFile.write(_:to:)`.
  public func write(to url: URL, normals: [SIMD3<Double>] = []) throws {
    switch try Format(of: url) {
    case .obj: try OBJFile(vertices: vertices, triangles: triangles).write(to: url)
    case .ply: try PLYFile(vertices: vertices, triangles: triangles).write(to: url)
    case .glb: try GLBFile(vertices: vertices, normals: normals, triangles: triangles).write(to: url)
    }
  }
}
