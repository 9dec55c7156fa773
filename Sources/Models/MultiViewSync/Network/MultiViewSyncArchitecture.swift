import Compute

/// The sizes and variants of the multi-view synchronization network.
///
/// Jenni, Favaro, "Self-Supervised Multi-View Synchronization Learning for 3D Pose Estimation", ACCV 2020; the backbone is
/// a residual network (He et al., "Deep residual learning for image recognition", CVPR 2016) in torchvision's layout.
public struct MultiViewSyncArchitecture: Sendable, Equatable {
  public var backbone: Backbone
  /// Channels of the first convolution; published: 64.
  public var width: Int
  /// How the features of two pictures become one; the paper's choice: mult.
  public var fusion: ViewFusion
  /// Whether the last residual unit ends in a ReLU, as in torchvision. Without one features are signed, which is what
  /// gives the product of two its meaning.
  public var finalReLU: Bool

  public init(
    _ backbone: Backbone = .resnet18, width: Int = 64, fusion: ViewFusion = .mult, finalReLU: Bool = false
  ) {
    self.backbone = backbone
    self.width = width
    self.fusion = fusion
    self.finalReLU = finalReLU
  }

  /// Values that describe a picture: D.
  public var featureCount: Int { 8 * width * backbone.expansion }

  /// Joints of a pose; the root is not predicted.
  public static let joints = 17
  public static let poseValues = 3 * (joints - 1)

  /// Throws `.configuration` when no network has these sizes.
  public func validate() throws {
    guard width >= 1 else {
      throw ComputeError(
        .configuration, what: "model.width is \(width)", why: "it counts the channels of the first convolution",
        mend: "use 1 or more (published: 64)")
    }
  }
}

/// Which residual network looks at the pictures.
public enum Backbone: String, Sendable, Codable, CaseIterable {
  case resnet18, resnet50

  /// Residual units of the four stages.
  var units: [Int] { self == .resnet18 ? [2, 2, 2, 2] : [3, 4, 6, 3] }
  /// Whether a unit narrows and widens its channels (1x1, 3x3, 1x1) or keeps them (3x3, 3x3).
  var isBottleneck: Bool { self == .resnet50 }
  /// A unit's outputs per channel of its 3x3 convolution.
  var expansion: Int { isBottleneck ? 4 : 1 }
}

/// How the features of two pictures become one vector; a ReLU follows each.
public enum ViewFusion: String, Sendable, Codable, CaseIterable {
  case mult, add, diff, concat

  /// Whether exchanging the two pictures changes nothing.
  public var isSymmetric: Bool { self == .mult || self == .add }

  /// Values for so many features of each picture.
  func width(_ features: Int) -> Int { self == .concat ? 2 * features : features }
}
