import Layers

/// The network of the pretext task: a backbone, the fusion of two pictures' features, and two classifiers of one output
/// each: whether two pictures show the same moment, and whether neither is mirrored.
public final class PretextNetwork {
  public let architecture: MultiViewSyncArchitecture
  public let parameters: ParameterStore
  let backbone: ResidualNetwork
  private let sync, noflip: Linear

  /// Logits of pairs, `[pairs]` each.
  public struct Logits {
    public let sync, noflip: Tensor
  }

  /// Parameters are zero until `initialize` or a checkpoint fills them.
  public init(
    _ architecture: MultiViewSyncArchitecture, _ elementType: ElementType = .float32, on device: any Device
  ) throws {
    try architecture.validate()
    self.architecture = architecture
    backbone = ResidualNetwork(architecture)
    let width = architecture.fusion.width(architecture.featureCount)
    sync = Linear("head_sync", width, 1)
    noflip = Linear("head_noflip", width, 1)
    parameters = ParameterStore(
      groupedByDecay(backbone.declarations + sync.declarations + noflip.declarations),
      counters: backbone.norms.map(\.counter), elementType, on: device)
  }

  /// Starts all parameters at random.
  public func initialize(seed: UInt64) {
    parameters.initialize(backbone.initialization + sync.initialization + noflip.initialization, seed: seed)
  }

  /// What the network knows of each picture.
  ///
  /// - Parameters:
  ///   - pictures: `[batch, height, width, 3]`, normalised.
  ///   - tap: is shown what leaves the stem and each stage.
  /// - Returns: `[batch, features]`, signed.
  public func features(_ pictures: Tensor, _ pass: ForwardPass, tap: ((String, Tensor) -> Void)? = nil) -> Tensor {
    backbone(pictures, pass, tap: tap)
  }

  /// Pairs' features become one vector each: `[pairs, values]`.
  func fuse(_ features: Tensor, _ pairs: PicturePairs) -> Tensor {
    let (pictures, width) = (features.shape[0], features.shape[1])
    func side(_ index: RowIndex) -> Tensor {
      gather(features.reshaped([1, pictures, width]), index).reshaped([pairs.count, width])
    }
    return architecture.fusion(side(pairs.first), side(pairs.second))
  }

  /// What the two classifiers say of fused pairs.
  func classify(_ fused: Tensor, _ pass: ForwardPass) -> Logits {
    let count = fused.shape[0]
    return Logits(
      sync: sync(fused, pass).reshaped([count]), noflip: noflip(fused, pass).reshaped([count]))
  }

  /// What the two classifiers say of pairs of pictures.
  public func logits(_ features: Tensor, _ pairs: PicturePairs, _ pass: ForwardPass) -> Logits {
    classify(fuse(features, pairs), pass)
  }
}

/// Decayed tensors first, so that an optimiser's step is two launches.
func groupedByDecay(_ declarations: [ParameterDeclaration]) -> [ParameterDeclaration] {
  declarations.filter(\.decays) + declarations.filter { !$0.decays }
}
