import Compute
import Foundation
import Testing

@testable import FileFormats

@Suite struct GLBTests {
  // MARK: Files made by hand

  /// A container around a JSON text and bytes.
  private static func container(_ json: String, _ binary: [UInt8] = []) -> Data {
    func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let text = Array(json.utf8) + [UInt8](repeating: 0x20, count: (4 - json.utf8.count % 4) % 4)
    let chunk = binary + [UInt8](repeating: 0, count: (4 - binary.count % 4) % 4)
    var bytes = Array("glTF".utf8) + word(2) + word(20 + text.count + (binary.isEmpty ? 0 : 8 + chunk.count))
    bytes += word(text.count) + Array("JSON".utf8) + text
    if !binary.isEmpty { bytes += word(chunk.count) + Array("BIN".utf8) + [0] + chunk }
    return Data(bytes)
  }

  private static func floats(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
  }

  private static let corners: [Float] = [0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]

  /// Four positions and indices (1, 2, 3) of 2 bytes, in a file whose parts can be replaced.
  private static func file(
    nodes: String = #"[{"mesh": 0}]"#, primitives: String = #"[{"attributes": {"POSITION": 0}, "indices": 1}]"#,
    position: String = #"{"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"}"#,
    indices: String = #"{"bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR"}"#,
    views: String? = nil, buffer: String = #"{"byteLength": 56}"#, extra: String = "",
    positionBytes: [UInt8] = floats(corners), indexBytes: [UInt8] = [1, 0, 2, 0, 3, 0]
  ) -> Data {
    let first = positionBytes.count
    let views =
      views
      ?? #"[{"buffer": 0, "byteLength": \#(first)}, {"buffer": 0, "byteOffset": \#(first), "byteLength": \#(indexBytes.count)}]"#
    let json = """
      {"asset": {"version": "2.0"}, \(extra) "scene": 0, "scenes": [{"nodes": [0]}], "nodes": \(nodes),
       "meshes": [{"primitives": \(primitives)}], "accessors": [\(position), \(indices)], "bufferViews": \(views),
       "buffers": [\(buffer)]}
      """
    return container(json, positionBytes + indexBytes)
  }

  private func read(_ data: Data) throws -> GLBFile { try GLBFile(parsing: data, source: "m.glb") }

  private func fault(_ data: Data) throws -> ComputeError {
    let error = try #require(throws: ComputeError.self) { try read(data) }
    #expect(error.kind == .data)
    #expect(error.what.hasPrefix("m.glb"))
    return error
  }

  // MARK: Reading

  @Test func plainFileIsRead() throws {
    let file = try read(Self.file())
    #expect(file.vertices == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    #expect(file.triangles == [[1, 2, 3]])
  }

  @Test(arguments: [
    (5121, [UInt8]([1, 2, 3])), (5123, [1, 0, 2, 0, 3, 0]), (5125, [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]),
  ])
  func indicesOfAllTypesAreRead(type: Int, bytes: [UInt8]) throws {
    let indices = #"{"bufferView": 1, "componentType": \#(type), "count": 3, "type": "SCALAR"}"#
    #expect(try read(Self.file(indices: indices, indexBytes: bytes)).triangles == [[1, 2, 3]])
  }

  @Test func interleavedPositionsAreRead() throws {
    // Six floats per vertex, the position behind the normal.
    let rows = (0..<4).flatMap { [9, 9, 9] + Self.corners[3 * $0..<3 * $0 + 3] }
    let file = try read(
      Self.file(
        position: #"{"bufferView": 0, "byteOffset": 12, "componentType": 5126, "count": 4, "type": "VEC3"}"#,
        views:
          #"[{"buffer": 0, "byteLength": 96, "byteStride": 24}, {"buffer": 0, "byteOffset": 96, "byteLength": 6}]"#,
        positionBytes: Self.floats(rows)))
    #expect(file.vertices == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
  }

  @Test func quantisedPositionsAreRead() throws {
    // Three vertices of normalised int8, padded to 4 bytes each; -128 and -127 both mean -1.
    let file = try read(
      Self.file(
        position:
          #"{"bufferView": 0, "componentType": 5120, "normalized": true, "count": 4, "type": "VEC3"}"#,
        views: #"[{"buffer": 0, "byteLength": 16, "byteStride": 4}, {"buffer": 0, "byteOffset": 16, "byteLength": 6}]"#,
        extra: #""extensionsRequired": ["KHR_mesh_quantization", "KHR_materials_unlit"],"#,
        positionBytes: [127, 0, 128, 0, 0, 0, 0, 0, 129, 0, 0, 0, 0, 0, 127, 0]))
    #expect(file.vertices == [[1, 0, -1], [0, 0, 0], [-1, 0, 0], [0, 0, 1]])
  }

  @Test func primitivesOfAllModesAreJoined() throws {
    let attributes = #""attributes": {"POSITION": 0}"#
    let file = try read(
      Self.file(
        primitives: "[{\(attributes)}, {\(attributes), \"indices\": 1}, {\(attributes), \"mode\": 5}, "
          + "{\(attributes), \"mode\": 6}, {\(attributes), \"mode\": 1}]",
        position: #"{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}"#,
        indexBytes: [2, 0, 1, 0, 0, 0]))
    #expect(file.vertices.count == 12)
    #expect(file.triangles == [[0, 1, 2], [5, 4, 3], [6, 7, 8], [9, 10, 11]])
  }

  @Test func stripsAndFansTurnAsTheyShould() throws {
    func triangles(_ mode: Int) throws -> [SIMD3<Int32>] {
      try read(Self.file(primitives: #"[{"attributes": {"POSITION": 0}, "mode": \#(mode)}]"#)).triangles
    }
    #expect(try triangles(5) == [[0, 1, 2], [2, 1, 3]])
    #expect(try triangles(6) == [[0, 1, 2], [0, 2, 3]])
  }

  @Test func nodesMoveTheirMeshes() throws {
    // A quarter turn about z (x to y), doubled, moved by 10 along x; below a node that moves by 5 along y.
    let half = 0.5.squareRoot()
    let child =
      #"{"mesh": 0, "translation": [10, 0, 0], "rotation": [0, 0, \#(half), \#(half)], "scale": [2, 2, 2]}"#
    let file = try read(Self.file(nodes: #"[{"children": [1], "translation": [0, 5, 0]}, \#(child)]"#))
    let expected: [SIMD3<Double>] = [[10, 5, 0], [10, 7, 0], [8, 5, 0], [10, 5, 2]]
    for (a, b) in zip(file.vertices, expected) { #expect(((a - b) * (a - b)).sum() < 1e-28) }
    #expect(file.triangles == [[1, 2, 3]])
    // The same as one matrix, column-major.
    let matrix = try read(Self.file(nodes: #"[{"mesh": 0, "matrix": [0,2,0,0, -2,0,0,0, 0,0,2,0, 10,5,0,1]}]"#))
    #expect(matrix.vertices == expected)
  }

  @Test func aMirroredMeshKeepsItsOutside() throws {
    let file = try read(Self.file(nodes: #"[{"mesh": 0, "scale": [-1, 1, 1]}]"#))
    #expect(file.vertices[1] == [-1, 0, 0])
    #expect(file.triangles == [[1, 3, 2]])
  }

  @Test func theSceneSaysWhichMeshesAndHowOften() throws {
    // Node 2 is in no scene; the mesh is there twice.
    let nodes = #"[{"mesh": 0, "children": [1]}, {"mesh": 0, "translation": [0, 0, 4]}, {"mesh": 0}]"#
    let file = try read(Self.file(nodes: nodes))
    #expect(file.vertices.count == 8 && file.vertices[4] == [0, 0, 4])
    #expect(file.triangles == [[1, 2, 3], [5, 6, 7]])
  }

  @Test func skinnedMeshesComeAtRest() throws {
    let file = try read(Self.file(nodes: #"[{"mesh": 0, "skin": 0, "scale": [100, 100, 100]}]"#))
    #expect(file.vertices[1] == [1, 0, 0])
  }

  // MARK: Refusing

  @Test func compressionIsRefusedByName() throws {
    for name in ["KHR_draco_mesh_compression", "EXT_meshopt_compression"] {
      let error = try fault(Self.file(extra: "\"extensionsRequired\": [\"\(name)\"],"))
      #expect(error.what.contains(name) && error.mend.contains("without compression"))
    }
    let hidden = try fault(Self.file(position: #"{"componentType": 5126, "count": 4, "type": "VEC3"}"#))
    #expect(hidden.why.contains("no data"))
  }

  @Test func dataThatCannotBeReadIsRefused() throws {
    func position(_ members: String) -> Data { Self.file(position: "{\"componentType\": 5126, \(members)}") }
    let cases: [(Data, String)] = [
      (position(#""bufferView": 0, "count": 4, "type": "VEC3", "sparse": {}"#), "sparse"),
      (position(#""bufferView": 7, "count": 4, "type": "VEC3""#), "number 7 of bufferViews"),
      (position(#""bufferView": 0, "count": 5, "type": "VEC3""#), "do not fit"),
      (position(#""bufferView": 0, "count": 9223372036854775807, "type": "VEC3""#), "do not fit"),
      (position(#""bufferView": 0, "count": -1, "type": "VEC3""#), "count"),
      (position(#""bufferView": 0, "count": 4, "type": "MAT4""#), "vector"),
      (position(#""bufferView": 0, "count": 4, "type": "SCALAR""#), "vectors of three"),
      (Self.file(position: #"{"bufferView": 0, "componentType": 1, "count": 4, "type": "VEC3"}"#), "component type"),
      (Self.file(indices: #"{"bufferView": 0, "componentType": 5126, "count": 3, "type": "SCALAR"}"#), "unsigned"),
      (Self.file(indexBytes: [1, 0, 2, 0, 4, 0]), "names vertex 4"),
      (Self.file(indices: #"{"bufferView": 1, "componentType": 5123, "count": 2, "type": "SCALAR"}"#), "multiple"),
      (Self.file(buffer: #"{"byteLength": 56, "uri": "mesh.bin"}"#), "outside the file"),
      (Self.file(views: #"[{"buffer": 1, "byteLength": 48}]"#), "number 1 of buffers"),
      (Self.file(views: #"[{"buffer": 0, "byteLength": 4800}]"#), "cut short"),
      (Self.file(primitives: #"[{"attributes": {}}]"#), "no positions"),
      (Self.file(primitives: #"[{"attributes": {"POSITION": 0}, "mode": 0}]"#), "no mesh of triangles"),
      (Self.file(nodes: #"[{"mesh": 3}]"#), "mesh 3"),
      (Self.file(nodes: #"[{"mesh": 0, "children": [0]}]"#), "ancestor"),
      (Self.file(nodes: #"[{"mesh": 0, "children": [5]}]"#), "node 5"),
      (Self.file(nodes: #"[{"mesh": 0, "rotation": [0, 0, 0, 0]}]"#), "transform"),
      (Self.file(nodes: #"[{"mesh": 0, "matrix": [1, 0, 0]}]"#), "transform"),
      (Self.file(positionBytes: Self.floats([.nan] + Self.corners.dropFirst())), "not finite"),
      (Self.container("{}"), "no mesh"), (Self.container("[]"), "no mesh"), (Self.container("{"), "key"),
    ]
    for (data, reason) in cases {
      let error = try fault(data)
      #expect(error.why.contains(reason), "\(reason): \(error.why)")
    }
  }

  @Test func filesCutShortAreRefused() throws {
    let data = Self.file()
    for length in 0..<data.count { _ = try fault(data.prefix(length)) }
    // Also when the header's length is made to fit.
    for length in 12..<data.count {
      var short = data.prefix(length)
      for k in 0..<4 { short[8 + k] = UInt8(truncatingIfNeeded: length >> (8 * k)) }
      // Two bytes of padding stand at the end.
      if length < data.count - 2 { _ = try fault(short) }
    }
  }

  @Test func otherVersionsAndContentsAreRefused() throws {
    var old = Self.file()
    old[4] = 1
    #expect(try fault(old).why.contains("version 1"))
    #expect(try fault(Data("<!DOCTYPE html> and more of it".utf8)).why.contains("header"))
  }

  // MARK: Writing

  @Test func writtenFilesReadTheSame() throws {
    let file = GLBFile(
      vertices: [[0, 0.5, -1], [1e-30, 2, 3], [1, 0.25, 1e30], [0.1, 0, 0]],
      normals: [[0, 0, 1], [1, 0, 0], [0, -1, 0], .zero], triangles: [[0, 1, 2], [2, 1, 0]])
    let bytes = try file.encoded()
    let read = try read(bytes)
    #expect(read.triangles == file.triangles)
    #expect(read.vertices == file.vertices.map { SIMD3<Double>(SIMD3<Float>($0)) })
    let plain = GLBFile(vertices: read.vertices, triangles: read.triangles)
    #expect(try self.read(plain.encoded()) == plain)
  }

  @Test func writtenFilesAreWellFormed() throws {
    let file = GLBFile(
      vertices: [[0, 0.5, -1], [0.1, 2, 3], [1, 0.25, 7]], normals: [[0, 0, 1], .zero, [1, 0, 0]],
      triangles: [[0, 1, 2]])
    let bytes = try file.encoded()
    func word(_ at: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
    #expect(bytes.count.isMultiple(of: 4) && word(8) == bytes.count)
    let jsonLength = word(12)
    #expect(jsonLength.isMultiple(of: 4) && word(20 + jsonLength).isMultiple(of: 4))
    #expect(28 + jsonLength + word(20 + jsonLength) == bytes.count)
    let json = try JSONValue(parsing: bytes[20..<20 + jsonLength], source: "t")
    let accessors = try #require(json["accessors"]?.array)
    // The bounds must be those of the stored float32 numbers, exactly.
    #expect(accessors[0]["min"]?.doubles == [0, 0.25, -1])
    #expect(accessors[0]["max"]?.doubles == [1, 2, 7])
    #expect(accessors.map { $0["count"]?.int } == [3, 3, 3])
    // Normals are unit vectors, also of the vertex that had none.
    let normals = try #require(json["bufferViews"]?.array?[1]["byteOffset"]?.int) + 28 + jsonLength
    let stored = (0..<9).map { Float(bitPattern: UInt32(word(normals + 4 * $0))) }
    #expect(stored == [0, 0, 1, 0, 0, 1, 1, 0, 0])
  }

  @Test func whatTheFormatCannotHoldIsNotWritten() {
    for file in [
      GLBFile(vertices: [], triangles: []), GLBFile(vertices: [.zero], triangles: []),
      GLBFile(vertices: [.zero, .zero, [0, .infinity, 0]], triangles: [[0, 1, 2]]),
    ] {
      let error = #expect(throws: ComputeError.self) { try file.encoded() }
      #expect(error?.kind == .data)
    }
  }
}
