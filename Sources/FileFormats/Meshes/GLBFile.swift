import Compute
import Foundation

/// The triangles of a GLB file: glTF 2.0 in its binary container (Khronos Group, "glTF 2.0 specification", 2021).
///
/// The format means metres, y up, facing +z. Materials, colours, texture coordinates, morph targets and animations are
/// passed over.
public struct GLBFile: Equatable, Sendable {
  public var vertices: [SIMD3<Double>]
  /// Unit vectors, one per vertex, or none; written, never read.
  public var normals: [SIMD3<Double>]
  /// Indices into the vertices, from 0, counter-clockwise seen from outside.
  public var triangles: [SIMD3<Int32>]

  public init(vertices: [SIMD3<Double>], normals: [SIMD3<Double>] = [], triangles: [SIMD3<Int32>]) {
    precondition(normals.isEmpty || normals.count == vertices.count, "GLBFile: one normal per vertex, or none")
    self.vertices = vertices
    self.normals = normals
    self.triangles = triangles
  }

  static let magic: UInt32 = 0x4654_6C67  // "glTF"
  static let jsonChunk: UInt32 = 0x4E4F_534A  // "JSON"
  static let binaryChunk: UInt32 = 0x004E_4942  // "BIN\0"
}

/// Numbers that stand in the files, by the names of the specification.
enum GLBCode {
  static let float = 5126
  static let unsignedInt = 5125
  static let arrayBuffer = 34962
  static let elementArrayBuffer = 34963
}

// MARK: - Writing

extension GLBFile {
  /// Writes the file: one mesh of one primitive with float32 positions, normals if there are any, and 32-bit indices.
  ///
  /// Normals of vertices that belong to no face, which are zero, are written as (0, 0, 1): the format wants unit length.
  ///
  /// - Throws: `ComputeError` `.data` when there is no face or a coordinate is not finite, `.cannotWrite` as
  ///   `AtomicFile.write(_:to:)`.
  public func write(to url: URL) throws { try AtomicFile.write(try encoded(), to: url) }

  /// The bytes that `write(to:)` writes.
  public func encoded() throws -> Data {
    guard !vertices.isEmpty, !triangles.isEmpty else {
      throw ComputeError(
        .data, what: "a mesh of \(vertices.count) vertices and \(triangles.count) faces cannot be a GLB file",
        why: "the format has no empty lists", mend: "write it as .obj or .ply")
    }
    let positions = try float32Coordinates(vertices, format: "GLB")
    let directions = try float32Coordinates(normals.map { $0 == .zero ? SIMD3(0, 0, 1) : $0 }, format: "GLB")
    var binary = Data(capacity: 4 * (positions.count + directions.count + 3 * triangles.count))
    for coordinate in positions + directions { binary.append(littleEndian: coordinate.bitPattern) }
    for triangle in triangles {
      for k in 0..<3 { binary.append(littleEndian: UInt32(bitPattern: triangle[k])) }
    }
    var json = Data(document(positions, hasNormals: !directions.isEmpty, byteCount: binary.count).text.utf8)
    json.append(contentsOf: [UInt8](repeating: 0x20, count: -json.count & 3))

    var file = Data(capacity: 28 + json.count + binary.count)
    let words = [Self.magic, 2, UInt32(28 + json.count + binary.count), UInt32(json.count), Self.jsonChunk]
    for word in words { file.append(littleEndian: word) }
    file.append(json)
    file.append(littleEndian: UInt32(binary.count))
    file.append(littleEndian: Self.binaryChunk)
    file.append(binary)
    return file
  }

  private func document(_ positions: [Float], hasNormals: Bool, byteCount: Int) -> JSONValue {
    func integer(_ value: Int) -> JSONValue { .integer(value) }
    func bound(_ choose: (Float, Float) -> Float) -> JSONValue {
      .array(
        (0..<3).map { k in
          let axis = stride(from: k, to: positions.count, by: 3).map { positions[$0] }
          return .real(Double(axis.reduce(axis[0], choose)))
        })
    }
    func view(_ start: Int, _ count: Int, _ target: Int) -> JSONValue {
      [
        "buffer": 0, "byteOffset": integer(start), "byteLength": integer(count), "target": integer(target),
      ]
    }
    func accessor(_ view: Int, _ type: Int, _ count: Int, _ shape: String) -> JSONValue {
      [
        "bufferView": integer(view), "componentType": integer(type), "count": integer(count), "type": .string(shape),
      ]
    }
    let size = 4 * positions.count
    let indices = hasNormals ? 2 : 1
    var position = accessor(0, GLBCode.float, vertices.count, "VEC3").object ?? [:]
    position["min"] = bound(min)
    position["max"] = bound(max)
    var attributes: OrderedMap<JSONValue> = ["POSITION": 0]
    var accessors = [JSONValue.object(position)]
    var views = [view(0, size, GLBCode.arrayBuffer)]
    if hasNormals {
      attributes["NORMAL"] = 1
      accessors.append(accessor(1, GLBCode.float, vertices.count, "VEC3"))
      views.append(view(size, size, GLBCode.arrayBuffer))
    }
    accessors.append(accessor(indices, GLBCode.unsignedInt, 3 * triangles.count, "SCALAR"))
    views.append(view(indices * size, 12 * triangles.count, GLBCode.elementArrayBuffer))
    return [
      "asset": ["version": "2.0", "generator": "Contrapposto"],
      "scene": 0, "scenes": [["nodes": [0]]], "nodes": [["mesh": 0]],
      "meshes": [["primitives": [["attributes": .object(attributes), "indices": integer(indices)]]]],
      "accessors": .array(accessors), "bufferViews": .array(views), "buffers": [["byteLength": integer(byteCount)]],
    ]
  }
}
