import Compute

/// The factors, margins and forms of the loss terms; the defaults are those of the published code.
public struct MAPConNetLossSettings: Codable, Sendable, Equatable {
  public var reconstruction = 1000.0
  public var edge = 0.5
  /// 0 for mesh and point leaves both out, as 3D-CoreNet does.
  public var mesh = 1.0
  public var point = 1.0
  public var meshMargin = 1.0
  public var pointMargin = 1.0
  /// faces-sum, or unique-edges as the paper has it.
  public var edgeAverage = EdgeAverage.facesSum
  /// cyclic, or random; the paper leaves the choice open.
  public var pointNegatives = PointNegatives.cyclic
  /// Whether the first pass of an unsupervised step adds its mesh and point terms; in the paper it only gives the proxy.
  public var usesFirstPass = true

  public init(edge: Double = 0.5) { self.edge = edge }

  /// Those of 3D-CoreNet: no contrastive terms.
  public static let coreNet = MAPConNetLossSettings().withoutContrast

  var withoutContrast: MAPConNetLossSettings {
    var settings = self
    (settings.mesh, settings.point) = (0, 0)
    return settings
  }

  var isContrastive: Bool { mesh != 0 || point != 0 }

  /// Throws `.configuration` that names the setting, found under `section`.
  func validate(section: String) throws {
    for (name, value) in [
      ("reconstruction", reconstruction), ("edge", edge), ("mesh", mesh), ("point", point), ("meshMargin", meshMargin),
      ("pointMargin", pointMargin),
    ] where !(value >= 0 && value.isFinite) {
      throw ComputeError(
        .configuration, what: "\(section).\(name) is \(value)", why: "a negative factor would reward the error",
        mend: "use 0 or more")
    }
  }
}
