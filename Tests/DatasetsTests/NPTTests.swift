import Compute
import FileFormats
import Foundation
import Geometry
import Testing

@testable import Datasets

@Suite struct NPTTests {
  private let source = TinySource(
    identities: SplitCounts(train: 3, test: 2), poses: SplitCounts(train: 4, test: 2))

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func fault(_ body: () throws -> Void) throws -> ComputeError {
    try #require(throws: ComputeError.self) { try body() }
  }

  // MARK: Names

  @Test func namesAreThoseOfThePublishedSets() {
    let mesh = PosedIdentity(identity: 3, pose: 217)
    #expect(NPTLayout.human.fileName(mesh) == "id3_217.obj" && NPTLayout.animal.fileName(mesh) == "toy_3_217.ply")
    #expect(NPTLayout.human.mesh(named: "id3_217.obj") == mesh)
    #expect(NPTLayout.animal.mesh(named: "toy_3_217.ply") == mesh)
    for name in [
      "id3_217.ply", "toy_3_217.ply", "id3.obj", "id3_2_1.obj", "id_217.obj", "id+3_217.obj", "id03_217.obj",
    ] {
      #expect(NPTLayout.human.mesh(named: name) == nil, "\(name)")
    }
    #expect(NPTLayout.human.train.count == 16 * 400 && NPTLayout.human.test.count == 14 * 200)
    #expect(NPTLayout.animal.train.count == 29 * 400 && NPTLayout.animal.test.count == 12 * 200)
    #expect(Set(NPTLayout.animal.train.identities).isDisjoint(with: NPTLayout.animal.test.identities))
    #expect(Set(NPTLayout.animal.train.identities + NPTLayout.animal.test.identities) == Set(0...40))
  }

  // MARK: Export and reading

  @Test func exportedSetsReadTheSame() throws {
    try withFolder { folder in
      let layout = try NPTExport.write(source, to: folder, testPairs: 9, seed: 1)
      #expect(layout.train == PoseTransferRange(identities: 0..<3, poses: 200..<204))
      #expect(layout.test == PoseTransferRange(identities: 3..<5, poses: 204..<206))
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(names.count == 3 * 4 + 2 * 2 + 1)

      let read = try NPTFolder(folder, layout: layout)
      #expect(read.faces == source.faces && read.vertexCount == source.vertexCount)
      for split in [SampleSplit.train, .test] {
        for identity in layout.train.identities.prefix(split == .train ? 3 : 0) {
          for pose in layout.train.poses {
            let written = source.vertices(PosedIdentity(identity: identity, pose: pose - 200))
            let mesh = PosedIdentity(identity: identity, pose: pose)
            for (a, b) in zip(try read.vertices(mesh), written) { #expect(norm(a - b) < 1e-6) }
            #expect(try read.centredVertices(mesh) == centred(read.vertices(mesh)))
            #expect(try read.centredVertices(mesh) == read.centredVertices(mesh))
          }
        }
      }
      // The list names the pairs that the source gives, in its numbers plus 200.
      let pairs = try read.pairs(of: .test, count: 100, seed: 99)
      #expect(
        try pairs
          == source.pairs(of: .test, count: 9, seed: 1).map { pair in
            func moved(_ mesh: PosedIdentity) -> PosedIdentity {
              PosedIdentity(identity: mesh.identity, pose: mesh.pose + 200)
            }
            return PoseTransferPair(identityMesh: moved(pair.identityMesh), poseMesh: moved(pair.poseMesh))
          })
      #expect(try read.pairs(of: .test, count: 4, seed: 99) == Array(pairs.prefix(4)))
      // And samples can be made of it.
      let batch = try PoseTransferSampler(read, pairsPerEpoch: 4, batchSize: 2, seed: 1).batch(0)
      #expect(batch.groundTruth?.count == 2 * 5 * 3)
    }
  }

  @Test func exportKeepsWhatIsThere() throws {
    try withFolder { folder in
      try AtomicFile.makeFolder(folder)
      let error = try fault { try NPTExport.write(source, to: folder, seed: 1) }
      #expect(error.kind == .cannotWrite && error.what.contains("exists already"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
  }

  @Test func aFailedExportLeavesNothing() throws {
    struct Broken: PoseTransferSource {
      var inner = TinySource()
      var summary: String { inner.summary }
      var vertexCount: Int { inner.vertexCount }
      var faces: [SIMD3<Int32>] { inner.faces }
      func range(_ split: SampleSplit) -> PoseTransferRange { inner.range(split) }
      func vertices(_ mesh: PosedIdentity) throws -> [SIMD3<Double>] {
        mesh.identity == 2 ? [SIMD3(0, .nan, 0)] : inner.vertices(mesh)
      }
    }
    try withFolder { parent in
      try AtomicFile.makeFolder(parent)
      let error = try fault { try NPTExport.write(Broken(), to: parent.appendingPathComponent("set"), seed: 1) }
      #expect(error.kind == .data)
      #expect(try FileManager.default.contentsOfDirectory(atPath: parent.path).isEmpty)
    }
  }

  @Test func setsOfPLYFilesAreRead() throws {
    try withFolder { folder in
      try AtomicFile.makeFolder(folder)
      var layout = NPTLayout.animal
      layout.train = PoseTransferRange(identities: [1, 4], poses: [7])
      layout.test = layout.train
      for identity in layout.train.identities {
        let mesh = PosedIdentity(identity: identity, pose: 7)
        try PLYFile(vertices: source.vertices(mesh), triangles: source.faces).write(
          to: folder.appendingPathComponent(layout.fileName(mesh)))
      }
      let read = try NPTFolder(folder, layout: layout)
      let mesh = PosedIdentity(identity: 4, pose: 7)
      for (a, b) in zip(try read.vertices(mesh), source.vertices(mesh)) { #expect(norm(a - b) < 1e-5) }
      // Without a list, test pairs are drawn.
      #expect(try read.pairs(of: .test, count: 3, seed: 1).count == 3)
    }
  }

  // MARK: Faults

  @Test func missingMeshesAreNamed() throws {
    try withFolder { folder in
      let layout = try NPTExport.write(source, to: folder, seed: 1)
      try FileManager.default.removeItem(at: folder.appendingPathComponent("id1_202.obj"))
      let error = try fault { _ = try NPTFolder(folder, layout: layout) }
      #expect(error.kind == .noInput && error.what.contains("1 of 12 meshes are missing: id1_202.obj"))
      let published = try fault { _ = try NPTFolder(folder) }
      #expect(published.kind == .noInput && published.what.contains("of 6400 meshes") && published.what.contains("..."))
      #expect(try fault { _ = try NPTFolder(folder.appendingPathComponent("no")) }.kind == .noInput)
      // Without a list any mesh of the test range may be drawn.
      try FileManager.default.removeItem(at: folder.appendingPathComponent(layout.testList))
      var unlisted = layout
      unlisted.train = PoseTransferRange(identities: [0], poses: [200])
      unlisted.test.poses.append(299)
      let test = try fault { _ = try NPTFolder(folder, layout: unlisted) }
      #expect(test.kind == .noInput && test.what.contains("2 of 7 meshes are missing: id3_299.obj, id4_299.obj"))
      var empty = layout
      empty.train = PoseTransferRange()
      #expect(try fault { _ = try NPTFolder(folder, layout: empty) }.kind == .configuration)
    }
  }

  @Test(arguments: [
    ("id3_204.obj id4_205.obj", "2 names", ComputeError.Kind.data),
    ("id3_204.obj id4_205.obj id3_204.obj", "must be id3_205.obj", .data),
    ("id3_204.obj id4_205.obj toy_3_205.ply", "toy_3_205.ply", .data),
    ("id3_204.obj id9_205.obj id3_205.obj", "id9_205.obj is not in", .noInput),
  ])
  func listFaultsNameTheirLine(line: String, reason: String, kind: ComputeError.Kind) throws {
    try withFolder { folder in
      let layout = try NPTExport.write(source, to: folder, seed: 1)
      let list = folder.appendingPathComponent(layout.testList)
      try AtomicFile.write(Data("id3_204.obj  id4_205.obj\tid3_205.obj \r\n\n\(line)\n".utf8), to: list)
      let error = try fault { _ = try NPTFolder(folder, layout: layout) }
      #expect(error.kind == kind)
      #expect(error.what.contains("human_test_list:3: "))
      #expect((error.what + error.why).contains(reason), "\(error)")
    }
  }

  @Test func listsMayLieElsewhereAndMustHoldPairs() throws {
    try withFolder { folder in
      let layout = try NPTExport.write(source, to: folder, seed: 1)
      let list = folder.appendingPathComponent("mine")
      try AtomicFile.write(Data("id4_205.obj id3_204.obj id4_204.obj".utf8), to: list)
      let read = try NPTFolder(folder, layout: layout, testList: list)
      #expect(
        try read.pairs(of: .test, count: 10, seed: 0) == [
          PoseTransferPair(
            identityMesh: PosedIdentity(identity: 4, pose: 205), poseMesh: PosedIdentity(identity: 3, pose: 204))
        ])
      try AtomicFile.write(Data("\n \n".utf8), to: list)
      #expect(try fault { _ = try NPTFolder(folder, layout: layout, testList: list) }.kind == .data)
      let missing = folder.appendingPathComponent("none")
      #expect(try fault { _ = try NPTFolder(folder, layout: layout, testList: missing) }.kind == .noInput)
    }
  }

  @Test func meshesOfAnotherTopologyAreRefused() throws {
    try withFolder { folder in
      let layout = try NPTExport.write(source, to: folder, seed: 1)
      let mesh = PosedIdentity(identity: 1, pose: 201)
      let url = folder.appendingPathComponent(layout.fileName(mesh))
      let vertices = source.vertices(PosedIdentity(identity: 1, pose: 1))
      func expectRefusal(_ file: OBJFile, _ reason: String) throws {
        try file.write(to: url)
        let error = try fault { _ = try NPTFolder(folder, layout: layout).centredVertices(mesh) }
        #expect(
          error.kind == .data && error.what.contains("id1_201.obj") && error.description.contains(reason), "\(error)")
      }
      try expectRefusal(OBJFile(vertices: vertices + [.zero], triangles: source.faces), "vertex order")
      try expectRefusal(OBJFile(vertices: vertices, triangles: source.faces.reversed()), "vertex order")
      var collapsed = vertices
      collapsed[2] = collapsed[0]
      try expectRefusal(OBJFile(vertices: collapsed, triangles: source.faces), "length of their edge is 0")
    }
  }

  // MARK: Meshes of one's own

  @Test(arguments: MeshFile.Format.allCases)
  func triangleMeshesTravelByFile(format: MeshFile.Format) throws {
    try withFolder { folder in
      try AtomicFile.makeFolder(folder)
      let url = folder.appendingPathComponent("a.\(format)")
      let mesh = TriangleMesh.icosphere(subdivisions: 1)
      try mesh.write(to: url)
      let read = try TriangleMesh(contentsOf: url)
      #expect(read.faces == mesh.faces)
      for (a, b) in zip(read.vertices, mesh.vertices) { #expect(norm(a - b) < 1e-6) }
    }
  }
}
