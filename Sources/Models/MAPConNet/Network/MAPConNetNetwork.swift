import Layers

/// MAPConNet: feature extractor, correspondence and refinement, with their parameters on a device.
///
/// Meshes may have any vertex counts; all meshes of one role in a batch have the same. Points are
/// `[batch, points, 3]` in metres, centred.
public final class MAPConNetNetwork {
  public let architecture: MAPConNetArchitecture
  public let parameters: ParameterStore
  let correspondence: Correspondence
  let refinement: RefinementNetwork

  /// One transfer of a pose onto an identity.
  public struct Transfer {
    /// The pose points carried to the identity's vertices, and the best match of each vertex.
    public let matching: Matching
    /// `[batch, identity points, 3]`.
    public let refined: Tensor
  }

  /// How the spectrally normalised weights start (the published code moves its network to a GPU, which cuts its own
  /// initialisation of them off, so all published runs are `gpu`).
  public enum SpectralInitialization: String, Sendable, Codable, CaseIterable { case gpu, cpu }

  /// How the other weights start.
  public enum Start: String, Sendable, Codable, CaseIterable {
    /// Xavier-normal with gain 0.02 everywhere: signals are tiny at first, and 400,000 steps make up for it.
    case published
    /// For short training. Features keep their scale, the refinement's maps have gain 0.3, and phi starts equal to theta:
    /// the first match of a vertex is then the one in the most similar place, where the published start matches at random.
    case matched

    var featureGain: Double { self == .published ? 0.02 : 1 }
    var refinementGain: Double { self == .published ? 0.02 : 0.3 }
  }

  /// Parameters are zero until `initialize` or a checkpoint fills them.
  /// - Parameter folds: whether linear maps in a row are applied as one; the results are the same.
  public init(
    _ architecture: MAPConNetArchitecture, folds: Bool = true, _ elementType: ElementType = .float32,
    on device: any Device
  ) throws {
    try architecture.validate()
    self.architecture = architecture
    correspondence = Correspondence(architecture)
    refinement = RefinementNetwork(architecture, folds: folds)
    parameters = ParameterStore(
      correspondence.declarations + refinement.declarations, counters: [], elementType, on: device)
  }

  /// Starts all parameters: Xavier-normal weights, zero biases, PReLU slopes 0.25, random unit vectors for the power
  /// iterations.
  public func initialize(seed: UInt64, start: Start = .published, spectral: SpectralInitialization = .gpu) {
    let extractor = correspondence.extractor
    var values = (extractor.convolutions + [correspondence.phi, correspondence.theta])
      .flatMap { $0.xavier(gain: start.featureGain) }
    values += ([refinement.fc, refinement.conv1] + refinement.blocks.flatMap(\.convolutions))
      .flatMap { $0.xavier(gain: start.refinementGain) }
    values += extractor.blocks.map { ($0.slope, .constant(0.25)) }
    for block in refinement.blocks {
      values += [block.firstBias, block.secondBias].map { ($0, .constant(0)) }
      for layer in block.spectrals {
        let start: Initialization =
          switch spectral {
          case .gpu: .uniform(bound: 1 / Double(layer.inputs).squareRoot())
          case .cpu: .normal(deviation: start.refinementGain * (2 / Double(layer.inputs + layer.outputs)).squareRoot())
          }
        values += [
          ("\(layer.name).weight_orig", start), ("\(layer.name).weight_u", .unitVector),
          ("\(layer.name).weight_v", .unitVector),
        ]
      }
    }
    parameters.initialize(values, seed: seed)
    if start == .matched {
      func weight(_ name: String) -> TensorView { parameters.view("\(name).weight") }
      parameters.device.copy(weight(correspondence.theta.name), to: weight(correspondence.phi.name))
    }
  }

  /// Features of every vertex: `[batch, points, 3]` to `[batch, points, channels]`.
  ///
  /// - Parameter recomputing: whether the backward pass computes them again. What it would save otherwise is some twenty
  ///   times the result.
  public func encode(_ points: Tensor, _ pass: ForwardPass, recomputing: Bool = true) -> Tensor {
    let extractor = correspondence.extractor
    return recomputing
      ? checkpoint([points], on: pass.tape) { extractor($0[0], pass) } : extractor(points, pass)
  }

  /// The style of identity meshes by their features; for several transfers of one pass onto the same meshes.
  public func style(of identity: Tensor) -> IdentityStyle {
    IdentityStyle(identity.sliced(axis: 2, 0..<architecture.identityChannels))
  }

  /// - Parameters:
  ///   - identity, pose: features of the two meshes.
  ///   - style: the identity's, unless it serves for this transfer alone.
  ///   - posePoints: `[batch, pose points, 3]`; no gradient flows to them.
  ///   - refinesWithGradient: false computes the refined mesh as a constant.
  public func transfer(
    identity: Tensor, style: IdentityStyle? = nil, pose: Tensor, posePoints: Tensor, _ pass: ForwardPass,
    refinesWithGradient: Bool = true
  ) -> Transfer {
    let matching = correspondence(identity: identity, pose: pose, posePoints: posePoints, pass)
    func refine() -> Tensor { refinement(matching.warped, style ?? self.style(of: identity), pass) }
    guard let tape = pass.tape, !refinesWithGradient else { return Transfer(matching: matching, refined: refine()) }
    return Transfer(matching: matching, refined: tape.pausing(refine))
  }
}
