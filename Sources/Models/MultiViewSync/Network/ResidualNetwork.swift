import Layers

/// The backbone: a residual network from pictures to features, without its classifier.
///
///     stem (7x7 stride 2, 3x3 max-pool stride 2), four stages, mean over the picture
///
/// Parameters bear torchvision's names under `backbone.`.
struct ResidualNetwork: Sendable {
  static let prefix = "backbone."
  private let stem: NormalizedConvolution
  private let stages: [[ResidualUnit]]
  /// How many stages, from the first one on, are frozen; the stem is frozen with the first.
  private let frozenStages: Int

  private static let pool = Window(size: 3, stride: 2, padding: 1)

  init(_ architecture: MultiViewSyncArchitecture, frozenStages: Int = 0) {
    let backbone = architecture.backbone
    stem = NormalizedConvolution(
      convolution: Self.prefix + "conv1", norm: Self.prefix + "bn1", 3, architecture.width,
      window: Window(size: 7, stride: 2, padding: 3))
    var inputs = architecture.width
    var stages: [[ResidualUnit]] = []
    for (stage, count) in backbone.units.enumerated() {
      var units: [ResidualUnit] = []
      for number in 0..<count {
        let isLast = stage == backbone.units.count - 1 && number == count - 1
        units.append(
          ResidualUnit(
            "\(Self.prefix)layer\(stage + 1).\(number)", inputs, channels: architecture.width << stage,
            stride: stage > 0 && number == 0 ? 2 : 1, of: backbone,
            hasFinalReLU: architecture.finalReLU || !isLast))
        inputs = units[number].outputs
      }
      stages.append(units)
    }
    self.stages = stages
    self.frozenStages = frozenStages
  }

  /// Every convolution with its batch norm, by stage; the stem is stage 0.
  private var parts: [[NormalizedConvolution]] { [[stem]] + stages.map { $0.flatMap(\.convolutions) } }

  var declarations: [ParameterDeclaration] {
    parts.enumerated().flatMap { stage, layers in
      layers.flatMap { $0.declarations(max(stage, 1) <= frozenStages ? .frozen : .trainable) }
    }
  }

  var norms: [BatchNorm] { parts.joined().map(\.norm) }
  var initialization: [(name: String, Initialization)] { parts.joined().flatMap(\.initialization) }

  /// - Parameters:
  ///   - pictures: `[batch, height, width, 3]`, normalised.
  ///   - tap: is shown what leaves the stem and each stage, `[batch, height, width, channels]`.
  /// - Returns: `[batch, features]`.
  func callAsFunction(_ pictures: Tensor, _ pass: ForwardPass, tap: ((String, Tensor) -> Void)? = nil) -> Tensor {
    var x = maximumPool2D(stem(pictures, pass), window: Self.pool)
    tap?("stem", x)
    for (number, stage) in stages.enumerated() {
      x = stage.reduce(x) { $1($0, pass) }
      tap?("layer\(number + 1)", x)
    }
    return globalAverage(x)
  }
}
