import Foundation

/// One figure of the checks of a set of recordings.
public struct ShortcutFigure: Codable, Sendable, Equatable {
  /// "sync: colours"
  public let name: String
  public let value: Double
  /// What it must lie within; nil for a figure that is only reported.
  public let low, high: Double?
  public let meaning: String

  init(_ name: String, _ value: Double, within range: ClosedRange<Double>? = nil, _ meaning: String) {
    self.name = name
    self.value = value
    low = range?.lowerBound
    high = range?.upperBound
    self.meaning = meaning
  }

  /// True for figures that are only reported; false for one that is not a number.
  public var holds: Bool {
    guard let low, let high else { return true }
    return low <= value && value <= high
  }

  /// "holds [0.47, 0.53]", "FAILS [0, 0]", "reported"
  public var verdict: String {
    guard let low, let high else { return "reported" }
    return (holds ? "holds" : "FAILS") + String(format: " [%.4g, %.4g]", low, high)
  }
}
