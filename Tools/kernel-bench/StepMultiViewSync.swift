import ArgumentParser
import Compute
import Geometry
import Layers
import MultiViewSync
import ToolSupport
import Training

/// `kernel-bench step multiview-sync`: forward, losses, backward and AdamW, on random pictures.
struct StepMultiViewSync: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "multiview-sync")

  @Option(
    help: "pretext: four pictures a tuple, everything is trained; pose: stem and three stages are frozen.",
    transform: Self.task(named:))
  var task = MultiViewSyncSettings.Task.pretext

  @Option(help: "Height and width of the pictures; published: 256.")
  var imageSize = 128

  @Option(help: "Tuples (pretext) or pictures (pose) per step.")
  var batch = 8

  @Option(help: "resnet18 or resnet50.", transform: Self.backbone(named:))
  var arch = Backbone.resnet18

  @Option(help: "Channels of the first convolution; published: 64.")
  var width = 64

  @OptionGroup var options: StepOptions

  private static func task(named name: String) throws -> MultiViewSyncSettings.Task {
    guard let task = MultiViewSyncSettings.Task(rawValue: name) else {
      throw ValidationError("'\(name)' is no task; use pretext or pose")
    }
    return task
  }

  private static func backbone(named name: String) throws -> Backbone {
    guard let backbone = Backbone(rawValue: name) else {
      throw ValidationError("'\(name)' is no backbone; use resnet18 or resnet50")
    }
    return backbone
  }

  func run() throws {
    guard imageSize >= 32, batch > 0 else {
      throw ComputeError(
        .usage, what: "batches of \(batch) at \(imageSize) pixels",
        why: "five halvings of a picture must leave something",
        mend: "use 32 pixels or more and a batch of 1 or more")
    }
    let device = try makeDevice(options.device)
    try options.measure(
      "multiview-sync",
      settings: [
        "task": task.rawValue, "arch": arch.rawValue, "batch": "\(batch)", "image_size": "\(imageSize)",
        "width": "\(width)",
      ], on: device, step: step(on: device))
  }

  private func step(on device: any Device) throws -> (inout StepTimes?) throws -> Void {
    let architecture = MultiViewSyncArchitecture(arch, width: width)
    switch task {
    case .pretext:
      let network = try PretextNetwork(architecture, on: device)
      network.initialize(seed: 1)
      let trainer = PretextTrainer(network)
      let pictures = random([4 * batch, imageSize, imageSize, 3], on: device)
      let pairs = [(0, 1), (1, 2), (0, 3)].flatMap { first, second in
        (0..<batch).map { (first * batch + $0, second * batch + $0) }
      }
      let batchPairs = PicturePairs(pairs, pictures: 4 * batch, on: device)
      let targets = PretextTargets(tuples: batch, .float32, on: device)
      return { times in
        _ = try trainer.step(
          pictures, batchPairs, targets, learningRate: 1e-4, initialRate: 1e-4, times: &times)
      }
    case .pose:
      let network = try PoseNetwork(architecture, frozenStages: 3, on: device)
      network.initialize(seed: 1)
      let trainer = PoseTrainer(network)
      let pictures = random([batch, imageSize, imageSize, 3], on: device)
      let target = random([batch, MultiViewSyncArchitecture.poseValues], on: device)
      return { times in
        _ = try trainer.step(pictures, target: target, learningRate: 1e-4, initialRate: 1e-4, times: &times)
      }
    }
  }

  /// What the pictures show does not change the time of a step.
  private func random(_ shape: [Int], on device: any Device) -> Tensor {
    var random = PhiloxGenerator(seed: 2, stream: UInt64(shape.count))
    return Tensor((0..<shape.reduce(1, *)).map { _ in Float(random.normal()) }, shape, .float32, on: device)
  }
}
