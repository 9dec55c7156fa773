import Layers

/// The network of the transfer: the backbone and one linear layer from its features to a 3D pose.
///
/// Poses are 16 joints relative to the pelvis in the camera's axes, standardised; joint-major, x, y, z inside.
public final class PoseNetwork {
  public let architecture: MultiViewSyncArchitecture
  /// How many stages of the backbone, from the first one on, stay as they are; the stem goes with the first.
  public let frozenStages: Int
  public let parameters: ParameterStore
  private let backbone: ResidualNetwork
  private let head: Linear

  /// Parameters are zero until `initialize` or a checkpoint fills them.
  ///
  /// - Parameter frozenStages: from 0, where everything is trained, to 4; published: 3.
  public init(
    _ architecture: MultiViewSyncArchitecture, frozenStages: Int, _ elementType: ElementType = .float32,
    on device: any Device
  ) throws {
    try architecture.validate()
    precondition((0...4).contains(frozenStages), "PoseNetwork: \(frozenStages) of 4 stages are frozen")
    self.architecture = architecture
    self.frozenStages = frozenStages
    backbone = ResidualNetwork(architecture, frozenStages: frozenStages)
    head = Linear("head_pose", architecture.featureCount, MultiViewSyncArchitecture.poseValues)
    parameters = ParameterStore(
      groupedByDecay(backbone.declarations + head.declarations), counters: backbone.norms.map(\.counter), elementType,
      on: device)
  }

  /// Starts all parameters at random; the head's draws do not depend on the backbone.
  public func initialize(seed: UInt64) {
    parameters.initialize(head.initialization + backbone.initialization, seed: seed)
  }

  /// - Parameters:
  ///   - pictures: `[batch, height, width, 3]`, normalised.
  ///   - tap: is shown what leaves the stem, each stage, and the features.
  /// - Returns: `[batch, 48]`, standardised.
  public func callAsFunction(_ pictures: Tensor, _ pass: ForwardPass, tap: ((String, Tensor) -> Void)? = nil) -> Tensor
  {
    let features = backbone(pictures, pass, tap: tap)
    tap?("features", features)
    return head(features, pass)
  }
}
