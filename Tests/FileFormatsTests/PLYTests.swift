import Compute
import Foundation
import Testing

@testable import FileFormats

@Suite struct PLYTests {
  /// A number and how a file stores it.
  private enum Stored {
    case u8(UInt8)
    case i16(Int16)
    case i32(Int32)
    case u32(UInt32)
    case f32(Float)
    case f64(Double)

    var text: String {
      switch self {
      case .u8(let value): "\(value)"
      case .i16(let value): "\(value)"
      case .i32(let value): "\(value)"
      case .u32(let value): "\(value)"
      case .f32(let value): "\(value)"
      case .f64(let value): "\(value)"
      }
    }

    func bytes(bigEndian: Bool) -> [UInt8] {
      func ordered<Word: FixedWidthInteger>(_ word: Word) -> [UInt8] {
        let little = (0..<Word.bitWidth / 8).map { UInt8(truncatingIfNeeded: word >> (8 * Word($0))) }
        return bigEndian ? little.reversed() : little
      }
      return switch self {
      case .u8(let value): [value]
      case .i16(let value): ordered(value)
      case .i32(let value): ordered(value)
      case .u32(let value): ordered(value)
      case .f32(let value): ordered(value.bitPattern)
      case .f64(let value): ordered(value.bitPattern)
      }
    }
  }

  /// Properties in an unusual order, lists and elements to be passed over, a quadrangle.
  private static func awkward(_ format: String) -> Data {
    let header = """
      ply\r
      format \(format) 1.0\r
      comment made for a test\r
      element camera 1
      property float32 focal
      property list uint8 int16 history
      element vertex 5
      property double z
      property uchar red
      property float x
      property list uchar float weights
      property float32 y
      obj_info nothing

      element face 2
      property uchar flags
      property list int uint vertex_index
      property list uchar float texcoord
      end_header

      """
    var rows: [[Stored]] = [[.f32(35), .u8(2), .i16(-7), .i16(300)]]
    for (index, vertex) in expected.vertices.enumerated() {
      rows.append(
        [.f64(vertex.z), .u8(UInt8(index)), .f32(Float(vertex.x)), .u8(UInt8(index % 2))]
          + (index % 2 == 1 ? [.f32(0.5)] : []) + [.f32(Float(vertex.y))])
    }
    rows.append([.u8(9), .i32(4), .u32(0), .u32(1), .u32(2), .u32(3), .u8(0)])
    rows.append([.u8(9), .i32(3), .u32(4), .u32(1), .u32(0), .u8(2), .f32(0.25), .f32(0.75)])
    var data = Data(header.utf8)
    for row in rows {
      if format == "ascii" {
        data.append(Data((row.map(\.text).joined(separator: "  ") + " \r\n").utf8))
      } else {
        for number in row { data.append(contentsOf: number.bytes(bigEndian: format.contains("big"))) }
      }
    }
    return data
  }

  private static let expected = PLYFile(
    vertices: [[0, 0, 0.1], [1, 0, -2], [1, 1.5, 1e-3], [-0.25, 1, 0], [3, 4, 5]],
    triangles: [[0, 1, 2], [0, 2, 3], [4, 1, 0]])

  @Test(arguments: ["ascii", "binary_little_endian", "binary_big_endian"])
  func allEncodingsAreRead(format: String) throws {
    #expect(try PLYFile(parsing: Self.awkward(format), source: "t") == Self.expected)
  }

  @Test(arguments: ["ascii", "binary_little_endian", "binary_big_endian"])
  func filesCutShortAreRefused(format: String) throws {
    // The last number of an ascii file may lose digits and blanks unnoticed.
    let data = Self.awkward(format)
    for length in 0..<data.count - (format == "ascii" ? 6 : 0) {
      let error = #expect(throws: ComputeError.self, "\(length) bytes") {
        try PLYFile(parsing: data.prefix(length), source: "m.ply")
      }
      #expect(error?.kind == .data)
    }
  }

  /// The largest of each type and one below zero, or the like, as big-endian bytes.
  @Test(arguments: [
    ("char", [UInt8]([0x7F]), [UInt8]([0xFE]), 127.0, -2.0), ("int8", [0x7F], [0xFE], 127, -2),
    ("uchar", [0xFF], [0x80], 255, 128), ("uint8", [0xFF], [0x80], 255, 128),
    ("short", [0x7F, 0xFE], [0xFF, 0xFE], 32766, -2), ("int16", [0x7F, 0xFE], [0xFF, 0xFE], 32766, -2),
    ("ushort", [0xFF, 0xFE], [0x80, 0x01], 65534, 32769), ("uint16", [0xFF, 0xFE], [0x80, 0x01], 65534, 32769),
    ("int", [0x7F, 0, 0, 1], [0xFF, 0xFF, 0xFF, 0xFE], 2_130_706_433, -2),
    ("int32", [0x7F, 0, 0, 1], [0xFF, 0xFF, 0xFF, 0xFE], 2_130_706_433, -2),
    ("uint", [0xFF, 0, 0, 1], [0x80, 0, 0, 2], 4_278_190_081, 2_147_483_650),
    ("uint32", [0xFF, 0, 0, 1], [0x80, 0, 0, 2], 4_278_190_081, 2_147_483_650),
    ("float", [0x3F, 0xC0, 0, 0], [0xC0, 0x20, 0, 0], 1.5, -2.5),
    ("float32", [0x3F, 0xC0, 0, 0], [0xC0, 0x20, 0, 0], 1.5, -2.5),
    ("double", [0x3F, 0xF8, 0, 0, 0, 0, 0, 0], [0xC0, 0x04, 0, 0, 0, 0, 0, 0], 1.5, -2.5),
    ("float64", [0x3F, 0xF8, 0, 0, 0, 0, 0, 0], [0xC0, 0x04, 0, 0, 0, 0, 0, 0], 1.5, -2.5),
  ])
  func numbersOfAllTypesAreRead(type: String, first: [UInt8], second: [UInt8], x: Double, y: Double) throws {
    for order in ["little", "big"] {
      let header = """
        ply
        format binary_\(order)_endian 1.0
        element vertex 1
        property \(type) x
        property \(type) y
        property uchar z
        end_header

        """
      let numbers = [first, second].flatMap { order == "big" ? $0 : $0.reversed() }
      let file = try PLYFile(parsing: Data(header.utf8) + numbers + [7], source: "t")
      #expect(file.vertices == [SIMD3(x, y, 7)], "\(order)")
    }
  }

  @Test func writtenFilesReadTheSame() throws {
    let file = PLYFile(
      vertices: [[0, 0.5, -1], [1e-30, 2, 3], [1, 0.25, 1e30]], triangles: [[0, 1, 2], [2, 1, 0]])
    let bytes = try file.encoded()
    let read = try PLYFile(parsing: bytes, source: "t")
    #expect(read.triangles == file.triangles)
    for (a, b) in zip(read.vertices, file.vertices) { #expect(a == SIMD3<Double>(SIMD3<Float>(b))) }
    #expect(try read.encoded() == bytes)
    #expect(bytes.count == bytes.range(of: Data("end_header\n".utf8))!.upperBound + 3 * 12 + 2 * 13)
  }

  @Test func aMeshWithoutFacesIsAPointCloud() throws {
    let file = PLYFile(vertices: [[1, 2, 3]], triangles: [])
    #expect(try PLYFile(parsing: file.encoded(), source: "t") == file)
  }

  private static let point = "element vertex 1\nproperty float x\nproperty float y\nproperty float z\n"
  private static let face = "element face 1\nproperty list uchar int vertex_indices\n"

  @Test(arguments: [
    ("", 1, "ends before"), ("solid\n", 1, "\"ply\""), ("ply\n", 2, "ends before"),
    ("ply\nend_header\n", 2, "format"), ("ply\nformat binary 1.0\n", 2, "none of"),
    ("ply\nformat ascii 1.0\nelement vertex -1\n", 3, "number"),
    ("ply\nformat ascii 1.0\nproperty float x\n", 3, "before the first element"),
    ("ply\nformat ascii 1.0\nelement vertex 1\nproperty real x\n", 4, "property line"),
    ("ply\nformat ascii 1.0\nelement vertex 1\nproperty list float int x\n", 4, "property line"),
    ("ply\nformat ascii 1.0\nfoo\n", 3, "\"foo\""),
  ])
  func headerFaultsNameTheirLine(text: String, line: Int, reason: String) {
    let error = #expect(throws: ComputeError.self) { try PLYFile(parsing: Data(text.utf8), source: "m.ply") }
    #expect(error?.kind == .data)
    #expect(error?.what == "m.ply:\(line): malformed PLY header")
    #expect(error?.why.contains(reason) == true, "\(error?.why ?? "")")
  }

  @Test(arguments: [
    (point + "end_header\n0 0", "inside vertex 0 of 1"), (point + "end_header\n0 zero 0\n", "no number"),
    (point + "end_header\n0 nan 0\n", "not finite"), (point + "end_header\n0 inf 0\n", "not finite"),
    (point + face + "end_header\n0 0 0\n2 0 0\n", "2 corners"),
    (point + face + "end_header\n0 0 0\n3 0 0 1\n", "vertex 1, but there are 1"),
    (point + face + "end_header\n0 0 0\n3 0 -1 0\n", "vertex -1"),
    (point + face + "end_header\n0 0 0\n3 0 0.5 0\n", "vertex 0.5"),
    (point + face + "end_header\n0 0 0\n-3 0 0 0\n", "length -3"),
    ("element vertex 1\nproperty float x\nproperty float y\nend_header\n0 0\n", "x, y and z"),
    ("element vertex 0\nproperty float x\nproperty float y\nproperty float z\nend_header\n", "no vertices"),
    (
      "element vertex 9223372036854775807\nproperty float x\nproperty float y\nproperty float z\nend_header\n1 2 3\n",
      "inside"
    ),
    ("element nothing 9223372036854775807\n" + point + face + "end_header\n0 0 0\n3 0 0 7\n", "vertex 7"),
  ])
  func bodyFaultsSayWhatIsWrong(text: String, reason: String) {
    let data = Data(("ply\nformat ascii 1.0\n" + text).utf8)
    let error = #expect(throws: ComputeError.self) { try PLYFile(parsing: data, source: "m.ply") }
    #expect(error?.kind == .data)
    #expect(error?.what.hasPrefix("m.ply:") == true && error?.what.hasSuffix("malformed PLY") == true)
    #expect(error?.why.contains(reason) == true, "\(error?.why ?? "")")
  }

  @Test func facesMayComeBeforeTheirVertices() throws {
    let text = "ply\nformat ascii 1.0\n" + Self.face + Self.point.replacingOccurrences(of: "vertex 1", with: "vertex 3")
    let file = try PLYFile(parsing: Data((text + "end_header\n3 2 1 0\n0 0 0 1 0 0 0 1 0\n").utf8), source: "t")
    #expect(file.triangles == [[2, 1, 0]])
  }

  @Test func meshesThatDivergedAreNotWritten() {
    for broken in [SIMD3(0, .nan, 0), SIMD3(0, 0, 1e39)] {  // float32 ends at 3.4e38
      let error = #expect(throws: ComputeError.self) {
        try PLYFile(vertices: [.zero, broken], triangles: []).encoded()
      }
      #expect(error?.kind == .data && error?.what.hasPrefix("vertex 1 ") == true)
    }
  }
}
