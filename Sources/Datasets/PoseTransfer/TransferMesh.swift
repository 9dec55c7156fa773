import Compute
import FileFormats
import Foundation
import Geometry

/// A mesh from anywhere, prepared for pose transfer as training prepares its own, and the way back to its file.
///
/// It is brought to metres, y up, its middle at the origin (`MeshAlignment`), welded (`WeldedSurface`) and shuffled
/// (`MeshShuffle`).
public struct TransferMesh: Sendable {
  /// What the mesh is for: each role has an order of its own, as in training.
  public enum Role: UInt64, Sendable { case identity, pose }

  public let alignment: MeshAlignment
  /// Aligned: metres, y up, centred.
  public let surface: WeldedSurface
  private let shuffle: MeshShuffle
  /// Of the file.
  private let faces: [SIMD3<Int32>]

  /// Sizes that pass for a body, in metres.
  private static let sizes = 0.2...4.0

  /// - Parameters:
  ///   - mesh: as it stands in its file.
  ///   - name: what to call it in messages.
  ///   - unit, upAxis, turn: as `MeshAlignment` takes them.
  ///   - seed: the order that the network sees the points in follows from it.
  /// - Throws: `ComputeError` of kind `.data` as `MeshAlignment`, and for a body that is no 0.2 to 4 m long in the unit
  ///   that was given.
  public init(
    _ mesh: TriangleMesh, as role: Role, name: String, unit: MeshAlignment.Unit? = nil,
    upAxis: MeshAlignment.UpAxis? = nil, turnedByDegrees turn: Double = 0, seed: UInt64 = 1
  ) throws {
    alignment = try MeshAlignment(of: mesh, name: name, unit: unit, upAxis: upAxis, turnedByDegrees: turn)
    guard Self.sizes.contains(alignment.longestSide) else {
      throw ComputeError(
        .data, what: String(format: "\(name): %.4g m long, when its unit is \(alignment.unit)", alignment.longestSide),
        why: "pose transfer is learned on bodies 0.3 to 3 m long, and places vertices up to 2 m from the middle",
        mend: "give the unit that the mesh is in, or none: it is guessed then")
    }
    surface = WeldedSurface(alignment.apply(mesh))
    var random = PhiloxGenerator(seed: seed, stream: role.rawValue)
    shuffle = MeshShuffle(vertexCount: surface.mesh.vertices.count, using: &random)
    faces = mesh.faces
  }

  /// What was found and done, a few words each, for the log.
  public var remarks: [String] {
    func remark(_ count: Int, _ one: String, _ many: String) -> [String] {
      count == 0 ? [] : [count == 1 ? "1 \(one)" : "\(count) \(many)"]
    }
    return alignment.remarks
      + remark(
        surface.duplicateCount, "vertex lies on another and moves with it", "vertices lie on others and move with them")
      + remark(
        surface.looseCount, "vertex belongs to no face and follows the nearest that does",
        "vertices belong to no face and follow the nearest that do")
      + remark(
        surface.collapsedFaceCount, "face has an edge of length 0 and keeps it",
        "faces have an edge of length 0 and keep it")
  }

  /// `[points, 3]`, metres: what the network sees.
  public var points: [Float] {
    shuffle.points(surface.mesh.vertices.flatMap { [Float($0.x), Float($0.y), Float($0.z)] })
  }

  public var pointCount: Int { surface.mesh.vertices.count }

  /// A network's output for this mesh.
  ///
  /// - Parameter output: `[points, 3]`, metres, in the order of `points`.
  public func moved(to output: [Float]) -> MovedMesh {
    let flat = shuffle.restored(output)
    let points = stride(from: 0, to: flat.count, by: 3).map {
      SIMD3(Double(flat[$0]), Double(flat[$0 + 1]), Double(flat[$0 + 2]))
    }
    return MovedMesh(points: centredByBox(points), surface: surface, alignment: alignment, faces: faces)
  }
}

/// A prepared mesh whose points have moved.
public struct MovedMesh: Sendable {
  fileprivate let points: [SIMD3<Double>]
  fileprivate let surface: WeldedSurface
  fileprivate let alignment: MeshAlignment
  fileprivate let faces: [SIMD3<Int32>]

  /// The welded surface in metres, y up, the middle of its box at the origin.
  public var aligned: TriangleMesh { TriangleMesh(vertices: points, faces: surface.mesh.faces) }

  /// The mesh as its file had it: all vertices in its order, its faces, unit and up axis; the middle of its surface's box
  /// is where it was.
  public var original: TriangleMesh {
    TriangleMesh(vertices: alignment.undo(surface.vertices(following: points)), faces: faces)
  }

  /// Writes `original` as an .obj, .ply or .glb file, the last with normals that are smooth across seams.
  ///
  /// - Throws: `ComputeError` as `MeshFile.write(to:normals:)`.
  public func write(to url: URL) throws {
    let mesh = original
    let back = alignment.similarity.rotation.transposed
    try MeshFile(vertices: mesh.vertices, triangles: faces).write(
      to: url, normals: surface.normals(following: points).map { back * $0 })
  }
}
