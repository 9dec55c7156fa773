import Compute
import Foundation
import Testing

@testable import FileFormats

@Suite struct OBJTests {
  @Test func cornersPolygonsAndGroupsAreRead() throws {
    let text = """
      # a comment\r
      mtllib x.mtl
      v 0 0 0
      v 1 0 0 1.0
      v 1 1e0 0
      v 0 1 -0.5 0.1 0.2 0.3
      vt 0 0
      f 1 2 3
      g body skin
      f 1/1 2/1 3/1 4/1
      g other
      f 1//1 3//1 4//1
      g body skin
      f -4/1/1 -3/1/1\t-1/1/1
      g empty
      """
    let file = try OBJFile(parsing: Data(text.utf8), source: "t")
    #expect(file.vertices == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, -0.5]])
    #expect(file.groups.map(\.name) == ["", "body skin", "other"])
    #expect(file.group("body skin")?.faces == [[0, 1, 2, 3], [0, 1, 3]])
    #expect(file.group("empty") == nil)
    #expect(file.triangles == [[0, 1, 2], [0, 1, 2], [0, 2, 3], [0, 1, 3], [0, 2, 3]])
  }

  @Test func facesMayComeBeforeTheirVertices() throws {
    let file = try OBJFile(parsing: Data("f 1 2 3\nv 0 0 0\nv 1 0 0\nv 0 1 0\n".utf8), source: "t")
    #expect(file.triangles == [[0, 1, 2]])
  }

  @Test func writingAndReadingKeepsMicrometres() throws {
    let file = OBJFile(
      vertices: [[0.1234567, -2, 3e-7], [1, 2, 3], [-0.5, 0, 1000]],
      groups: [.init(name: "", faces: [[0, 1, 2]]), .init(name: "left arm", faces: [[2, 1, 0]])])
    let bytes = try file.encoded()
    #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("v 0.123457 -2.000000 0.000000\n"))
    let read = try OBJFile(parsing: bytes, source: "t")
    #expect(read.groups == file.groups)
    for (a, b) in zip(read.vertices, file.vertices) { #expect((a - b).max() <= 5e-7 && (b - a).max() <= 5e-7) }
    #expect(try read.encoded() == bytes)
  }

  @Test(arguments: [
    ("v 0 0\n", 1, "2 coordinates"), ("v 0 0 0\nv nan 0 0\n", 2, "no finite"), ("v 0 0 inf", 1, "no finite"),
    ("v 0 zero 0", 1, "no finite"), ("v 0 0 0\nf 1 1\n", 2, "2 corners"), ("v 0 0 0\nf 1 1 0\n", 2, "vertex 0"),
    ("v 0 0 0\nf 1 1 -2\n", 2, "vertex -2"), ("v 0 0 0\n\nf 1 1 1\nf 1 2 1\n", 4, "vertex 2, but there are 1"),
    ("v 0 0 0\nf 1 a/1 1\n", 2, "no corner"), ("v 0 0 0\nf / / /\n", 2, "no corner"),
  ])
  func faultsNameTheirLine(text: String, line: Int, reason: String) {
    let error = #expect(throws: ComputeError.self) { try OBJFile(parsing: Data(text.utf8), source: "m.obj") }
    #expect(error?.kind == .data)
    #expect(error?.what == "m.obj:\(line): malformed OBJ")
    #expect(error?.why.contains(reason) == true, "\(error?.why ?? "")")
  }

  @Test func aFileWithoutVerticesIsNoMesh() {
    #expect(throws: ComputeError.self) { try OBJFile(parsing: Data("<html>".utf8), source: "t") }
  }

  @Test func meshesThatDivergedAreNotWritten() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("m.obj")
      let file = OBJFile(vertices: [[0, .nan, 0]], triangles: [])
      let error = #expect(throws: ComputeError.self) { try file.write(to: url) }
      #expect(error?.kind == .data)
      #expect(!FileManager.default.fileExists(atPath: url.path))
    }
  }
}
