import Foundation

/// Synthetic errors of 2D detections of the COCO key points: small jitter, misses, and confusion of left and right
/// (Moon, Chang and Lee, "PoseFix: Model-agnostic general human pose refinement network", 2019; types and rates after
/// Ronchi and Perona, "Benchmarking and error diagnosis in multi-instance pose estimation", 2017).
///
/// Each key point in turn becomes one of four kinds of wrong (or good) point, at distances set by key-point similarity.
/// Upstream fills a pool of candidates for each kind, keeps those that a rule admits, and draws from the pools; kinds with
/// an empty pool are left out. We draw the kind first and candidates as needed, which has the same distribution and takes
/// a hundredth of the draws. Its fifth kind, swaps between persons, is switched off upstream. Rates are those for poses
/// with more than ten visible key points; samples projected from a body always have seventeen.
public enum KeypointConfusion {
  private enum Kind: CaseIterable { case jitter, miss, inversion, good }

  private struct KeyPoint {
    /// Spread of human annotations of this key point, as a fraction of the body's scale.
    let sigma: Double
    /// Of each kind of error.
    let jitter, miss, inversion: Double

    func rate(of kind: Kind) -> Double {
      switch kind {
      case .jitter: jitter
      case .miss: miss
      case .inversion: inversion
      case .good: 1 - jitter - miss - inversion
      }
    }
  }

  private static let keyPoints: [KeyPoint] = {
    let nose = KeyPoint(sigma: 0.026, jitter: 0.10, miss: 0.02, inversion: 0.01)
    let pairs = [
      KeyPoint(sigma: 0.025, jitter: 0.15, miss: 0.02, inversion: 0.01),  // eyes
      KeyPoint(sigma: 0.035, jitter: 0.15, miss: 0.02, inversion: 0.01),  // ears
      KeyPoint(sigma: 0.079, jitter: 0.15, miss: 0.05, inversion: 0.03),  // shoulders
      KeyPoint(sigma: 0.072, jitter: 0.15, miss: 0.10, inversion: 0.03),  // elbows
      KeyPoint(sigma: 0.062, jitter: 0.15, miss: 0.10, inversion: 0.03),  // wrists
      KeyPoint(sigma: 0.107, jitter: 0.20, miss: 0.10, inversion: 0.06),  // hips
      KeyPoint(sigma: 0.087, jitter: 0.10, miss: 0.10, inversion: 0.06),  // knees
      KeyPoint(sigma: 0.089, jitter: 0.10, miss: 0.05, inversion: 0.06),  // ankles
    ]
    return [nose] + pairs.flatMap { [$0, $0] }
  }()

  /// Joints in crop pixels with their errors.
  ///
  /// Key points are disturbed in order, each seeing its partner as it then is. Pelvis and Neck, which upstream computes
  /// beforehand, keep their exact place.
  ///
  /// - Parameters:
  ///   - joints: those of `JointSet.coco`.
  ///   - area: of the tight box around the exact joints, in square crop pixels.
  public static func applied(
    to joints: [SIMD2<Double>], area: Double, using random: inout some RandomNumberGenerator
  ) -> [SIMD2<Double>] {
    precondition(joints.count == JointSet.coco.count, "KeypointConfusion: \(joints.count) joints, but coco has 19")
    var disturbed = joints
    for (j, keyPoint) in keyPoints.enumerated() {
      let partner = j == 0 ? nil : disturbed[j.isMultiple(of: 2) ? j - 1 : j + 1]
      let candidates = Candidates(at: disturbed[j], partner: partner, sigma: keyPoint.sigma, area: area)
      disturbed[j] = draw(keyPoint, candidates, using: &random)
    }
    return disturbed
  }

  private static func draw(
    _ keyPoint: KeyPoint, _ candidates: Candidates, using random: inout some RandomNumberGenerator
  ) -> SIMD2<Double> {
    var kinds = Kind.allCases
    while !kinds.isEmpty {
      var choice = random.uniform() * kinds.reduce(0) { $0 + keyPoint.rate(of: $1) }
      let picked =
        kinds.firstIndex { kind in
          choice -= keyPoint.rate(of: kind)
          return choice < 0
        } ?? kinds.count - 1
      if let point = point(kinds[picked], candidates, using: &random) { return point }
      kinds.remove(at: picked)  // its pool is empty
    }
    return .zero
  }

  private static func point(
    _ kind: Kind, _ candidates: Candidates, using random: inout some RandomNumberGenerator
  ) -> SIMD2<Double>? {
    let own = candidates.own
    let partner = candidates.partner
    switch kind {
    case .jitter:
      return candidates.first(
        of: 500, around: own, awayFrom: partner, candidates.good...candidates.fair, using: &random)
    case .good:
      return candidates.first(of: 125, around: own, awayFrom: partner, 0...candidates.good, using: &random)
    case .inversion:
      return partner.flatMap {
        candidates.first(of: 500, around: $0, awayFrom: own, 0...candidates.fair, using: &random)
      }
    case .miss:
      return candidates.miss(using: &random)
    }
  }
}

/// Places where a detector might put one key point.
private struct Candidates {
  let own: SIMD2<Double>
  let partner: SIMD2<Double>?
  /// Distances in pixels at which the key-point similarity falls to 0.85, 0.50 and 0.10.
  let good, fair, poor: Double

  init(at own: SIMD2<Double>, partner: SIMD2<Double>?, sigma: Double, area: Double) {
    self.own = own
    self.partner = partner
    let radius = { (similarity: Double) in (-2 * area * 4 * sigma * sigma * log(similarity)).squareRoot() }
    (good, fair, poor) = (radius(0.85), radius(0.50), radius(0.10))
  }

  /// A point at uniform angle and uniform distance from `centre`, and that distance.
  private func point(
    around centre: SIMD2<Double>, _ radii: ClosedRange<Double>, using random: inout some RandomNumberGenerator
  ) -> (SIMD2<Double>, radius: Double) {
    let angle = 2 * Double.pi * random.uniform()
    let radius = random.uniform(in: radii)
    return (centre + SIMD2(cos(angle), sin(angle)) * radius, radius)
  }

  /// The first of `count` points that is farther from `other` than from `centre`, if there is one.
  func first(
    of count: Int, around centre: SIMD2<Double>, awayFrom other: SIMD2<Double>?, _ radii: ClosedRange<Double>,
    using random: inout some RandomNumberGenerator
  ) -> SIMD2<Double>? {
    for _ in 0..<count {
      let (candidate, radius) = point(around: centre, radii, using: &random)
      if other.map({ distance(candidate, $0) > radius }) ?? true { return candidate }
    }
    return nil
  }

  /// A point far from both centres: from 2000 about the own place, or a quarter of 2000 about the partner's.
  ///
  /// The pool is filled as upstream does, since its two parts mix by how many points each keeps.
  func miss(using random: inout some RandomNumberGenerator) -> SIMD2<Double>? {
    func kept(around centre: SIMD2<Double>, awayFrom other: SIMD2<Double>?) -> [SIMD2<Double>] {
      (0..<2000).compactMap { _ in
        let (candidate, _) = point(around: centre, fair...poor, using: &random)
        return other.map { distance(candidate, $0) > fair } ?? true ? candidate : nil
      }
    }
    let near = kept(around: own, awayFrom: partner)
    let far = partner.map { kept(around: $0, awayFrom: own) } ?? []
    let total = near.count + far.count / 4
    guard total > 0 else { return nil }
    let picked = random.index(below: total)
    return picked < near.count ? near[picked] : far[random.index(below: far.count)]
  }
}

private func distance(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double { ((a - b) * (a - b)).sum().squareRoot() }
