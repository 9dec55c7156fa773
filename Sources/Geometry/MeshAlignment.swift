import Compute
import Foundation

/// How a mesh of unknown unit and place is brought to metres, upright and centred, and back again.
///
/// Networks for pose transfer see meshes of people in metres, centred by their box. Files hold them in any unit, with y
/// or z up, anywhere. What is not said is guessed: the unit from the longest side (0.3 to 3 m is taken for metres, each
/// decade above for the next smaller unit), the up axis from the longer of the y and z sides. `summary` says what was
/// done. The map is a similarity, so a result can be carried back to where its mesh came from.
public struct MeshAlignment: Sendable, Equatable {
  public enum UpAxis: String, Sendable, CaseIterable { case y, z }

  public enum Unit: String, Sendable, CaseIterable {
    case metres, decimetres, centimetres, millimetres

    public var inMetres: Double {
      switch self {
      case .metres: 1
      case .decimetres: 0.1
      case .centimetres: 0.01
      case .millimetres: 0.001
      }
    }
  }

  /// From the file's coordinates to metres, upright and centred.
  public let similarity: Similarity
  public let unit: Unit
  /// The file's up axis.
  public let upAxis: UpAxis
  /// Vertices that no face names. They are kept, and count in the box.
  public let unreferencedCount: Int
  /// One line for the log.
  public let summary: String

  /// - Parameters:
  ///   - name: what to call the mesh in messages, for instance its file.
  ///   - unit: the file's; nil guesses.
  ///   - upAxis: the file's; nil guesses, and takes a mesh for upright when neither side is a quarter longer.
  ///   - target: the axis that shall point up: that of the meshes a network was trained on.
  /// - Throws: `ComputeError` of kind `.data` for a mesh without vertices or extent, with coordinates that are not finite,
  ///   and when no unit is given and none gives a body's size.
  public init(
    of mesh: TriangleMesh, name: String, unit: Unit? = nil, upAxis: UpAxis? = nil, turnedTo target: UpAxis = .y
  ) throws {
    let box = try Self.box(of: mesh, name)
    let longest = box.extent.max()
    let unit = try unit ?? Self.unit(ofSize: longest, name)
    let axis = upAxis ?? Self.upAxis(box.extent, expecting: target)
    let turned = Similarity(scale: unit.inMetres, rotation: Self.turn(from: axis, to: target))
    similarity = Similarity(
      scale: turned.scale, rotation: turned.rotation, translation: -turned(box.midpoint))
    self.unit = unit
    self.upAxis = axis
    unreferencedCount = mesh.unreferencedVertices.count

    let shift = similarity.translation
    var summary = "\(name): \(mesh.vertices.count) vertices, \(mesh.faces.count) faces"
    summary += String(format: "; longest side %.4g, taken for \(unit.rawValue)", longest)
    summary += "; \(axis.rawValue) is up" + (axis == target ? "" : ", turned to \(target.rawValue)")
    summary += String(format: "; moved by (%.3f, %.3f, %.3f) m", shift.x, shift.y, shift.z)
    if unreferencedCount > 0 { summary += "; \(unreferencedCount) vertices belong to no face and are kept" }
    self.summary = summary
  }

  /// The mesh in metres, upright and centred; its vertices keep their order.
  public func apply(_ mesh: TriangleMesh) -> TriangleMesh {
    TriangleMesh(vertices: mesh.vertices.map { similarity($0) }, faces: mesh.faces)
  }

  /// Aligned points, in metres, in the coordinates of the file again.
  public func undo(_ points: [SIMD3<Double>]) -> [SIMD3<Double>] {
    let inverse = similarity.inverse
    return points.map { inverse($0) }
  }

  private static func box(of mesh: TriangleMesh, _ name: String) throws -> SpatialBox {
    func fault(_ what: String) -> ComputeError {
      ComputeError(
        .data, what: "\(name): \(what)", why: "a mesh is placed and measured by the box around its vertices",
        mend: "export the mesh again")
    }
    if let wrong = mesh.vertices.firstIndex(where: { !($0.x.isFinite && $0.y.isFinite && $0.z.isFinite) }) {
      let vertex = mesh.vertices[wrong]
      throw fault("vertex \(wrong) is (\(vertex.x), \(vertex.y), \(vertex.z))")
    }
    guard !mesh.vertices.isEmpty else { throw fault("there are no vertices") }
    let box = SpatialBox(mesh.vertices)
    guard box.extent.max() > 0 else { throw fault("all \(mesh.vertices.count) vertices lie at one place") }
    return box
  }

  /// The unit in which a body has this size: 0.3 to 3 m.
  private static func unit(ofSize size: Double, _ name: String) throws -> Unit {
    guard let unit = Unit.allCases.first(where: { (0.3..<3).contains(size * $0.inMetres) }) else {
      throw ComputeError(
        .data, what: String(format: "\(name): the longest side is %.4g", size),
        why: "a body is 0.3 to 3 m long; in no unit from metres to millimetres is this one",
        mend: "say in which unit the mesh is, or scale it to metres")
    }
    return unit
  }

  private static func upAxis(_ extent: SIMD3<Double>, expecting target: UpAxis) -> UpAxis {
    if extent.y > 1.25 * extent.z { return .y }
    return extent.z > 1.25 * extent.y ? .z : target
  }

  /// y up, facing +z, and z up, facing -y, share their x axis.
  private static func turn(from axis: UpAxis, to target: UpAxis) -> Matrix3 {
    switch (axis, target) {
    case (.y, .y), (.z, .z): .identity
    case (.y, .z): Matrix3(rows: SIMD3(1, 0, 0), SIMD3(0, 0, -1), SIMD3(0, 1, 0))
    case (.z, .y): Matrix3(rows: SIMD3(1, 0, 0), SIMD3(0, 0, 1), SIMD3(0, -1, 0))
    }
  }
}
