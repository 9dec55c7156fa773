import Compute

/// The first place where two results differ by more than they may.
public struct Mismatch: Equatable, CustomStringConvertible {
  let index: Int
  let actual, expected, allowed: Double
  let count: Int

  public var description: String {
    "element \(index) is \(actual), expected \(expected) +- \(allowed) (\(count) elements differ)"
  }
}

/// Compares element by element; `allowed` is the greatest absolute difference of each. NaN equals NaN, and infinities
/// must agree exactly.
public func mismatch(_ actual: [Double], _ expected: [Double], allowed: [Double]) -> Mismatch? {
  guard actual.count == expected.count, actual.count == allowed.count else {
    return Mismatch(
      index: -1, actual: Double(actual.count), expected: Double(expected.count), allowed: Double(allowed.count),
      count: 0)
  }
  let wrong = actual.indices.filter { k in
    let (a, e) = (actual[k], expected[k])
    return !(a == e || (a.isNaN && e.isNaN) || abs(a - e) <= allowed[k])
  }
  return wrong.first.map {
    Mismatch(index: $0, actual: actual[$0], expected: expected[$0], allowed: allowed[$0], count: wrong.count)
  }
}

/// Compares element by element: |actual - expected| <= relative * |expected| + absolute.
public func mismatch(
  _ actual: [Double], _ expected: [Double], relative: Double, absolute: Double = 0
) -> Mismatch? {
  mismatch(actual, expected, allowed: expected.map { relative * abs($0) + absolute })
}

extension ElementType {
  /// What a sum of terms of either sign may be off by, relative to the sum of their absolute values.
  ///
  /// A running sum of n terms of size t that cancel errs by about 0.2 eps n t = 0.3 eps * (sum of |terms|): rounding
  /// errors of the partial sums, themselves of size t sqrt(n), add at random. So 4 eps is a dozen standard deviations
  /// at any length; it lies below "a few eps times sqrt(n)" and still sees one missing term in a long sum.
  public var sumTolerance: Double { 4 * epsilon }

  /// The same for a sum whose terms have one sign, in a running sum of `length` terms: a few eps times sqrt(length).
  public func sumTolerance(oneSignedTerms length: Int) -> Double { 4 * epsilon * Double(max(length, 1)).squareRoot() }
}

/// A sum that an oracle computed, with the sum of its terms' absolute values: the scale of its rounding errors.
public struct SummedTensor: Sendable {
  public var tensor: HostTensor
  public var magnitude: [Double]

  public init(_ shape: [Int]) {
    tensor = HostTensor(shape, repeating: 0)
    magnitude = tensor.values
  }

  public var values: [Double] { tensor.values }
}

public func mismatch(_ actual: [Double], _ expected: SummedTensor, tolerance: Double) -> Mismatch? {
  mismatch(actual, expected.values, allowed: expected.magnitude.map { tolerance * $0 })
}
