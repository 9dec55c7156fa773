import FileFormats
import Foundation

/// How far a computed tensor may lie from its reference.
public enum VerificationMeasure: String, Sendable, Codable {
  /// Equal element by element.
  case exact
  /// Norm of the difference over the norm of the reference.
  case relativeNorm = "relative norm"
  /// The greatest absolute difference.
  case greatestDifference = "greatest difference"
  /// The greatest absolute difference over the greatest magnitude of the reference.
  case relativeMaximum = "relative maximum"
}

/// One tensor that was compared with its reference.
public struct VerificationRow: Sendable, Codable {
  public let name: String
  public let shape: [Int]
  public let measure: VerificationMeasure
  /// NaN when the tensor is missing or has another shape.
  public let error: Double
  public let tolerance: Double
  /// What else a reader should know.
  public let note: String?

  public var holds: Bool { error <= tolerance }

  /// Compares `computed` with `reference`.
  ///
  /// - Parameter leastNorm: a relative norm is taken of this where the reference's own norm is smaller.
  public init(
    _ name: String, computed: HostTensor?, reference: HostTensor, _ measure: VerificationMeasure, tolerance: Double,
    leastNorm: Double = 0, note: String? = nil
  ) {
    self.name = name
    self.measure = measure
    self.tolerance = measure == .exact ? 0 : tolerance
    shape = reference.shape
    guard let computed, computed.shape == reference.shape else {
      error = .nan
      self.note = computed.map { "has shape \($0.shape)" } ?? "was not computed"
      return
    }
    // A reference can hold NaN where its formula divides by zero and ours is guarded: there is nothing to compare with.
    let pairs = zip(computed.doubles(), reference.doubles()).filter { $0.1.isFinite }
    let left = reference.count - pairs.count
    self.note = left > 0 ? "\(left) elements of the reference are not finite and left out" : note
    error = Self.error(pairs.map(\.0), pairs.map(\.1), measure, leastNorm: leastNorm)
  }

  private static func error(
    _ x: [Double], _ y: [Double], _ measure: VerificationMeasure, leastNorm: Double = 0
  ) -> Double {
    let differences = zip(x, y).map { $0 - $1 }
    switch measure {
    case .exact: return differences.allSatisfy { $0 == 0 } ? 0 : .infinity
    case .greatestDifference:
      // max drops NaN, so it is looked for first.
      return differences.contains { $0.isNaN } ? .nan : differences.map(abs).max() ?? 0
    case .relativeMaximum:
      let difference = error(x, y, .greatestDifference)
      return difference == 0 ? 0 : difference / max(y.map(abs).max() ?? 0, .leastNormalMagnitude)
    case .relativeNorm:
      let difference = differences.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let reference = y.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return difference == 0 ? 0 : difference / max(reference, leastNorm, .leastNormalMagnitude)
    }
  }
}

/// The outcome of comparing a model's computations with a reference file.
public struct VerificationReport: Sendable, Codable {
  public let file: String
  public let model: String
  public let device: String
  public let scalar: String
  public let rows: [VerificationRow]

  public init(file: String, model: String, device: String, scalar: String, rows: [VerificationRow]) {
    self.file = file
    self.model = model
    self.device = device
    self.scalar = scalar
    self.rows = rows
  }

  public var failures: [VerificationRow] { rows.filter { !$0.holds } }
  public var holds: Bool { failures.isEmpty && !rows.isEmpty }

  /// The rows as aligned text, and a closing line.
  public var table: String {
    let width = max(rows.map(\.name.count).max() ?? 0, 6)
    func line(_ name: String, _ error: String, _ tolerance: String, _ measure: String, _ verdict: String) -> String {
      name.padding(toLength: width, withPad: " ", startingAt: 0)
        + "  " + error.leftPadded(9) + "  " + tolerance.leftPadded(9) + "  "
        + measure.padding(toLength: 19, withPad: " ", startingAt: 0) + "  " + verdict
    }
    var lines = [line("tensor", "error", "tolerance", "measure", "")]
    for row in rows {
      lines.append(
        line(
          row.name, row.error.scientific, row.measure == .exact ? "exact" : row.tolerance.scientific,
          row.measure.rawValue, (row.holds ? "ok" : "FAILED") + (row.note.map { "  (\($0))" } ?? "")))
    }
    let verdict = holds ? "all \(rows.count) tensors hold" : "\(failures.count) of \(rows.count) tensors FAILED"
    lines.append("\(model) on \(device), \(scalar): \(verdict)")
    return lines.joined(separator: "\n")
  }

  public var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}

extension Double {
  fileprivate var scientific: String { self == 0 ? "0" : String(format: "%.1e", self) }
}

extension String {
  fileprivate func leftPadded(_ width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
