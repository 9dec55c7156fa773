import Compute
import Foundation
import Testing

@testable import FileFormats

@Suite struct MeshFileTests {
  private let mesh = MeshFile(
    vertices: [[0, 0, 0], [1, 0, 0], [0, 0.5, 0], [0, 0, 2], [7, 7, 7]], triangles: [[0, 2, 1], [0, 1, 3]])

  @Test(arguments: ["a.obj", "a.ply", "a.glb", "A.PLY"])
  func everyFormatKeepsTheMesh(name: String) throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent(name)
      try mesh.write(to: url, normals: [SIMD3<Double>](repeating: [0, 0, 1], count: 5))
      // Vertex 4 belongs to no face and stays.
      #expect(try MeshFile(contentsOf: url) == mesh)
    }
  }

  @Test(arguments: ["a.stl", "a", "a.gltf", "obj"])
  func otherNamesAreRefused(name: String) throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent(name)
      let writing = #expect(throws: ComputeError.self) { try mesh.write(to: url) }
      let reading = #expect(throws: ComputeError.self) { try MeshFile(contentsOf: url) }
      #expect(writing?.kind == .usage && reading?.kind == .usage)
      #expect(!FileManager.default.fileExists(atPath: url.path))
    }
  }

  @Test func contentsOfAnotherFormatAreNamed() throws {
    try withTemporaryFolder { folder in
      for written in MeshFile.Format.allCases {
        let original = folder.appendingPathComponent("a.\(written)")
        try mesh.write(to: original)
        for claimed in MeshFile.Format.allCases where claimed != written {
          let renamed = folder.appendingPathComponent("b.\(claimed)")
          try AtomicFile.write(try InputFile.read(original), to: renamed)
          let error = #expect(throws: ComputeError.self) { try MeshFile(contentsOf: renamed) }
          #expect(error?.kind == .data)
          // An OBJ file has no mark by which to know it.
          if written != .obj { #expect(error?.what.contains("holds .\(written)") == true) }
        }
      }
    }
  }

  @Test(arguments: [
    "v 0 0 0\nv 1 0 0\nv 0 1 0\n", "v 0 0 0\n", "v 0 0 0\nf 1 1 1\n", "v 0 0 0\nv 1 0 0\nf 1 2 1\n", "",
  ])
  func whatIsNoSurfaceIsRefused(text: String) throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.obj")
      try AtomicFile.write(Data(text.utf8), to: url)
      let error = #expect(throws: ComputeError.self) { try MeshFile(contentsOf: url) }
      #expect(error?.kind == .data)
    }
  }

  @Test func aMissingFileIsNoInput() {
    let error = #expect(throws: ComputeError.self) {
      try MeshFile(contentsOf: URL(fileURLWithPath: "/nowhere/a.ply"))
    }
    #expect(error?.kind == .noInput)
  }

  @Test func foldersAppearWholeOrNotAtAll() throws {
    struct Fault: Error {}
    try withTemporaryFolder { parent in
      let folder = parent.appendingPathComponent("deep/set")
      #expect(throws: Fault.self) {
        try AtomicFolder.create(folder) {
          try AtomicFile.write(Data([1]), to: $0.appendingPathComponent("a"))
          throw Fault()
        }
      }
      let above = folder.deletingLastPathComponent().path
      #expect(try FileManager.default.contentsOfDirectory(atPath: above).isEmpty)
      try AtomicFolder.create(folder) {
        try AtomicFile.write(Data([1]), to: $0.appendingPathComponent("a"))
        #expect(!FileManager.default.fileExists(atPath: folder.path))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: above) == ["set"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
      let error = #expect(throws: ComputeError.self) { try AtomicFolder.create(folder) { _ in } }
      #expect(error?.kind == .cannotWrite)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a"])
    }
  }
}
