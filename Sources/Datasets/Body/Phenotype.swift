import Foundation
import Geometry

/// The parameters of a person's shape in the Anny body model, each 0...1 (age from 2/3 to 1 for adults).
public struct Phenotype: Sendable, Equatable {
  /// 0 male, 1 female.
  public var gender: Double
  /// 2/3 young, 1 old.
  public var age: Double
  public var muscle: Double
  public var weight: Double
  /// Relative, not metric: 0.25 to 0.6 are common statures.
  public var height: Double
  /// 0 ideal, 1 uncommon.
  public var proportions: Double
  /// Weights of the three face and body types (african, asian, caucasian), divided by their sum; all 0 means a third
  /// each.
  public var ancestry: SIMD3<Double>

  public init(
    gender: Double = 0.5, age: Double = 0.5, muscle: Double = 0.5, weight: Double = 0.5, height: Double = 0.5,
    proportions: Double = 0.5, ancestry: SIMD3<Double> = SIMD3(repeating: 0.5)
  ) {
    self.gender = gender
    self.age = age
    self.muscle = muscle
    self.weight = weight
    self.height = height
    self.proportions = proportions
    self.ancestry = ancestry
  }

  /// The person from whose rest pose the alignment of motion to a body is taken.
  public static let reference = Phenotype(age: 0.75)

  /// Weight of every `ShapeFactor`, in its order: piecewise linear between neighbouring anchors, clamped at the ends.
  public var factorWeights: [Double] {
    func clamped(_ x: Double) -> Double { min(max(x, 0), 1) }
    func pair(_ x: Double) -> [Double] { [1 - x, x] }
    func three(_ x: Double) -> [Double] {
      let u = 2 * clamped(x)
      return u <= 1 ? [1 - u, u, 0] : [0, 2 - u, u - 1]
    }
    let sum = ancestry.sum()
    let shares = sum == 0 ? SIMD3(repeating: 1.0 / 3) : ancestry / sum
    return pair(clamped(gender)) + pair(clamped(3 * age - 2)) + three(muscle) + three(weight)
      + [shares.x, shares.y, shares.z] + pair(clamped(height)) + pair(clamped(proportions))
  }
}

/// What the name of a shape target is made of; a target's coefficient is the product of its factors' weights.
public enum ShapeFactor: Int, Sendable, CaseIterable {
  case male, female, young, old
  case minmuscle, averagemuscle, maxmuscle, minweight, averageweight, maxweight
  case african, asian, caucasian, minheight, maxheight, idealproportions, uncommonproportions
}

extension Phenotype {
  /// A plausible adult: uniform in the ranges that give common people, ancestry from a flat Dirichlet distribution.
  public init(adultFrom random: inout some RandomNumberGenerator) {
    gender = random.uniform()
    age = random.uniform(in: 2.0 / 3...1)
    muscle = random.uniform(in: 0.1...0.9)
    weight = random.uniform(in: 0.1...0.9)
    height = random.uniform(in: 0.25...0.6)
    proportions = random.uniform()
    // Exponential variates, divided by their sum where they are used, are a flat Dirichlet draw.
    ancestry = SIMD3(-log(1 - random.uniform()), -log(1 - random.uniform()), -log(1 - random.uniform()))
  }
}
