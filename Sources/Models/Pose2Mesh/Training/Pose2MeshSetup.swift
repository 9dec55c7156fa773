import Compute
import Datasets
import Foundation
import Geometry
import Layers
import Training

/// The body, the samplers and the network that settings describe.
public struct Pose2MeshSetup {
  public let settings: Pose2MeshSettings
  public let body: BodyModel
  public let jointSet: JointSet
  public let hierarchy: GraphHierarchy
  public let training, validation, test: ProjectedBodySampler

  public init(_ settings: Pose2MeshSettings) throws {
    try settings.validate()
    self.settings = settings
    jointSet = try JointSet(named: settings.model.jointSet)
    body = try settings.data.body.load(
      vertices: settings.data.vertices, annyCache: URL(fileURLWithPath: settings.data.annyCache))
    hierarchy = try GraphHierarchy(
      of: body.templateMesh, levels: Self.levels(vertices: body.vertexCount), name: body.name)
    func poses(_ folder: String?, otherwise fallback: any PoseSource) throws -> any PoseSource {
      try folder.map { try MotionLibrary(folder: $0) } ?? fallback
    }
    let trainPoses = try poses(settings.data.motion, otherwise: PosePrior.train)
    let validationPoses = try poses(settings.data.validationMotion, otherwise: trainPoses)
    let testPoses = try poses(settings.data.evaluationMotion, otherwise: PosePrior.test)
    let (body, jointSet) = (body, jointSet)
    func sampler(_ poses: any PoseSource, _ split: ProjectedBodySampler.Split, addsError: Bool) throws
      -> ProjectedBodySampler
    {
      try ProjectedBodySampler(
        body: body, poses: poses, input: jointSet, split: split, seed: UInt64(settings.seed), addsError: addsError,
        mirrorsPoses: split == .train)
    }
    training = try sampler(trainPoses, .train, addsError: settings.data.addsError)
    validation = try sampler(validationPoses, .validation, addsError: false)
    test = try sampler(testPoses, .test, addsError: false)
  }

  /// Coarsenings for a mesh: so many that the coarsest graph that the network uses has about a hundred nodes, as in the
  /// published network of 9 levels for 6,890 vertices.
  static func levels(vertices: Int) -> Int {
    max(5, Int((log2(Double(vertices) / 6890) + 9).rounded()))
  }

  public var architecture: Pose2MeshArchitecture {
    Pose2MeshArchitecture(
      jointSet: jointSet, levels: hierarchy.levels.count, width: settings.model.width, hidden: settings.model.hidden,
      dropout: settings.model.dropout)
  }

  /// What a checkpoint of this network says about itself.
  public var identity: [String: String] {
    ["model": "pose2mesh", "joint_set": jointSet.name, "body": body.name]
  }

  public func network(on device: any Device) throws -> Pose2MeshNetwork {
    try Pose2MeshNetwork(architecture, hierarchy: hierarchy, on: device)
  }

  public func loss(on device: any Device) throws -> Pose2MeshLoss {
    Pose2MeshLoss(
      faces: body.faces, vertexCount: body.vertexCount, regressor: try body.jointRegressor(jointSet.target), .float32,
      on: device)
  }
}
