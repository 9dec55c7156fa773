import Compute
import FileFormats
import Testing

@testable import Training

@Suite struct CheckpointTests {
  private static let contract = CheckpointContract(
    identity: ["model": "toy", "joint_set": "human36"],
    tensors: [
      "w.weight": .init(.float32, [2, 3]), "w.bias": .init(.float32, [2]), "bn.count": .init(.int64, []),
    ])

  private static func fitting() -> Checkpoint {
    Checkpoint(
      metadata: ["model": "toy", "joint_set": "human36", "training": "{}"],
      tensors: [
        "w.weight": HostTensor([Float](repeating: 1, count: 6), shape: [2, 3]),
        "w.bias": HostTensor([Float](repeating: 1, count: 2), shape: [2]),
        "bn.count": HostTensor([Int64(3)], shape: []),
      ], source: "a.safetensors")
  }

  @Test func aFittingCheckpointPasses() throws {
    var checkpoint = Self.fitting()
    try Self.contract.validate(checkpoint)
    checkpoint.tensors["optimizer/mean_square"] = HostTensor([Float(0)], shape: [1])
    checkpoint.tensors["w.bias"] = HostTensor([1.0, 2.0], shape: [2])  // double converts
    try Self.contract.validate(checkpoint)
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (inout Checkpoint) -> Void
    let message: String

    init(_ name: String, _ message: String, _ change: @escaping @Sendable (inout Checkpoint) -> Void) {
      testDescription = name
      self.message = message
      self.change = change
    }
  }

  static let faults = [
    Fault("missing tensor", "w.bias is missing") { $0.tensors["w.bias"] = nil },
    Fault("wrong shape", "w.weight has shape [3, 2], expected [2, 3]") {
      $0.tensors["w.weight"] = HostTensor([Float](repeating: 1, count: 6), shape: [3, 2])
    },
    Fault("unknown tensor", "w.extra is unknown") { $0.tensors["w.extra"] = HostTensor([Float(1)], shape: [1]) },
    Fault("wrong type", "bn.count holds F32, expected I64") {
      $0.tensors["bn.count"] = HostTensor([Float(1)], shape: [])
    },
    Fault("wrong model", "model is other, expected toy") { $0.metadata["model"] = "other" },
    Fault("no model", "model is not given, expected toy") { $0.metadata["model"] = nil },
    Fault("wrong joint set", "joint_set is coco, expected human36") { $0.metadata["joint_set"] = "coco" },
  ]

  @Test(arguments: faults)
  func aFaultIsNamed(fault: Fault) {
    var checkpoint = Self.fitting()
    fault.change(&checkpoint)
    let error = #expect(throws: ComputeError.self) { try Self.contract.validate(checkpoint) }
    #expect(error?.kind == .configuration)
    #expect(error?.why == fault.message)
    #expect(error?.what.contains("a.safetensors") == true)
  }

  @Test func severalFaultsAreAllListed() {
    let error = #expect(throws: ComputeError.self) { try Self.contract.validate(Checkpoint()) }
    #expect(error?.why.split(separator: ";").count == 5)
  }

  @Test func writtenCheckpointsReadBackTheSame() throws {
    try withTemporaryFolder { folder in
      let checkpoint = Self.fitting()
      try checkpoint.write(to: folder + "/a.safetensors")
      let read = try Checkpoint(path: folder + "/a.safetensors")
      #expect(read.tensors.count == 3)
      for (name, tensor) in checkpoint.tensors { #expect(read.tensors[name] == tensor) }
      #expect(read.metadata == checkpoint.metadata)
    }
  }

  @Test func aCheckpointForPredictionCannotBeResumed() {
    var checkpoint = Self.fitting()
    checkpoint.metadata["training"] = nil
    let error = #expect(throws: ComputeError.self) { try LoopState(of: checkpoint) }
    #expect(error?.kind == .configuration)
  }
}
