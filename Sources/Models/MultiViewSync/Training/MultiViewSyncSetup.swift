import Datasets
import Foundation
import Layers
import Training

/// The recordings and the networks that settings describe.
public struct MultiViewSyncSetup: Sendable {
  public let settings: MultiViewSyncSettings
  public let recordings: any MultiViewRecordings
  /// What the recordings are, in a few words.
  public let summary: String

  private var seed: UInt64 { UInt64(settings.seed) }

  public init(_ settings: MultiViewSyncSettings) throws {
    try settings.validate()
    self.settings = settings
    let data = settings.data
    if let path = data.folder {
      var folder = try MultiViewFolder(URL(fileURLWithPath: path))
      folder.background = data.folderBackground
      recordings = folder
      summary = folder.summary
      return
    }
    let body = try data.body.load(vertices: data.vertices, annyCache: URL(fileURLWithPath: data.annyCache))
    let seed = UInt64(settings.seed)
    let motions: SceneMotions
    if let folder = data.motion {
      motions = try SceneMotions.captured(
        train: MotionLibrary(folder: folder), test: data.evaluationMotion.map { try MotionLibrary(folder: $0) },
        generated: data.takes, seed: seed)
    } else {
      motions = try SceneMotions.generated(data.takes, seed: seed)
    }
    let rendered = try RenderedRecordings(body: body, motions: motions, settings: data.scenes, seed: seed)
    recordings = rendered
    summary = rendered.summary
  }

  /// For recordings from elsewhere.
  public init(_ settings: MultiViewSyncSettings, recordings: any MultiViewRecordings, summary: String) throws {
    try settings.validate()
    self.settings = settings
    self.recordings = recordings
    self.summary = summary
  }

  public var identity: [String: String] { settings.identity }

  // MARK: - Samples

  /// The split that chooses the best checkpoint: training's own where there are no validation takes.
  var validationSplit: SampleSplit {
    recordings.sequences.contains { $0.split == .validation } ? .validation : .train
  }

  /// Endless tuples of the pretext task.
  func tuples(of split: SampleSplit) throws -> MultiViewTupleSampler {
    var choices = MultiViewTupleSampler.Settings()
    choices.isSingleView = settings.data.singleView
    choices.swapsPairs = !settings.model.fusion.isSymmetric
    choices.leastPoseDifference = settings.leastPoseDifference
    return try MultiViewTupleSampler(recordings, split: split, seed: seed, settings: choices)
  }

  /// Endless labelled pictures.
  func labelledPictures() throws -> PoseImageSampler {
    let subjects = settings.data.labelledSubjects
    return try PoseImageSampler(
      recordings, subjects: subjects.isEmpty ? nil : subjects, share: settings.data.labelledShare, seed: seed)
  }

  /// Pictures that choose the best checkpoint of the pose task, spread evenly over their split.
  func validationPlaces() throws -> [MultiViewPlace] {
    let all = try recordings.places(of: validationSplit)
    let count = min(all.count, settings.data.validationPictures)
    return (0..<count).map { all[$0 * all.count / count] }
  }

  /// Pictures of the test subjects.
  public func testPlaces() throws -> [MultiViewPlace] {
    try recordings.places(of: .test, every: settings.data.testSeconds)
  }

  // MARK: - Networks

  /// The pretext network, its parameters 0.
  public func pretextNetwork(on device: any Device) throws -> PretextNetwork {
    try PretextNetwork(settings.architecture, on: device)
  }

  /// The pose network, its parameters 0.
  public func poseNetwork(on device: any Device) throws -> PoseNetwork {
    try PoseNetwork(settings.architecture, frozenStages: settings.frozenStages, on: device)
  }
}
