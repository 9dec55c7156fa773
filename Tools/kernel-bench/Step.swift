import ArgumentParser
import Compute
import Datasets
import Foundation
import Geometry
import Layers
import Pose2Mesh
import ToolSupport

/// `kernel-bench step MODEL`: whole training steps.
struct Step: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Time whole training steps of a model.", subcommands: [StepPose2Mesh.self])
}

/// `kernel-bench step pose2mesh`: stage 2 (PoseNet and MeshNet, all losses, RMSprop) on random targets.
struct StepPose2Mesh: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "pose2mesh")

  @Option(help: "Vertices of the body surface: 6890, 1722 or 432.")
  var vertices = 6890

  @Option(help: "Samples per step.")
  var batch = 16

  @Option(help: "The device: auto, cpu, opencl or opencl:N.")
  var device = "cpu"

  @Option(help: "MeshNet's base width; published: 64.")
  var width = 64

  @Option(help: "PoseNet's width; published: 4096.")
  var hidden = 4096

  @Option(help: "Coarsenings; published: 9.")
  var levels = 9

  @Option(help: "Steps that are timed, after one that is not.")
  var steps = 5

  @Flag(help: "One JSON line instead of text.")
  var json = false

  func run() throws {
    guard let surface = BodySurface(rawValue: vertices) else {
      throw ComputeError(
        .usage, what: "there is no surface of \(vertices) vertices", why: "the body comes in three sizes",
        mend: "pass 6890, 1722 or 432")
    }
    let result = try measure(surface, on: makeDevice(device))
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(result), as: UTF8.self))
    } else {
      print(result.text)
    }
  }

  private func measure(_ surface: BodySurface, on device: any Device) throws -> StepResult {
    let architecture = Pose2MeshArchitecture(jointSet: .human36, levels: levels, width: width, hidden: hidden)
    let hierarchy = try GraphHierarchy(faces: surface.faces, levels: levels)
    let network = try Pose2MeshNetwork(architecture, hierarchy: hierarchy, on: device)
    network.initialize(seed: 1)
    let loss = Pose2MeshLoss(
      faces: surface.faces, vertexCount: vertices, regressor: surface.jointRegressors["human36"]!, .float32, on: device)
    let trainer = Pose2MeshTrainer(network, loss, seed: 1)
    let shape = (batch: batch, vertices: vertices)
    let producer = BatchProducer { index in RandomBatch(index, batch: shape.batch, vertices: shape.vertices) }
    defer { producer.cancel() }

    var samples: [Double] = []
    var times = Pose2MeshTrainer.Times()
    var waited = 0.0
    var allocations = 0
    let clock = ContinuousClock()
    for step in 0...steps {
      if step == 1 {
        // The first step fills the pools and compiles kernels.
        times = .init()
        waited = producer.waitedSeconds
        allocations = device.memoryStatistics.systemAllocationCount
      }
      let start = clock.now
      let batch = try producer.next().uploaded(to: device)
      var parts: Pose2MeshTrainer.Times? = times
      _ = try trainer.cascadeStep(
        batch.pose2D, batch.targets, weights: Pose2MeshLossWeights(), learningRate: 1e-3, times: &parts)
      times = parts ?? times
      if step > 0 { samples.append((clock.now - start) / .seconds(1)) }
    }
    let count = Double(steps)
    return StepResult(
      device: device.information, batch: batch, vertices: vertices, width: width, hidden: hidden,
      levelSizes: hierarchy.levels.map(\.size), samples: samples, forward: times.forward / count,
      backward: times.backward / count, optimizer: times.optimizer / count,
      dataWait: (producer.waitedSeconds - waited) / count,
      newAllocations: device.memoryStatistics.systemAllocationCount - allocations)
  }
}

/// Targets of plausible size; what they are does not change the time of a step.
private struct RandomBatch: Sendable {
  let batch, vertices: Int
  let pose2D, mesh, joints: [Float]

  init(_ index: Int, batch: Int, vertices: Int) {
    var random = PhiloxGenerator(seed: 2, stream: UInt64(index))
    func values(_ count: Int, scale: Double) -> [Float] { (0..<count).map { _ in Float(scale * random.normal()) } }
    self.batch = batch
    self.vertices = vertices
    pose2D = values(batch * 17 * 2, scale: 1)
    mesh = values(batch * vertices * 3, scale: 0.5)
    joints = values(batch * 17 * 3, scale: 300)
  }

  func uploaded(to device: any Device) -> (pose2D: Tensor, targets: Pose2MeshTargets) {
    func tensor(_ values: [Float], _ shape: [Int]) -> Tensor { Tensor(values, [batch] + shape, .float32, on: device) }
    func ones(_ count: Int) -> Tensor { tensor([Float](repeating: 1, count: batch * count), [count, 1]) }
    return (
      tensor(pose2D, [17, 2]),
      Pose2MeshTargets(
        mesh: tensor(mesh, [vertices, 3]), meshValid: ones(vertices), joints: tensor(joints, [17, 3]),
        jointsValid: ones(17), lift: tensor(joints, [17, 3]), liftValid: ones(17))
    )
  }
}

/// What one run of `kernel-bench step` found.
private struct StepResult: Encodable {
  let model = "pose2mesh"
  let device, deviceName, driver: String
  let batch, vertices, width, hidden: Int
  let levelSizes: [Int]
  let medianSeconds: Double
  let trainSteps: [Double]
  let forward, backward, optimizer, dataWait: Double
  /// The high-water mark of the process's resident memory.
  let peakResidentBytes: Int
  /// Requests to the system for device memory after the first step: 0 when the pools serve everything.
  let newAllocations: Int

  enum CodingKeys: String, CodingKey {
    case model, device, driver, batch, vertices, width, hidden
    case deviceName = "device_name"
    case levelSizes = "level_sizes"
    case medianSeconds = "median_s"
    case trainSteps = "train_steps"
    case forward = "forward_s"
    case backward = "backward_s"
    case optimizer = "optimizer_s"
    case dataWait = "data_wait_s"
    case peakResidentBytes = "peak_rss_bytes"
    case newAllocations = "new_allocations_after_first_step"
  }

  init(
    device: DeviceInformation, batch: Int, vertices: Int, width: Int, hidden: Int, levelSizes: [Int],
    samples: [Double], forward: Double, backward: Double, optimizer: Double, dataWait: Double, newAllocations: Int
  ) {
    self.device = device.identifier
    deviceName = device.name
    driver = device.driver
    self.batch = batch
    self.vertices = vertices
    self.width = width
    self.hidden = hidden
    self.levelSizes = levelSizes
    medianSeconds = samples.sorted()[samples.count / 2]
    trainSteps = samples
    self.forward = forward
    self.backward = backward
    self.optimizer = optimizer
    self.dataWait = dataWait
    self.newAllocations = newAllocations
    peakResidentBytes = peakResidentMemory()
  }

  var text: String {
    func seconds(_ value: Double) -> String { String(format: "%.3f s", value) }
    return """
      \(model) on \(deviceName): batch \(batch), \(vertices) vertices, width \(width), hidden \(hidden)
      median \(seconds(medianSeconds)) of \(trainSteps.count) steps, peak memory \(peakResidentBytes >> 20) MiB
      forward \(seconds(forward)), backward \(seconds(backward)), optimiser \(seconds(optimizer)), \
      data wait \(seconds(dataWait))
      new allocations after the first step: \(newAllocations)
      """
  }
}

/// VmHWM of this process in bytes: unlike getrusage's figure it does not survive exec.
private func peakResidentMemory() -> Int {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
  return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 } ?? 0
}
