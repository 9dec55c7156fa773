import Compute
import FileFormats
import Foundation
import Geometry

/// The metadata of a Pose2Mesh reference file.
struct ReferenceConfiguration: Decodable {
  struct LossWeights: Decodable {
    let vertex, normal, edge, joint, lift: Double
  }
  struct Optimizer: Decodable {
    let name: String
    let lr, alpha, eps: Double
  }

  let joints: String
  let levels: Int
  let ordering: String
  // Absent from files that hold graphs only.
  let width: Int?
  let hidden: Int?
  let channels: [[Int]]?
  let dropout: Double?
  let lossWeights: LossWeights?
  let optimizer: Optimizer?
  let detachPose3d: Bool?
  let zeroGradientBiases: [String]?

  /// Reads the `config` entry of a file's metadata.
  init(metadata: OrderedMap<String>, file: String) throws {
    guard let text = metadata["config"] else {
      throw ComputeError(
        .data, what: "\(file): its metadata has no config",
        why: "the config says which network the tensors belong to", mend: "make the file with the reference program")
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      self = try decoder.decode(ReferenceConfiguration.self, from: Data(text.utf8))
    } catch {
      throw ComputeError(
        .data, what: "\(file): its config cannot be read", why: "\(error)",
        mend: "make the file with the reference program")
    }
  }

  func visitingOrder(file: String) throws -> VisitingOrder {
    guard let order = VisitingOrder(rawValue: ordering) else {
      throw ComputeError(
        .data, what: "\(file): unknown ordering '\(ordering)'",
        why: "vertices are visited in introsort or stable order",
        mend: "use ordering introsort or stable")
    }
    return order
  }

  func architecture(file: String) throws -> Pose2MeshArchitecture {
    guard let width, let hidden else {
      throw ComputeError(
        .data, what: "\(file): its config has no width or hidden size", why: "a network cannot be built without them",
        mend: "make the file with the reference program")
    }
    let architecture = Pose2MeshArchitecture(
      jointSet: try JointSet(named: joints), levels: levels, width: width, hidden: hidden, dropout: dropout ?? 0,
      detachesPose: detachPose3d ?? true)
    let plan = try architecture.channelPlan()
    if let channels, channels != plan {
      throw ComputeError(
        .data, what: "\(file): channels \(channels), this network has \(plan)",
        why: "the file was made for another channel plan", mend: "make the file with the reference program")
    }
    return architecture
  }

  var weights: Pose2MeshLossWeights {
    var weights = Pose2MeshLossWeights()
    if let given = lossWeights {
      weights.vertex = given.vertex
      weights.normal = given.normal
      weights.edge = given.edge
      weights.joint = given.joint
      weights.lift = given.lift
    }
    return weights
  }
}
