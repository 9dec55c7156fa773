import FileFormats
import Foundation
import Geometry
import Testing

/// The pose of one mesh on the body of another, by the command line.
@Suite struct TransferTests {
  /// A run of two steps on the mannequin, and its meshes `set/id0_200.obj` and `set/id1_201.obj`.
  private static func prepare(_ folder: String) throws {
    let data = [
      "data.identities=2", "data.poses=2", "data.validationIdentities=1", "data.validationPoses=1",
      "data.validationPairs=1", "data.testIdentities=1", "data.testPoses=1", "data.testPairs=1", "data.emdPairs=0",
    ]
    let training = ["model.width=2", "training.epochs=1", "training.stepsPerEpoch=2", "training.batch=1"]
    let run = try Tool.run(
      ["train", "mapconnet", "--body", "procedural", "--device", "cpu", "--name", "tiny"]
        + (data + training).flatMap { ["--set", $0] }, in: folder)
    try #require(run.exitCode == 0, "\(run.errors)")
    try Tool.run(
      [
        "data", "export", "--body", "procedural", "--format", "npt", "--out", "set", "--identities", "2", "--poses",
        "2", "--test-identities", "1", "--test-poses", "1", "--test-pairs", "1",
      ], in: folder)
  }

  private static func transfer(
    _ pose: String, _ identity: String, _ out: String, run: String = "runs/tiny", _ more: [String] = []
  ) -> [String] {
    ["transfer", "--run", run, "--pose", pose, "--identity", identity, "--out", out, "--device", "cpu"] + more
  }

  private static func read(_ path: String) throws -> MeshFile { try MeshFile(contentsOf: URL(fileURLWithPath: path)) }

  /// The mesh with a vertex in the middle of every face, in centimetres, z up, off the origin.
  private static func finer(_ mesh: MeshFile) -> MeshFile {
    var finer = mesh
    finer.triangles = []
    for face in mesh.triangles {
      let middle = Int32(finer.vertices.count)
      finer.vertices.append((0..<3).reduce(.zero) { $0 + mesh.vertices[Int(face[$1])] } / 3)
      for k in 0..<3 { finer.triangles.append(SIMD3(face[k], face[(k + 1) % 3], middle)) }
    }
    finer.vertices = finer.vertices.map { SIMD3($0.x, -$0.z, $0.y) * 100 + SIMD3(300, -200, 95) }
    return finer
  }

  @Test func aPoseIsPutOnAnotherBody() throws {
    try withTemporaryFolder { folder in
      try Self.prepare(folder)
      // The identity: other vertices than the pose mesh, binary, z up, centimetres, one vertex of no face far away.
      let pose = try Self.read(folder + "/set/id0_200.obj")
      var identity = try Self.finer(Self.read(folder + "/set/id1_201.obj"))
      let box = SpatialBox(identity.vertices)
      identity.vertices.append(SIMD3(5000, 0, 0))
      try identity.write(to: URL(fileURLWithPath: folder + "/b.ply"))
      #expect(identity.vertices.count == 4851 && pose.vertices.count == 1618)

      let tool = try Tool.run(
        Self.transfer("set/id0_200.obj", "b.ply", "c.glb", ["--picture", "c.png"]), in: folder)
      #expect(tool.exitCode == 0, "\(tool.errors)")
      for remark in [
        "pose      set/id0_200.obj: 1618 vertices, 3232 faces", "taken for metres", "y is up\n",
        "identity  b.ply: 4851 vertices, 9696 faces", "taken for centimetres", "z is up, turned so that y is",
        "1 vertex belongs to no face", "c.glb will be in centimetres with z up",
      ] {
        #expect(tool.errors.contains(remark), "\(remark): \(tool.errors)")
      }
      #expect(
        tool.output == """
          c.glb  the body of b.ply in the pose of set/id0_200.obj, in centimetres, z up
          c.png  identity, pose, result

          """)

      // Faces and order are the identity's; the middle of the box is where it was, in its unit and axes.
      let result = try Self.read(folder + "/c.glb")
      #expect(result.triangles == identity.triangles && result.vertices.count == 4851)
      let moved = SpatialBox(result.vertices.dropLast())
      #expect(norm(moved.midpoint - box.midpoint) < 1e-2)
      #expect(moved.extent.max() > 0 && moved.extent.max() < 400)
      // The vertex of no face has kept its distance from the surface.
      #expect(result.vertices[4850].x > 4000)
      #expect(try PNG.read(URL(fileURLWithPath: folder + "/c.png")).width == 3 * 400)

      // The same again is the same to the bit; another order of the vertices is not.
      try Tool.run(Self.transfer("set/id0_200.obj", "b.ply", "d.glb"), in: folder)
      try Tool.run(Self.transfer("set/id0_200.obj", "b.ply", "e.glb", ["--seed", "2"]), in: folder)
      let bytes = ["c", "d", "e"].map { FileManager.default.contents(atPath: folder + "/\($0).glb") }
      #expect(bytes[0] == bytes[1] && bytes[0] != bytes[2])

      // The same identity in metres, y up, gives the same body there.
      var upright = identity
      upright.vertices = identity.vertices.map { SIMD3($0.x, $0.z, -$0.y) / 100 }
      try upright.write(to: URL(fileURLWithPath: folder + "/u.ply"))
      #expect(try Tool.run(Self.transfer("set/id0_200.obj", "u.ply", "v.obj"), in: folder).exitCode == 0)
      for (a, b) in zip(try Self.read(folder + "/v.obj").vertices, result.vertices.dropLast()) {
        #expect(norm(a - SIMD3(b.x, b.z, -b.y) / 100) < 1e-3)
      }
      // Turned in its file and turned back by the flag, too.
      upright.vertices = upright.vertices.map { SIMD3($0.z, $0.y, -$0.x) }
      try upright.write(to: URL(fileURLWithPath: folder + "/t.ply"))
      let turned = Self.transfer("set/id0_200.obj", "t.ply", "w.obj", ["--identity-turn", "-90"])
      #expect(try Tool.run(turned, in: folder).exitCode == 0)
      for (a, b) in zip(try Self.read(folder + "/w.obj").vertices, result.vertices.dropLast()) {
        #expect(norm(a - SIMD3(-b.y, b.z, -b.x) / 100) < 1e-3)
      }
      try checkOddMeshes(folder)
      try checkRuns(folder)
    }
  }

  /// What looks broken and is not: copies of a vertex, an edge of length 0, a lying body in a format that has y up, sizes
  /// far apart.
  private func checkOddMeshes(_ folder: String) throws {
    try write(Self.sound, to: folder + "/tall.obj")
    let lying = MeshFile(
      vertices: [[0, 0, 0], [0, 0.1, 0], [0.1, 0, 0], [0, 0, 0.4], [0, 0, 0]],
      triangles: [SIMD3(0, 1, 2), SIMD3(4, 3, 1), SIMD3(0, 4, 2), SIMD3(1, 3, 2)])
    try lying.write(to: URL(fileURLWithPath: folder + "/lying.glb"))
    let tool = try Tool.run(Self.transfer("tall.obj", "lying.glb", "odd.ply"), in: folder)
    #expect(tool.exitCode == 0, "\(tool.errors)")
    for remark in [
      "1 vertex lies on another and moves with it", "1 face has an edge of length 0 and keeps it",
      "notice    the pose mesh is 1.70 m long and the identity mesh 0.40 m",
    ] {
      #expect(tool.errors.contains(remark), "\(remark): \(tool.errors)")
    }
    #expect(!tool.errors.contains("z is up"))
    let result = try Self.read(folder + "/odd.ply")
    #expect(result.triangles == lying.triangles && result.vertices[4] == result.vertices[0])
  }

  /// Run folders that do not fit.
  private func checkRuns(_ folder: String) throws {
    let (pose, identity) = ("set/id0_200.obj", "set/id1_201.obj")
    func fault(_ run: String, _ exitCode: Int32, _ names: String) throws {
      let tool = try Tool.run(Self.transfer(pose, identity, "no.obj", run: run), in: folder)
      #expect(tool.exitCode == exitCode)
      #expect(tool.errors.contains(names), "\(tool.errors)")
      #expect(tool.errors.split(separator: "\n").count == 3, "\(tool.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/no.obj"))
    }
    let configuration = folder + "/runs/tiny/config.yaml"
    let text = try String(contentsOfFile: configuration, encoding: .utf8)
    for (key, value, names) in [
      ("sinkhornTemperature", "0", "temperature is 0.0"), ("sinkhornIterations", "101", "101 iterations"),
      ("width", "3", "width is 2"),
    ] {
      let changed = text.replacing(/^(\s*)([A-Za-z]+): .*$/.anchorsMatchLineEndings()) {
        $0.2 == key ? "\($0.1)\(key): \(value)" : String($0.0)
      }
      #expect(changed != text)
      try write(changed, to: configuration)
      try fault("runs/tiny", 78, names)
    }
    try write(text, to: configuration)

    // Another model's run: what counts is what its checkpoint says.
    let path = URL(fileURLWithPath: folder + "/runs/tiny/checkpoints/best.safetensors")
    var checkpoint = try Safetensors(contentsOf: path)
    checkpoint.metadata["model"] = "pose2mesh"
    try checkpoint.write(to: path)
    try fault("runs/tiny", 78, "its checkpoint is of the model 'pose2mesh'")
    try write("cut short", to: path.path)
    try fault("runs/tiny", 65, "best.safetensors")
    try FileManager.default.removeItem(atPath: folder + "/runs/tiny/checkpoints")
    try fault("runs/tiny", 66, "holds no checkpoint")
    try fault("set", 66, "set is not a run folder")
  }

  // MARK: - Bad input

  struct Fault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let exitCode: Int32
    /// What the message must name.
    let names: String
    var mesh = sound
    var arguments = transfer("a.obj", "b.obj", "c.obj")
  }

  private static let sound = "v 0 0 0\nv 0 1.7 0\nv 0.5 0 0\nv 0 0 0.3\nf 1 2 3\nf 1 4 2\nf 2 4 3\nf 1 3 4\n"
  private static let points = "v 0 0 0\nv 0 1.7 0\nv 0.5 0 0\n"

  private static func ply(_ coordinate: String) -> String {
    """
    ply
    format ascii 1.0
    element vertex 3
    property float x
    property float y
    property float z
    element face 1
    property list uchar int vertex_indices
    end_header
    0 0 0
    0 \(coordinate) 0
    1 0 0
    3 0 1 2

    """
  }

  static let faults = [
    Fault(testDescription: "NaN", exitCode: 65, names: "b.obj:1: malformed OBJ", mesh: "v 0 nan 0\n" + sound),
    Fault(testDescription: "infinite", exitCode: 65, names: "no finite coordinate", mesh: "v 0 inf 0\n" + sound),
    Fault(testDescription: "beyond any number", exitCode: 65, names: "no finite", mesh: "v 0 1e999 0\n" + sound),
    Fault(
      testDescription: "NaN in PLY", exitCode: 65, names: "vertex 1 is (0.0, nan, 0.0), not finite", mesh: ply("nan"),
      arguments: transfer("a.obj", "b.ply", "c.obj")),
    Fault(testDescription: "no faces", exitCode: 65, names: "3 vertices and 0 faces are no surface", mesh: points),
    Fault(testDescription: "one vertex", exitCode: 65, names: "are no surface", mesh: "v 1 1 1\n"),
    Fault(testDescription: "empty", exitCode: 65, names: "b.obj: no vertices", mesh: ""),
    Fault(
      testDescription: "one place", exitCode: 65, names: "b.obj: all vertices of its faces, 3, lie at one place",
      mesh: "v 1 1 1\nv 1 1 1\nv 1 1 1\nv 9 9 9\nf 1 2 3\n"),
    Fault(
      testDescription: "face out of range", exitCode: 65, names: "names vertex 9, but there are 4",
      mesh: sound + "f 1 2 9\n"),
    Fault(
      testDescription: "no body's size", exitCode: 65, names: "b.obj: the longest side is 1.7e+07",
      mesh: points.replacingOccurrences(of: "1.7", with: "1.7e7") + "f 1 2 3\n"),
    Fault(
      testDescription: "no body's size in its unit", exitCode: 65, names: "b.obj: 0.0017 m long",
      arguments: transfer("a.obj", "b.obj", "c.obj", ["--identity-unit", "mm"])),
    Fault(
      testDescription: "pose too large", exitCode: 65, names: "a.obj: 170 m long",
      arguments: transfer("b.obj", "a.obj", "c.obj", ["--identity-unit", "m"])),
    Fault(
      testDescription: "missing pose", exitCode: 66, names: "no.obj: no such file",
      arguments: transfer("no.obj", "b.obj", "c.obj")),
    Fault(
      testDescription: "missing identity", exitCode: 66, names: "no.ply: no such file",
      arguments: transfer("a.obj", "no.ply", "c.obj")),
    Fault(
      testDescription: "unknown input", exitCode: 64, names: "a.stl: not the name of a mesh file",
      arguments: transfer("a.stl", "b.obj", "c.obj")),
    Fault(
      testDescription: "unknown output", exitCode: 64, names: "c.fbx: not the name of a mesh file",
      arguments: transfer("a.obj", "b.obj", "c.fbx")),
    Fault(
      testDescription: "unknown picture", exitCode: 64, names: "c.jpg: not the name of a picture",
      arguments: transfer("a.obj", "b.obj", "c.obj", ["--picture", "c.jpg"])),
    Fault(
      testDescription: "output is the identity", exitCode: 64, names: "./b.obj is the file of the mesh b.obj",
      arguments: transfer("a.obj", "b.obj", "./b.obj")),
    Fault(
      testDescription: "output is the pose, by a link", exitCode: 64, names: "link.obj is the file of the mesh a.obj",
      arguments: transfer("a.obj", "b.obj", "link.obj")),
    Fault(
      testDescription: "no folder for the output", exitCode: 73, names: "nowhere does not exist",
      arguments: transfer("a.obj", "b.obj", "nowhere/c.obj")),
    Fault(
      testDescription: "no run folder", exitCode: 66, names: "nowhere is not a run folder",
      arguments: transfer("a.obj", "b.obj", "c.obj", run: "nowhere")),
    Fault(
      testDescription: "no number of degrees", exitCode: 64, names: "--pose-turn nan",
      arguments: transfer("a.obj", "b.obj", "c.obj", ["--pose-turn", "nan"])),
  ]

  @Test(arguments: faults)
  func badInputIsNamedInThreeLines(fault: Fault) throws {
    try withTemporaryFolder { folder in
      // The pose mesh is in centimetres.
      try write(Self.sound.replacingOccurrences(of: "1.7", with: "170"), to: folder + "/a.obj")
      try write(fault.mesh, to: folder + "/b.obj")
      try write(fault.mesh, to: folder + "/b.ply")
      try FileManager.default.createSymbolicLink(atPath: folder + "/link.obj", withDestinationPath: "a.obj")
      func contents() throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix("streams") }
        return Dictionary(
          uniqueKeysWithValues: try names.map { ($0, try InputFile.read(URL(fileURLWithPath: "\(folder)/\($0)"))) })
      }
      let before = try contents()
      let tool = try Tool.run(fault.arguments, in: folder)
      #expect(tool.exitCode == fault.exitCode)
      #expect(tool.errors.contains(fault.names), "\(tool.errors)")
      let lines = tool.errors.split(separator: "\n")
      #expect(lines.count == 3 && lines[1].hasPrefix("  why:") && lines[2].hasPrefix("  mend:"), "\(tool.errors)")
      #expect(tool.output.isEmpty)
      #expect(try contents() == before)
    }
  }

  @Test(arguments: [["--pose-unit", "miles"], ["--identity-up", "x"], ["--seed", "-1"], ["--out"]])
  func flagsThatCannotBeReadAreUsageErrors(more: [String]) throws {
    try withTemporaryFolder { folder in
      let tool = try Tool.run(Self.transfer("a.obj", "b.obj", "c.obj", more), in: folder)
      #expect(tool.exitCode == 64)
      #expect(tool.errors.contains("Usage"))
    }
  }
}
