/// The factors and margins of the loss terms; published values.
public struct MAPConNetLossWeights: Sendable, Equatable {
  public var reconstruction = 1000.0
  public var edge = 0.5
  /// 0 leaves the term out, as 3D-CoreNet does.
  public var mesh = 1.0
  public var point = 1.0
  public var meshMargin = 1.0
  public var pointMargin = 1.0

  public init() {}

  /// Those of 3D-CoreNet: no contrastive terms.
  public static let coreNet: MAPConNetLossWeights = {
    var weights = MAPConNetLossWeights()
    (weights.mesh, weights.point) = (0, 0)
    return weights
  }()

  var areContrastive: Bool { mesh != 0 || point != 0 }
}
