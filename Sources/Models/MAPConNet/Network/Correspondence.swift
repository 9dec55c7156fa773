import Layers

/// Which pose vertex belongs to which identity vertex, by optimal transport between their features (section 3.2 of the
/// 3D-CoreNet paper).
struct Correspondence: Sendable {
  static let prefix = "net.netCorr."
  let architecture: MAPConNetArchitecture
  let extractor: FeatureExtractor
  let theta, phi: PointwiseConvolution

  init(_ architecture: MAPConNetArchitecture) {
    self.architecture = architecture
    extractor = FeatureExtractor(architecture)
    theta = PointwiseConvolution("\(Self.prefix)theta", architecture.channels, architecture.channels)
    phi = PointwiseConvolution("\(Self.prefix)phi", architecture.channels, architecture.channels)
  }

  var declarations: [ParameterDeclaration] { extractor.declarations + phi.declarations + theta.declarations }

  /// - Parameters:
  ///   - identity, pose: features `[batch, points, channels]`.
  ///   - posePoints: `[batch, pose points, 3]`, constant.
  /// - Returns: the pose points carried to the identity's vertices, and the best match of each.
  func callAsFunction(identity: Tensor, pose: Tensor, posePoints: Tensor, _ pass: ForwardPass) -> Matching {
    sinkhornMatch(
      query: unitLength(theta(identity, pass), epsilon: architecture.unitEpsilon),
      key: unitLength(phi(pose, pass), epsilon: architecture.unitEpsilon), points: posePoints,
      settings: architecture.sinkhorn)
  }
}
