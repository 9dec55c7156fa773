import Compute
import Foundation

/// The geometry of a PLY file (Turk, "The PLY polygon file format", 1994): vertices and triangles.
///
/// Colours, normals, texture coordinates and elements of other names are passed over.
public struct PLYFile: Equatable, Sendable {
  public var vertices: [SIMD3<Double>]
  /// Indices into the vertices, from 0; a polygon is a fan around its first corner.
  public var triangles: [SIMD3<Int32>]

  public init(vertices: [SIMD3<Double>], triangles: [SIMD3<Int32>]) {
    self.vertices = vertices
    self.triangles = triangles
  }
}

// MARK: - Writing

extension PLYFile {
  /// Writes the file, binary little-endian; coordinates are rounded to float32.
  ///
  /// - Throws: `ComputeError` `.data` when a coordinate is not finite in float32, `.cannotWrite` as
  ///   `AtomicFile.write(_:to:)`.
  public func write(to url: URL) throws { try AtomicFile.write(try encoded(), to: url) }

  /// The bytes that `write(to:)` writes.
  public func encoded() throws -> Data {
    let header = """
      ply
      format binary_little_endian 1.0
      element vertex \(vertices.count)
      property float x
      property float y
      property float z
      element face \(triangles.count)
      property list uchar int vertex_indices
      end_header

      """
    var bytes = Data(header.utf8)
    bytes.reserveCapacity(bytes.count + 12 * vertices.count + 13 * triangles.count)
    for coordinate in try float32Coordinates(vertices, format: "PLY") {
      bytes.append(littleEndian: coordinate.bitPattern)
    }
    for triangle in triangles {
      bytes.append(3)
      for k in 0..<3 { bytes.append(littleEndian: UInt32(bitPattern: triangle[k])) }
    }
    return bytes
  }
}

// MARK: - Shared by the binary writers

/// The coordinates of all vertices one after the other, rounded to float32.
///
/// - Throws: `ComputeError` `.data` at the first that is not finite then.
func float32Coordinates(_ vertices: [SIMD3<Double>], format: String) throws -> [Float] {
  var coordinates: [Float] = []
  coordinates.reserveCapacity(3 * vertices.count)
  for (index, vertex) in vertices.enumerated() {
    for k in 0..<3 { coordinates.append(Float(vertex[k])) }
    guard coordinates.suffix(3).allSatisfy(\.isFinite) else {
      throw ComputeError(
        .data, what: "vertex \(index) is (\(vertex.x), \(vertex.y), \(vertex.z))",
        why: "a \(format) file holds finite float32 coordinates only",
        mend: "find out where the mesh went wrong: training may have diverged")
    }
  }
  return coordinates
}

extension Data {
  mutating func append(littleEndian word: UInt32) {
    Swift.withUnsafeBytes(of: word.littleEndian) { append(contentsOf: $0) }
  }
}
