import FileFormats
import Foundation
import Testing

/// Multi-view synchronization by the command line: pre-training, transfer, evaluation, retrieval.
@Suite struct MultiViewSyncTests {
  private static let small = [
    "model.width=2", "data.imageSize=32", "data.takes.trainTakes=2", "data.takes.validationTakes=1",
    "data.takes.testTakes=1", "data.takes.takesPerSubject=1", "data.takes.seconds=4", "data.validationTuples=2",
    "data.validationPictures=2", "data.testPairs=2", "data.testSeconds=1", "data.leastPoseDifference=0",
    "data.scenes.trainFramesPerSecond=5",
  ]

  private static func train(_ task: String, _ name: String, _ more: [String] = []) -> [String] {
    let stage = task == "pretext" ? "pretraining" : "transfer"
    return ["train", "multiview-sync", "--task", task, "--body", "procedural", "--device", "cpu", "--name", name]
      + (small + ["\(stage).epochs=2", "\(stage).stepsPerEpoch=20", "\(stage).batch=2"]).flatMap { ["--set", $0] }
      + more
  }

  private func bytes(_ path: String) -> Data? { FileManager.default.contents(atPath: path) }

  @Test func fromPairsToPoses() throws {
    try withTemporaryFolder { folder in
      let whole = try Tool.run(Self.train("pretext", "pairs"), in: folder)
      try #require(whole.exitCode == 0, "\(whole.errors)")
      #expect(whole.output.contains("0.16 s") && whole.output.contains("not mirrored, %"))
      for file in ["config.yaml", "metrics.csv", "evaluation.json", "report.html"] {
        #expect(bytes(folder + "/runs/pairs/" + file) != nil, "\(file)")
      }

      // A run that stops goes on to the same bytes.
      let running = try Tool.start(Self.train("pretext", "parts"), in: folder)
      while bytes(folder + "/runs/parts/metrics.csv") == nil { usleep(1000) }
      running.interrupt()
      let interrupted = running.finish()
      #expect(interrupted.exitCode == 130, "\(interrupted.errors)")
      let resumed = try Tool.run(["train", "multiview-sync", "--resume", "runs/parts", "--device", "cpu"], in: folder)
      #expect(resumed.exitCode == 0, "\(resumed.errors)")
      let final = "/checkpoints/final.safetensors"
      #expect(try #require(bytes(folder + "/runs/parts" + final)) == bytes(folder + "/runs/pairs" + final))

      // Features are computed once and kept.
      for _ in 0..<2 {
        let found = try Tool.run(
          ["retrieve", "--run", "runs/pairs", "--queries", "2", "--every", "1", "--device", "cpu"], in: folder)
        #expect(found.exitCode == 0, "\(found.errors)")
        #expect(found.output.contains("same take, another camera (2 searches): found"))
        #expect(bytes(folder + "/runs/pairs/retrieval.png")?.starts(with: [0x89, 0x50, 0x4E, 0x47]) == true)
      }
      #expect(bytes(folder + "/runs/pairs/features.safetensors") != nil)

      // Probes on the run's recordings; so few tuples cannot tell a leak from chance, and either verdict is written.
      let check = ["data", "check-multiview", "--run", "runs/pairs", "--tuples", "40"]
      let checked = try Tool.run(check, in: folder)
      #expect(checked.output.contains("report: runs/pairs/report.html"), "\(checked.errors)")
      let page = try String(decoding: #require(bytes(folder + "/runs/pairs/report.html")), as: UTF8.self)
      #expect(page.contains("sync: movement") && page.contains("shared rooms"))
      let both = try Tool.run(check + ["--light", "camera"], in: folder)
      #expect(both.exitCode == 64 && both.errors.contains("--run with other flags"), "\(both.errors)")

      // The pose task takes the run's model and data, and leaves the frozen stages as they were.
      let poses = try Tool.run(Self.train("pose", "poses", ["--pretrained", "runs/pairs"]), in: folder)
      try #require(poses.exitCode == 0, "\(poses.errors)")
      #expect(poses.output.contains("mean of the labelled poses"))
      let before = try Safetensors(
        contentsOf: URL(fileURLWithPath: folder + "/runs/pairs/checkpoints/best.safetensors"))
      let after = try Safetensors(contentsOf: URL(fileURLWithPath: folder + "/runs/poses" + final))
      let name = "backbone.layer3.1.conv2.weight"
      #expect(after.tensors[name] != nil && after.tensors[name] == before.tensors[name])
      let other = try Tool.run(
        Self.train("pose", "wide", ["--pretrained", "runs/pairs", "--set", "model.width=3"]), in: folder)
      #expect(other.exitCode == 78 && other.errors.contains("model.width=2"), "\(other.errors)")

      let beside = try Tool.run(
        ["evaluate", "multiview-sync", "runs/poses", "--beside", "runs/poses", "--device", "cpu"], in: folder)
      #expect(beside.exitCode == 0, "\(beside.errors)")
      #expect(beside.output.components(separatedBy: "\nposes ").count == 3, "\(beside.output)")
      #expect(try Tool.run(["report", "runs/poses", "--device", "cpu"], in: folder).exitCode == 0)
      let wrong = try Tool.run(["retrieve", "--run", "runs/poses", "--device", "cpu"], in: folder)
      #expect(wrong.exitCode == 78, "\(wrong.errors)")
    }
  }

  @Test func badSettingsAreNamed() throws {
    try withTemporaryFolder { folder in
      for (arguments, code, text) in [
        (["--folder", "nowhere"], Int32(66), "nowhere"), (["--set", "data.imageSize=8"], 78, "data.imageSize is 8"),
        (["--pretrained", "weights.pth"], 66, "weights.pth"),
      ] {
        let tool = try Tool.run(
          ["train", "multiview-sync", "--task", "pretext", "--body", "procedural", "--device", "cpu"] + arguments,
          in: folder)
        #expect(tool.exitCode == code && tool.errors.contains(text), "\(arguments): \(tool.errors)")
      }
    }
  }
}
