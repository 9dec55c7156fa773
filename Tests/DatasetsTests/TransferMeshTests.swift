import Compute
import FileFormats
import Foundation
import Geometry
import Testing

@testable import Datasets

@Suite struct TransferMeshTests {
  /// A ball that is 1.7 m high, in centimetres, z up, off the origin, with a seam and a vertex of no face.
  private let mesh: TriangleMesh = {
    var mesh = TriangleMesh.icosphere(subdivisions: 2)
    mesh.vertices = mesh.vertices.map { $0 * SIMD3(30, 25, 85) + SIMD3(120, -340, 85) }
    // One corner of one face gets a vertex of its own.
    mesh.vertices += [mesh.vertices[Int(mesh.faces[0].x)], .zero]
    mesh.faces[0].x = Int32(mesh.vertices.count - 2)
    return mesh
  }()

  @Test func theNetworkSeesAnUprightCentredBodyInMetres() throws {
    let transfer = try TransferMesh(mesh, as: .pose, name: "a.ply")
    #expect(transfer.pointCount == 162 && transfer.points.count == 3 * 162)
    let points = stride(from: 0, to: 3 * 162, by: 3).map { at in
      SIMD3(Double(transfer.points[at]), Double(transfer.points[at + 1]), Double(transfer.points[at + 2]))
    }
    let box = SpatialBox(points)
    #expect(norm(box.midpoint) < 1e-6 && norm(box.extent - SIMD3(0.6, 1.7, 0.5)) < 0.05)
    #expect(transfer.remarks.contains("1 vertex lies on another and moves with it"))
    #expect(transfer.remarks.contains("1 vertex belongs to no face and follows the nearest that does"))
  }

  /// What the network leaves in place lies in its file as before, up to the rounding of float32 metres.
  @Test(arguments: [0, 90, 12.5])
  func theWayBackEndsWhereItBegan(turn: Double) throws {
    for role in [TransferMesh.Role.identity, .pose] {
      let transfer = try TransferMesh(mesh, as: role, name: "a.ply", turnedByDegrees: turn)
      let moved = transfer.moved(to: transfer.points)
      #expect(moved.original.faces == mesh.faces)
      #expect(moved.original.vertices.count == mesh.vertices.count)
      for (back, vertex) in zip(moved.original.vertices, mesh.vertices) {
        #expect(norm(back - vertex) < 100 * 2e-7)
      }
      #expect(moved.aligned.faces == transfer.surface.mesh.faces)
    }
  }

  /// The middle of the surface's box stays, in the file's axes.
  @Test func aResultIsPutWhereTheMeshWas() throws {
    let transfer = try TransferMesh(mesh, as: .identity, name: "a.ply")
    // Half as high and 0.3 m to one side: y is up for the network, z in the file.
    let output = transfer.points.enumerated().map { $1 * ($0 % 3 == 1 ? 0.5 : 1) + ($0 % 3 == 0 ? 0.3 : 0) }
    let result = transfer.moved(to: output).original
    let (before, after) = (SpatialBox(mesh.vertices.dropLast()), SpatialBox(result.vertices.dropLast()))
    #expect(norm(after.midpoint - before.midpoint) < 1e-4)
    #expect(norm(after.extent - before.extent * SIMD3(1, 1, 0.5)) < 1e-4)
  }

  @Test func theOrderFollowsFromSeedAndRole() throws {
    func points(_ role: TransferMesh.Role, seed: UInt64 = 1) throws -> [Float] {
      try TransferMesh(mesh, as: role, name: "a", seed: seed).points
    }
    #expect(try points(.identity) == points(.identity))
    #expect(try points(.identity) != points(.pose) && points(.identity) != points(.identity, seed: 2))
  }

  @Test(arguments: [(MeshAlignment.Unit.metres, "170 m"), (.millimetres, "0.17 m")])
  func sizesThatNoBodyHasAreRefused(unit: MeshAlignment.Unit, size: String) throws {
    let error = try #require(throws: ComputeError.self) {
      try TransferMesh(mesh, as: .pose, name: "a.ply", unit: unit)
    }
    #expect(error.kind == .data && error.what == "a.ply: \(size) long, when its unit is \(unit)")
  }

  @Test func everyFormatHoldsTheResult() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    try AtomicFile.makeFolder(folder)
    let transfer = try TransferMesh(mesh, as: .identity, name: "a.ply")
    for format in MeshFile.Format.allCases {
      let url = folder.appendingPathComponent("a.\(format)")
      try transfer.moved(to: transfer.points).write(to: url)
      let file = try MeshFile(contentsOf: url)
      #expect(file.triangles == mesh.faces)
      for (a, b) in zip(file.vertices, mesh.vertices) { #expect(norm(a - b) < 1e-4) }
    }
  }
}
