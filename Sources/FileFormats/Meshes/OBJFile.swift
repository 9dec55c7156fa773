import Compute
import Foundation

/// The geometry of a Wavefront OBJ file: vertices, and polygons in named groups.
///
/// Texture coordinates, normals, materials and free-form curves are passed over.
public struct OBJFile: Equatable, Sendable {
  /// Polygons that stand under one `g` line.
  public struct Group: Equatable, Sendable {
    /// The text after `g`; empty for faces before the first `g`.
    public var name: String
    /// Indices into the file's vertices, from 0; three or more per polygon.
    public var faces: [[Int]]

    public init(name: String, faces: [[Int]]) {
      self.name = name
      self.faces = faces
    }
  }

  public var vertices: [SIMD3<Double>]
  /// In order of first occurrence; a name that occurs again continues its group.
  public var groups: [Group]

  public init(vertices: [SIMD3<Double>], groups: [Group]) {
    self.vertices = vertices
    self.groups = groups
  }

  /// One unnamed group of triangles.
  public init(vertices: [SIMD3<Double>], triangles: [SIMD3<Int32>]) {
    self.init(
      vertices: vertices,
      groups: [Group(name: "", faces: triangles.map { [Int($0.x), Int($0.y), Int($0.z)] })])
  }

  /// The polygons of all groups, each as a fan around its first vertex.
  public var triangles: [SIMD3<Int32>] {
    groups.flatMap(\.faces).flatMap { face in
      (2..<max(2, face.count)).map { SIMD3(Int32(face[0]), Int32(face[$0 - 1]), Int32(face[$0])) }
    }
  }

  /// The group called `name`.
  public func group(_ name: String) -> Group? { groups.first { $0.name == name } }
}

// MARK: - Writing

extension OBJFile {
  /// Writes the file; coordinates are rounded to six decimals (a micrometre, when they are metres).
  ///
  /// - Throws: `ComputeError` `.data` when a coordinate is not finite, `.cannotWrite` as `AtomicFile.write(_:to:)`.
  public func write(to url: URL) throws { try AtomicFile.write(try encoded(), to: url) }

  /// The bytes that `write(to:)` writes.
  public func encoded() throws -> Data {
    var text = ""
    for (index, vertex) in vertices.enumerated() {
      guard vertex.x.isFinite, vertex.y.isFinite, vertex.z.isFinite else {
        throw ComputeError(
          .data, what: "vertex \(index) is (\(vertex.x), \(vertex.y), \(vertex.z))",
          why: "an OBJ file holds finite coordinates only",
          mend: "find out where the mesh went wrong: training may have diverged")
      }
      text += String(format: "v %.6f %.6f %.6f\n", vertex.x, vertex.y, vertex.z)
    }
    for group in groups {
      if !group.name.isEmpty { text += "g \(group.name)\n" }
      for face in group.faces { text += "f" + face.map { " \($0 + 1)" }.joined() + "\n" }
    }
    return Data(text.utf8)
  }
}
