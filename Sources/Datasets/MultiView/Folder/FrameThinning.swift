import Foundation

/// Leaves out frames in which a person hardly moved since the last one that was kept (Jenni and Favaro, ACCV 2020, section
/// 3.3: frames without significant movement are dropped). The decision is shared by the views.
enum FrameThinning {
  /// Of the training frames of a data set that stay. "On average every fourth frame is skipped."
  static let share = 0.75

  /// The frames that stay, positions from 0: the first, and each whose difference from the last kept one is above
  /// `threshold`.
  ///
  /// - Parameter difference: of a position from an earlier one.
  static func kept(
    of count: Int, above threshold: Double, difference: (_ position: Int, _ last: Int) throws -> Double
  ) rethrows -> [Int] {
    guard count > 0 else { return [] }
    var kept = [0]
    var last = 0
    for position in 1..<max(1, count) {
      guard try difference(position, last) > threshold else { continue }
      kept.append(position)
      last = position
    }
    return kept
  }

  /// The threshold at which closest to three quarters stay, found by halving; a higher one keeps fewer.
  ///
  /// - Parameters:
  ///   - total: frames in all.
  ///   - first: where the search begins.
  ///   - keptCount: how many stay at a threshold.
  /// - Throws: what `keptCount` throws.
  static func threshold(total: Int, first: Double, keptCount: (Double) throws -> Int) throws -> Double {
    let wanted = share * Double(total)
    var best = (threshold: 0.0, miss: Double.infinity)
    /// Whether too many stay.
    func isTooLow(_ threshold: Double) throws -> Bool {
      let count = Double(try keptCount(threshold))
      if abs(count - wanted) < best.miss { best = (threshold, abs(count - wanted)) }
      return count > wanted
    }
    var (low, high) = (0.0, max(first, 1e-3))
    while try isTooLow(high), high < 1024 { (low, high) = (high, 2 * high) }
    if low == 0, try !isTooLow(0) { return 0 }
    for _ in 0..<24 where best.miss >= 1 {
      let middle = (low + high) / 2
      if try isTooLow(middle) { low = middle } else { high = middle }
    }
    return best.threshold
  }
}

/// The differences between frames of one sequence, each found once.
final class FrameDifferences: @unchecked Sendable {
  let count: Int
  private let make: (_ position: Int, _ last: Int) throws -> Double
  private var known: [SIMD2<Int>: Double] = [:]

  /// - Parameter make: of a position from an earlier one. Not called by two threads at once.
  init(count: Int, make: @escaping (_ position: Int, _ last: Int) throws -> Double) {
    self.count = count
    self.make = make
  }

  func callAsFunction(_ position: Int, _ last: Int) throws -> Double {
    let pair = SIMD2(position, last)
    if let known = known[pair] { return known }
    let difference = try make(position, last)
    known[pair] = difference
    return difference
  }
}
