import Datasets
import Foundation
import Geometry
import Layers
import Training

/// The data and the network that settings describe.
public struct MAPConNetSetup: Sendable {
  public let settings: MAPConNetSettings
  public let source: any PoseTransferSource
  /// Training's stages, the coarse one first where there is one.
  let stages: [MAPConNetStage]
  public let validation, test: PoseTransferEvaluationSet

  public init(_ settings: MAPConNetSettings) throws {
    try settings.validate()
    self.settings = settings
    let seed = UInt64(settings.seed)
    let sources = try Self.sources(settings, seed: seed)
    source = sources.fine
    stages =
      try
      (sources.coarse.map { [try MAPConNetStage("coarse", settings.coarse, of: $0, settings, isFirstOfTwo: true)] }
      ?? []) + [MAPConNetStage("training", settings.training, of: source, settings)]
    test = PoseTransferEvaluationSet(
      source, pairs: try source.pairs(of: .test, count: settings.data.testPairs, seed: seed), seed: seed)
    // Published sets have no validation split; training meshes choose the best checkpoint there, never test meshes.
    let hasValidation = !source.range(.validation).identities.isEmpty && !source.range(.validation).poses.isEmpty
    validation = PoseTransferEvaluationSet(
      source,
      pairs: try source.pairs(
        of: hasValidation ? .validation : .train, count: settings.data.validationPairs, seed: seed), seed: seed)
  }

  /// The meshes of full size, and those of the coarse stage: the same people in the same poses.
  private static func sources(
    _ settings: MAPConNetSettings, seed: UInt64
  ) throws -> (fine: any PoseTransferSource, coarse: (any PoseTransferSource)?) {
    let data = settings.data
    if let folder = data.folder {
      let folder = try NPTFolder(
        URL(fileURLWithPath: folder), layout: data.ranges.layout(section: "data.ranges"),
        testList: data.testList.map { URL(fileURLWithPath: $0) })
      return (folder, nil)
    }
    let identities = SplitCounts(
      train: data.identities, validation: data.validationIdentities, test: data.testIdentities)
    let counts = SplitCounts(train: data.poses, validation: data.validationPoses, test: data.testPoses)
    let poses =
      try data.motion.map {
        try NumberedPoses(
          counts, of: MotionLibrary(folder: $0), test: data.evaluationMotion.map { try MotionLibrary(folder: $0) })
      } ?? NumberedPoses(counts, seed: seed)
    func bodies(vertices: Int) throws -> PosedBodies {
      let body = try data.body.load(vertices: vertices, annyCache: URL(fileURLWithPath: data.annyCache))
      return PosedBodies(body: body, identities: identities, poses: poses, seed: seed)
    }
    return (
      try bodies(vertices: data.vertices),
      settings.hasCoarseStage ? try bodies(vertices: data.coarseVertices) : nil
    )
  }

  /// What a checkpoint of this network says about itself.
  public var identity: [String: String] { settings.identity }

  public var modelName: String { settings.modelName }

  /// The network as it is before the first step. Its power iterations have settled: without, its weights would be
  /// divided by numbers near 0.
  public func untrainedNetwork(on device: any Device) throws -> MAPConNetNetwork {
    let network = try initializedNetwork(on: device)
    for _ in 0..<8 { network.refinement.iteratePowers(ForwardPass(network.parameters, isTraining: true)) }
    return network
  }

  /// The network with which training begins.
  func initializedNetwork(on device: any Device) throws -> MAPConNetNetwork {
    let network = try network(on: device)
    network.initialize(
      seed: UInt64(settings.seed), start: settings.model.start, spectral: settings.model.spectralInitialization)
    return network
  }

  /// The network without parameters.
  public func network(on device: any Device) throws -> MAPConNetNetwork {
    try MAPConNetNetwork(settings.architecture, on: device)
  }
}

extension MAPConNetBatch {
  /// Moves a host batch to a device.
  init(_ batch: PoseTransferBatch, edges average: EdgeAverage, on device: any Device) {
    func points(_ values: [Float]) -> Tensor {
      Tensor(values, [batch.count, values.count / (3 * batch.count), 3], .float32, on: device)
    }
    func faces(_ corners: [Int32], of points: [Float]) -> MeshFaces {
      let each = corners.count / batch.count
      let lists = (0..<batch.count).map { triangles(Array(corners[$0 * each..<($0 + 1) * each])) }
      return MeshFaces(lists, vertexCount: points.count / (3 * batch.count), average: average, on: device)
    }
    self.init(
      identityPoints: points(batch.identityPoints), posePoints: points(batch.posePoints),
      identityFaces: faces(batch.facesIdentity, of: batch.identityPoints),
      poseFaces: faces(batch.facesPose, of: batch.posePoints), target: batch.groundTruth.map(points),
      secondPose: batch.posePoints2.map(points))
  }
}
