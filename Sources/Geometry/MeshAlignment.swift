import Compute
import Foundation

/// How a mesh of unknown unit and place is brought to metres, upright and centred, and back again.
///
/// Networks for pose transfer see meshes of people in metres, centred by their box. Files hold them in any unit, with y
/// or z up, anywhere. What is not said is guessed: the unit from the longest side (0.3 to 3 m is taken for metres, each
/// decade above for the next smaller unit), the up axis from the longer of the y and z sides. Which way a body faces
/// cannot be guessed and is said as a turn. The map is a similarity, so a result can be carried back to where its mesh
/// came from.
///
/// A vertex that no face names says nothing about the body: the box is that of the others.
public struct MeshAlignment: Sendable, Equatable {
  public enum UpAxis: String, Sendable, CaseIterable { case y, z }

  public enum Unit: String, Sendable, CaseIterable {
    case metres, decimetres, centimetres, millimetres, inches, feet

    public var inMetres: Double {
      switch self {
      case .metres: 1
      case .decimetres: 0.1
      case .centimetres: 0.01
      case .millimetres: 0.001
      case .inches: 0.0254
      case .feet: 0.3048
      }
    }

    /// Those that a size can tell apart: a body in inches looks like a small one in centimetres.
    public static let guessed: [Unit] = [.metres, .decimetres, .centimetres, .millimetres]
  }

  /// From the file's coordinates to metres, upright and centred.
  public let similarity: Similarity
  public let unit: Unit
  /// The file's up axis.
  public let upAxis: UpAxis
  /// Of the mesh's box, in metres.
  public let longestSide: Double
  /// What was found and done, a few words each.
  public let remarks: [String]

  /// - Parameters:
  ///   - name: what to call the mesh in messages, for instance its file.
  ///   - unit: the file's; nil guesses.
  ///   - upAxis: the file's; nil guesses, and takes a mesh for upright when neither side is a quarter longer.
  ///   - turn: degrees to turn the mesh by about its up axis, counter-clockwise seen from above: what makes it face +z
  ///     where y is up, or -y where z is.
  ///   - target: the axis that shall point up: that of the meshes a network was trained on.
  /// - Throws: `ComputeError` of kind `.data` for a mesh without vertices, faces or extent, with coordinates that are not
  ///   finite or faces out of range, and when no unit is given and none gives a body's size.
  public init(
    of mesh: TriangleMesh, name: String, unit: Unit? = nil, upAxis: UpAxis? = nil, turnedByDegrees turn: Double = 0,
    turnedTo target: UpAxis = .y
  ) throws {
    let surface = try Self.surface(of: mesh, name)
    let extent = SpatialBox(surface).extent
    self.unit = try unit ?? Self.unit(ofSize: extent.max(), name)
    self.upAxis = upAxis ?? Self.upAxis(extent, expecting: target)
    let up = target == .y ? SIMD3<Double>(0, 1, 0) : SIMD3(0, 0, 1)
    let turned = Similarity(
      scale: self.unit.inMetres,
      rotation: Matrix3(radians: turn * .pi / 180, about: up) * Self.rotation(from: self.upAxis, to: target))
    let midpoint = SpatialBox(surface.map { turned($0) }).midpoint
    similarity = Similarity(scale: turned.scale, rotation: turned.rotation, translation: -midpoint)
    longestSide = extent.max() * turned.scale

    var remarks = [
      "\(name): \(mesh.vertices.count) vertices, \(mesh.faces.count) faces",
      String(format: "longest side %.4g, ", extent.max())
        + (unit == nil ? "taken for \(self.unit)" : "in \(self.unit) as given"),
      "\(self.upAxis) is up" + (self.upAxis == target ? "" : ", turned so that \(target) is"),
    ]
    if turn != 0 { remarks.append(String(format: "turned by %g degrees to face the front", turn)) }
    remarks.append(
      String(format: "moved by (%.3f, %.3f, %.3f) m to the origin", -midpoint.x, -midpoint.y, -midpoint.z))
    self.remarks = remarks
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

  /// The vertices that faces name.
  private static func surface(of mesh: TriangleMesh, _ name: String) throws -> [SIMD3<Double>] {
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
    try checkFaceRange(mesh.faces, vertexCount: mesh.vertices.count, name: name)
    let surface = mesh.referencedVertices.map { mesh.vertices[$0] }
    guard SpatialBox(surface).extent.max() > 0 else {
      throw fault("all vertices of its faces, \(surface.count), lie at one place")
    }
    return surface
  }

  /// The unit in which a body has this size: 0.3 to 3 m.
  private static func unit(ofSize size: Double, _ name: String) throws -> Unit {
    guard let unit = Unit.guessed.first(where: { (0.3..<3).contains(size * $0.inMetres) }) else {
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
  private static func rotation(from axis: UpAxis, to target: UpAxis) -> Matrix3 {
    switch (axis, target) {
    case (.y, .y), (.z, .z): .identity
    case (.y, .z): Matrix3(rows: SIMD3(1, 0, 0), SIMD3(0, 0, -1), SIMD3(0, 1, 0))
    case (.z, .y): Matrix3(rows: SIMD3(1, 0, 0), SIMD3(0, 0, 1), SIMD3(0, -1, 0))
    }
  }
}
