import Foundation
import Testing

/// Weights leave a run and come back, on the command line.
@Suite struct CheckpointTests {
  private let network = ["--folder", "meshes", "--set", "model.width=2"]
  private let run: [String] = [
    ("data.ranges.trainIdentities", "0-1"), ("data.ranges.trainPoses", "0-2"), ("data.ranges.testIdentities", "2"),
    ("data.ranges.testPoses", "0-2"), ("data.validationPairs", "1"), ("data.testPairs", "1"), ("training.epochs", "1"),
    ("training.stepsPerEpoch", "1"), ("training.batch", "1"),
  ].flatMap { ["--set", "\($0)=\($1)"] }

  /// Nine strips of triangles, so small that a run takes no time.
  private func writeMeshes(to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for mesh in 0..<9 {
      let vertices = (0..<12).map { "v \($0 % 5).\(mesh) \($0 * $0 % 7).\($0 * mesh % 10) \($0)\n" }
      let faces = (1...10).map { "f \($0) \($0 + 1) \($0 + 2)\n" }
      try write((vertices + faces).joined(), to: folder + "/id\(mesh / 3)_\(mesh % 3).obj")
    }
  }

  private func train(_ name: String) -> [String] {
    ["train", "mapconnet", "--device", "cpu", "--name", name] + network + run
  }

  @Test func weightsGoOutAndComeBack() throws {
    try withTemporaryFolder { folder in
      try writeMeshes(to: folder + "/meshes")
      let trained = try Tool.run(train("first"), in: folder)
      #expect(trained.exitCode == 0, "\(trained.errors)")
      let whole = try Tool.run(["checkpoint", "export", "runs/first", "--out", "w.safetensors"], in: folder)
      #expect(whole.exitCode == 0 && whole.output == "w.safetensors\n", "\(whole.errors)")
      let split = try Tool.run(["checkpoint", "export", "runs/first", "--out", "w", "--split"], in: folder)
      #expect(split.output == "w_net_G.safetensors\nw_net_Corr.safetensors\n", "\(split.errors)")

      // Imported, they measure as the run they came from; report goes with them.
      let weights = ["--weights", "w_net_G.safetensors,w_net_Corr.safetensors"]
      let imported = try Tool.run(["checkpoint", "import", "--name", "back"] + weights + network + run, in: folder)
      #expect(imported.exitCode == 0 && imported.output.hasPrefix("runs/back: "), "\(imported.errors)")
      let tables = try ["first", "back"].map {
        try Tool.run(["evaluate", "mapconnet", "runs/\($0)", "--device", "cpu"], in: folder).output
      }
      #expect(tables[0] == tables[1] && tables[0].contains("untrained network"))
      #expect(try Tool.run(["report", "runs/back", "--device", "cpu"], in: folder).exitCode == 0)

      // The flag is a setting like others.
      let settings = try Tool.run(["train", "mapconnet", "--print-config"] + weights, in: folder)
      #expect(settings.output.contains("  weights: [\"w_net_G.safetensors\", \"w_net_Corr.safetensors\"]\n"))
    }
  }

  /// What cannot be read or does not fit leaves no run behind.
  @Test func badWeightsAreNamed() throws {
    try withTemporaryFolder { folder in
      try writeMeshes(to: folder + "/meshes")
      try write("PK\u{3}\u{4}", to: folder + "/latest_net_G.pth")
      func fault(_ arguments: [String]) throws -> Tool {
        let tool = try Tool.run(arguments + network + run, in: folder)
        #expect(tool.errors.split(separator: "\n").count == 3, "\(tool.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder + "/runs"))
        return tool
      }
      for command in [["train", "mapconnet", "--device", "cpu"], ["checkpoint", "import"]] {
        let pth = try fault(command + ["--weights", "latest_net_G.pth"])
        #expect(pth.exitCode == 65, "\(pth.errors)")
        #expect(pth.errors.contains("latest_net_G.pth: not a complete zip archive"))
        #expect(try fault(command + ["--weights", "nowhere"]).exitCode == 66)
      }
      #expect(try fault(["checkpoint", "import"]).exitCode == 64)
      #expect(try Tool.run(["checkpoint", "export", "nowhere", "--out", "x"], in: folder).exitCode == 66)
    }
  }
}
