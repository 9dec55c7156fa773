import Foundation
import Testing

@Suite struct DataExportTests {
  private let export = [
    "data", "export", "--format", "npt", "--body", "procedural", "--identities", "2", "--poses", "2",
    "--test-identities", "1", "--test-poses", "2", "--test-pairs", "3", "--out", "set",
  ]

  @Test func aSetIsWritten() throws {
    try withTemporaryFolder { folder in
      let tool = try Tool.run(export, in: folder)
      #expect(tool.exitCode == 0, "\(tool.errors)")
      #expect(tool.output.contains("wrote 6 meshes to set"))
      let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/set").sorted()
      #expect(
        names == [
          "human_test_list", "id0_200.obj", "id0_201.obj", "id1_200.obj", "id1_201.obj", "id2_202.obj", "id2_203.obj",
        ])
      let list = try String(contentsOfFile: folder + "/set/human_test_list", encoding: .utf8)
      #expect(list.split(separator: "\n").count == 3)
      // The same command gives the same bytes; another seed other people.
      let mesh = try Data(contentsOf: URL(fileURLWithPath: folder + "/set/id1_201.obj"))
      try Tool.run(export.dropLast() + ["again"], in: folder)
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/again/id1_201.obj")) == mesh)
      try Tool.run(export.dropLast() + ["other", "--seed", "2"], in: folder)
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/other/id1_201.obj")) != mesh)
    }
  }

  @Test(arguments: [
    (["--poses", "0"], Int32(64), "--poses 0"), (["--body", "cow"], 64, "cow"), (["--body", "anny"], 66, "Anny"),
    (["--motion", "nowhere"], 66, "nowhere"), (["--evaluation-motion", "clips"], 64, "without --motion"),
    (["--out", "file"], 73, "exists already"),
    (["--body", "anny", "--vertices", "7"], 78, "7 vertices"),
  ])
  func faultsAreNamedInThreeLines(arguments: [String], exitCode: Int32, names: String) throws {
    try withTemporaryFolder { folder in
      try write("a file", to: folder + "/file")
      let tool = try Tool.run(export + arguments, in: folder)
      #expect(tool.exitCode == exitCode)
      #expect(tool.errors.contains(names), "\(tool.errors)")
      #expect(tool.errors.split(separator: "\n").count == 3, "\(tool.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/set"))
    }
  }
}
