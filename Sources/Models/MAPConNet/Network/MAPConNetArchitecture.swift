import Compute

/// The sizes and constants of a MAPConNet network.
///
/// Sun, Chen, Kim, "MAPConNet: Self-supervised 3D Pose Transfer with Mesh and Point Contrastive Learning", ICCV 2023,
/// built on Song et al., "3D Pose Transfer with Correspondence Learning and Mesh Refinement" (3D-CoreNet), NeurIPS 2021.
/// Where paper and published code differ, the code is followed.
public struct MAPConNetArchitecture: Sendable, Equatable {
  /// Base width ngf; published: 64. Features have `4 width` channels.
  public var width: Int
  /// How many of the features' channels carry identity; the others carry pose. All of them in 3D-CoreNet.
  public var identityChannels: Int
  public var sinkhorn: SinkhornSettings

  /// - Parameter identityChannels: published: half of the features' channels.
  public init(width: Int = 64, identityChannels: Int? = nil, sinkhorn: SinkhornSettings = SinkhornSettings()) {
    self.width = width
    self.identityChannels = identityChannels ?? 2 * width
    self.sinkhorn = sinkhorn
  }

  /// 3D-CoreNet, the supervised baseline: all channels are style.
  public static func coreNet(width: Int = 64) -> MAPConNetArchitecture {
    MAPConNetArchitecture(width: width, identityChannels: 4 * width)
  }

  /// Channels of a vertex's features.
  public var channels: Int { 4 * width }
  public let residualBlocks = 4
  public let instanceNormEpsilon = 1e-5
  /// Added to the variance in ElaIN.
  public let elainEpsilon = 1e-5
  /// Only keeps an exactly zero vector from dividing by zero: the smallest step of Double at 1.
  public let unitEpsilon = Double.ulpOfOne
  public let leakySlope = 0.2
  public let outputScale = 2.0

  /// Throws `.configuration` when no network has these sizes.
  public func validate() throws {
    guard width >= 1, (1...channels).contains(identityChannels) else {
      throw ComputeError(
        .configuration, what: "MAPConNet: width \(width) with \(identityChannels) identity channels",
        why: "the features have 4 width channels, and 1 to all of them are identity",
        mend: "use a width of 1 or more (published: 64) and at most 4 width identity channels (published: 2 width)")
    }
    try sinkhorn.validate()
  }
}
