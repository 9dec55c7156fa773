import Foundation
import Testing

/// Whole runs of the command line, on a network so small that they take seconds.
@Suite struct RunTests {
  private static func train(_ name: String, epochs: Int = 1, steps: Int = 2) -> [String] {
    [
      "train", "pose2mesh", "--body", "procedural", "--device", "cpu", "--name", name, "--set", "model.width=2",
      "--set",
      "model.hidden=4", "--set", "lift.epochs=1", "--set", "lift.stepsPerEpoch=\(steps)", "--set", "lift.batch=2",
      "--set", "cascade.epochs=\(epochs)", "--set", "cascade.stepsPerEpoch=\(steps)", "--set", "cascade.batch=2",
      "--set",
      "data.evaluationSamples=2", "--set", "data.baselineSamples=32",
    ]
  }

  private func bytes(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }

  @Test func aRunThatIsInterruptedContinuesToTheSameBytes() throws {
    try withTemporaryFolder { folder in
      let whole = try Tool.run(Self.train("whole", epochs: 3, steps: 20), in: folder)
      #expect(whole.exitCode == 0, "\(whole.errors)")
      for file in ["config.yaml", "metrics.csv", "log.txt", "evaluation.json", "report.html"] {
        #expect(FileManager.default.fileExists(atPath: folder + "/runs/whole/" + file), "\(file)")
      }

      let running = try Tool.start(Self.train("parts", epochs: 3, steps: 20), in: folder)
      // The metrics file is written when training begins, its second line after the first epoch.
      while bytes(folder + "/runs/parts/metrics.csv") == nil { usleep(1000) }
      running.interrupt()
      let interrupted = running.finish()
      #expect(interrupted.exitCode == 130, "\(interrupted.errors)")
      #expect(interrupted.errors.contains("--resume runs/parts"))

      let resumed = try Tool.run(["train", "pose2mesh", "--resume", "runs/parts", "--device", "cpu"], in: folder)
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
      for name in ["latest", "best", "final"] {
        let file = "/checkpoints/\(name).safetensors"
        let expected = try #require(bytes(folder + "/runs/whole" + file))
        #expect(bytes(folder + "/runs/parts" + file) == expected, "\(name)")
      }

      // The trained network makes a mesh and a picture of any pose of its joints.
      let points = (0..<17).map { "\(100 + $0 * 7 % 40), \(50 + 20 * $0), 0.9" }.joined(separator: ", ")
      try write(
        "[{\"image_id\": 1, \"category_id\": 1, \"keypoints\": [\(points)], \"score\": 1}]", to: folder + "/k.json")
      let predicted = try Tool.run(
        [
          "predict", "pose2mesh", "--run", "runs/whole", "--joint-set", "human36", "--keypoints", "k.json", "--device",
          "cpu",
        ],
        in: folder)
      #expect(predicted.exitCode == 0, "\(predicted.errors)")
      let mesh = String(decoding: try #require(bytes(folder + "/predictions/pose-1.obj")), as: UTF8.self)
      #expect(mesh.split(separator: "\n").count { $0.hasPrefix("v ") } == 1618)
      #expect(bytes(folder + "/predictions/pose-1.png")?.starts(with: [0x89, 0x50, 0x4E, 0x47]) == true)

      // A run is not overwritten, and a resumed one takes its own settings.
      #expect(try Tool.run(Self.train("whole"), in: folder).exitCode == 73)
      #expect(
        try Tool.run(["train", "pose2mesh", "--resume", "runs/whole", "--seed", "2"], in: folder).exitCode == 64)

      // The same run with another joint set: the checkpoint no longer fits.
      let configuration = folder + "/runs/whole/config.yaml"
      let text = String(decoding: try #require(bytes(configuration)), as: UTF8.self)
      try write(text.replacingOccurrences(of: "human36", with: "coco"), to: configuration)
      let mismatch = try Tool.run(["evaluate", "pose2mesh", "runs/whole", "--device", "cpu"], in: folder)
      #expect(mismatch.exitCode == 78)
      #expect(mismatch.errors.contains("joint_set is human36, expected coco"), "\(mismatch.errors)")
      try write(text, to: configuration)
      try write("cut short", to: folder + "/runs/whole/checkpoints/best.safetensors")
      #expect(try Tool.run(["evaluate", "pose2mesh", "runs/whole", "--device", "cpu"], in: folder).exitCode == 65)
    }
  }

  /// A file size limit stands in for a full disk: writes beyond it fail with EFBIG.
  @Test func aFullDiskLeavesNoHalfFile() throws {
    try withTemporaryFolder { folder in
      // Blocks of 512 bytes in sh: enough for the settings, not for a checkpoint.
      let tool = try Tool.run(Self.train("full"), in: folder, limits: "ulimit -f 16")
      #expect(tool.exitCode == 73, "\(tool.errors)")
      #expect(tool.errors.contains("full"), "\(tool.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/runs/full/checkpoints").isEmpty)
    }
  }

  @Test func theDoctorFindsTheProcessorSound() throws {
    try withTemporaryFolder { folder in
      let tool = try Tool.run(["doctor", "--device", "cpu"], in: folder)
      #expect(tool.exitCode == 0)
      #expect(tool.output.split(separator: "\n").count == 16)
      #expect(!tool.output.contains("WRONG"))
    }
  }

  @Test func devicesListTheProcessor() throws {
    try withTemporaryFolder { folder in
      let tool = try Tool.run(["devices"], in: folder)
      #expect(tool.exitCode == 0)
      #expect(tool.output.hasPrefix("cpu "))
    }
  }

  @Test func allSettingsArePrintedAndReadBack() throws {
    try withTemporaryFolder { folder in
      let first = try Tool.run(["train", "pose2mesh", "--print-config", "--seed", "7"], in: folder)
      #expect(first.output.contains("seed: 7\n"))
      try write(first.output, to: folder + "/a.yaml")
      let second = try Tool.run(["train", "pose2mesh", "--print-config", "--config", "a.yaml"], in: folder)
      #expect(second.output == first.output)
    }
  }
}
