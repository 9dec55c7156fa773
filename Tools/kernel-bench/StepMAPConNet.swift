import ArgumentParser
import Compute
import Datasets
import Geometry
import Layers
import MAPConNet
import ToolSupport

/// `kernel-bench step mapconnet`: all passes, all losses and Adam, on bodies with shuffled vertices.
struct StepMAPConNet: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "mapconnet")

  @Option(help: "supervised or unsupervised.", transform: Self.mode(named:))
  var mode = MAPConNetMode.supervised

  @Option(help: "Vertices of the body surface: 6890, 1722 or 432.")
  var vertices = 6890

  @Option(help: "Samples per step.")
  var batch = 2

  @Option(help: "Base width; published: 64.")
  var width = 64

  @Flag(help: "Apply every linear map on its own instead of folding those in a row.")
  var unfolded = false

  @Flag(help: "3D-CoreNet, the supervised baseline.")
  var corenet = false

  @OptionGroup var options: StepOptions

  private static func mode(named name: String) throws -> MAPConNetMode {
    guard let mode = MAPConNetMode(rawValue: name) else {
      throw ValidationError("'\(name)' is no mode; use supervised or unsupervised")
    }
    return mode
  }

  func run() throws {
    guard let surface = BodySurface(rawValue: vertices) else {
      throw ComputeError(
        .usage, what: "there is no surface of \(vertices) vertices", why: "the body comes in three sizes",
        mend: "pass 6890, 1722 or 432")
    }
    let device = try makeDevice(options.device)
    let network = try MAPConNetNetwork(
      corenet ? .coreNet(width: width) : MAPConNetArchitecture(width: width), folds: !unfolded, on: device)
    network.initialize(seed: 1)
    let trainer = MAPConNetTrainer(network, loss: corenet ? .coreNet : MAPConNetLossSettings())
    let batch = randomBatch(surface, on: device)
    try options.measure(
      corenet ? "corenet" : "mapconnet",
      settings: [
        "mode": mode.rawValue, "batch": "\(self.batch)", "vertices": "\(vertices)", "width": "\(width)",
        "folds": "\(!unfolded)",
      ], on: device
    ) { times in
      _ = try trainer.step(batch, mode, learningRate: 1e-4, times: &times)
    }
  }

  /// Points of plausible size over real faces; what they are does not change the time of a step.
  private func randomBatch(_ surface: BodySurface, on device: any Device) -> MAPConNetBatch {
    var random = PhiloxGenerator(seed: 2, stream: 0)
    func points() -> Tensor {
      Tensor(
        (0..<batch * vertices * 3).map { _ in Float(0.3 * random.normal()) }, [batch, vertices, 3], .float32,
        on: device)
    }
    func faces() -> MeshFaces {
      MeshFaces(
        (0..<batch).map { _ in
          let places = (0..<Int32(vertices)).shuffled(using: &random)
          return surface.faces.map { SIMD3(places[Int($0.x)], places[Int($0.y)], places[Int($0.z)]) }
        }, vertexCount: vertices, on: device)
    }
    return MAPConNetBatch(
      identityPoints: points(), posePoints: points(), identityFaces: faces(), poseFaces: faces(),
      target: mode == .supervised ? points() : nil, secondPose: mode == .unsupervised ? points() : nil)
  }
}
