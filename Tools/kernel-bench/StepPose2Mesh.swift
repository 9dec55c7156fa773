import ArgumentParser
import Compute
import Datasets
import Foundation
import Geometry
import Layers
import Pose2Mesh
import ToolSupport

/// `kernel-bench step pose2mesh`: stage 2 (PoseNet and MeshNet, all losses, RMSprop) on random targets.
struct StepPose2Mesh: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "pose2mesh")

  @Option(help: "Vertices of the body surface: 6890, 1722 or 432.")
  var vertices = 6890

  @Option(help: "Samples per step.")
  var batch = 16

  @Option(help: "MeshNet's base width; published: 64.")
  var width = 64

  @Option(help: "PoseNet's width; published: 4096.")
  var hidden = 4096

  @Option(help: "Coarsenings; published: 9.")
  var levels = 9

  @OptionGroup var options: StepOptions

  func run() throws {
    guard let surface = BodySurface(rawValue: vertices) else {
      throw ComputeError(
        .usage, what: "there is no surface of \(vertices) vertices", why: "the body comes in three sizes",
        mend: "pass 6890, 1722 or 432")
    }
    try measure(surface, on: makeDevice(options.device))
  }

  private func measure(_ surface: BodySurface, on device: any Device) throws {
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

    try options.measure(
      "pose2mesh",
      settings: [
        "batch": "\(self.batch)", "vertices": "\(vertices)", "width": "\(width)", "hidden": "\(hidden)",
        "level_sizes": "\(hierarchy.levels.map(\.size))",
      ], on: device, waited: { producer.waitedSeconds },
      step: { times in
        let batch = try producer.next().uploaded(to: device)
        _ = try trainer.cascadeStep(
          batch.pose2D, batch.targets, weights: Pose2MeshLossWeights(), learningRate: 1e-3, times: &times)
      })
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
