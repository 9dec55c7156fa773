import Foundation

/// One axis of a chart: what it shows, and where its ticks stand.
public struct Axis: Equatable, Sendable {
  public enum Scale: Sendable {
    case linear
    /// Powers of ten at equal distances; values that are not positive are left out.
    case logarithmic
  }

  public var label: String
  /// Written behind the label; empty for plain numbers.
  public var unit: String
  public var scale: Scale

  public init(_ label: String, unit: String = "", scale: Scale = .linear) {
    self.label = label
    self.unit = unit
    self.scale = scale
  }

  /// The label with its unit.
  var title: String { unit.isEmpty ? label : "\(label) (\(unit))" }

  /// Whether a value can be shown.
  func shows(_ value: Double) -> Bool { value.isFinite && (scale == .linear || value > 0) }

  /// The place of a value on a scale where equal steps are equally long.
  func place(_ value: Double) -> Double { scale == .linear ? value : log10(value) }
}

/// The range of an axis and its ticks.
struct Ticks: Equatable {
  /// Rising values.
  var values: [Double]
  /// One per value.
  var labels: [String]

  /// Round numbers (1, 2 or 5 times a power of ten apart) within a range.
  ///
  /// - Parameter count: About how many there should be.
  static func linear(_ range: ClosedRange<Double>, about count: Int = 5) -> Ticks {
    let width = range.upperBound - range.lowerBound
    guard width > 0 else { return Ticks(values: [range.lowerBound], labels: [label(range.lowerBound, decimals: 3)]) }
    let rough = width / Double(count)
    let power = pow(10, log10(rough).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
    let decimals = max(0, -Int((log10(step) + 1e-9).rounded(.down)))
    let first = (range.lowerBound / step - 1e-9).rounded(.up)
    let last = (range.upperBound / step + 1e-9).rounded(.down)
    let values = stride(from: first, through: last, by: 1).map { $0 * step }
    return Ticks(values: values, labels: values.map { label($0, decimals: decimals) })
  }

  /// Powers of ten within a range; with 2 and 5 between them when there would be less than three.
  static func logarithmic(_ range: ClosedRange<Double>) -> Ticks {
    let low = Int(log10(range.lowerBound).rounded(.down))
    let high = Int(log10(range.upperBound).rounded(.up))
    func inside(_ factors: [Double]) -> [Double] {
      (low...high).flatMap { power in factors.map { $0 * pow(10, Double(power)) } }
        .filter { $0 >= range.lowerBound * 0.999 && $0 <= range.upperBound * 1.001 }
    }
    var values = inside([1])
    if values.count < 3 { values = inside([1, 2, 5]) }
    // Over many decades, every second or third power is enough.
    let every = (values.count + 6) / 7
    values = values.enumerated().filter { $0.offset % every == 0 }.map(\.element)
    if values.count < 2 { return linear(range) }
    return Ticks(
      values: values,
      labels: values.map { value in
        let power = log10(value).rounded(.down)
        return power < -4 || power > 6
          ? String(format: "%g", value) : label(value, decimals: max(0, Int(-power)))
      })
  }

  /// A number with a fixed count of decimals and thin spaces between groups of three digits.
  static func label(_ value: Double, decimals: Int) -> String {
    let text = String(format: "%.\(decimals)f", value == 0 ? 0 : value)
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    var digits = Array(parts[0])
    var at = digits.count - 3
    while at > (digits.first == "-" ? 1 : 0) {
      digits.insert("\u{2009}", at: at)
      at -= 3
    }
    return ([String(digits)] + parts.dropFirst().map(String.init)).joined(separator: ".")
      .replacingOccurrences(of: "-", with: "\u{2212}")
  }
}
