import Datasets
import Foundation
import Geometry
import Layers
import Training

/// The data and the network that settings describe.
public struct MAPConNetSetup: Sendable {
  public let settings: MAPConNetSettings
  public let source: any PoseTransferSource
  let sampler: PoseTransferSampler
  public let validation, test: PoseTransferEvaluationSet

  public init(_ settings: MAPConNetSettings) throws {
    try settings.validate()
    self.settings = settings
    let seed = UInt64(settings.seed)
    let source = try Self.source(settings.data, seed: seed)
    self.source = source
    sampler = try PoseTransferSampler(
      source, percentage: settings.data.labelled, usesUnlabelled: settings.data.usesUnlabelled,
      pairsPerEpoch: settings.training.stepsPerEpoch * settings.training.batch, batchSize: settings.training.batch,
      seed: seed)
    test = PoseTransferEvaluationSet(
      source, pairs: try source.pairs(of: .test, count: settings.data.testPairs, seed: seed), seed: seed)
    // Published sets have no validation split; training meshes choose the best checkpoint there, never test meshes.
    let hasValidation = !source.range(.validation).identities.isEmpty && !source.range(.validation).poses.isEmpty
    validation = PoseTransferEvaluationSet(
      source,
      pairs: try source.pairs(
        of: hasValidation ? .validation : .train, count: settings.data.validationPairs, seed: seed), seed: seed)
  }

  private static func source(_ data: MAPConNetSettings.Data, seed: UInt64) throws -> any PoseTransferSource {
    if let folder = data.folder { return try NPTFolder(URL(fileURLWithPath: folder)) }
    let body = try data.body.load(vertices: data.vertices, annyCache: URL(fileURLWithPath: data.annyCache))
    let identities = SplitCounts(
      train: data.identities, validation: data.validationIdentities, test: data.testIdentities)
    let counts = SplitCounts(train: data.poses, validation: data.validationPoses, test: data.testPoses)
    let poses =
      try data.motion.map {
        try NumberedPoses(
          counts, of: MotionLibrary(folder: $0), test: data.evaluationMotion.map { try MotionLibrary(folder: $0) })
      } ?? NumberedPoses(counts, seed: seed)
    return PosedBodies(body: body, identities: identities, poses: poses, seed: seed)
  }

  /// What a checkpoint of this network says about itself.
  public var identity: [String: String] { settings.checkpointIdentity }

  public var modelName: String { settings.model.kind == .corenet ? "3D-CoreNet" : "MAPConNet" }

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

extension MAPConNetSettings {
  /// What a checkpoint of the network says about itself.
  public var checkpointIdentity: [String: String] {
    [
      "model": model.kind.rawValue, "width": "\(architecture.width)",
      "identity_channels": "\(architecture.identityChannels)",
    ]
  }
}

extension MAPConNetBatch {
  /// Moves a host batch to a device.
  init(_ batch: PoseTransferBatch, on device: any Device) {
    func points(_ values: [Float]) -> Tensor {
      Tensor(values, [batch.count, values.count / (3 * batch.count), 3], .float32, on: device)
    }
    func faces(_ corners: [Int32], of points: [Float]) -> MeshFaces {
      let each = corners.count / batch.count
      let lists = (0..<batch.count).map { triangles(Array(corners[$0 * each..<($0 + 1) * each])) }
      return MeshFaces(lists, vertexCount: points.count / (3 * batch.count), on: device)
    }
    self.init(
      identityPoints: points(batch.identityPoints), posePoints: points(batch.posePoints),
      identityFaces: faces(batch.facesIdentity, of: batch.identityPoints),
      poseFaces: faces(batch.facesPose, of: batch.posePoints), target: batch.groundTruth.map(points),
      secondPose: batch.posePoints2.map(points))
  }
}
