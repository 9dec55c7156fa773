/// How two point sets are matched: entropic optimal transport by a few damped Sinkhorn updates.
///
/// The defaults are those of 3D-CoreNet and MAPConNet's released code. The constant is part of the function: while all
/// similarities are small it outweighs the sums that it is added to, and the matching is a softmax.
public struct SinkhornSettings: Sendable, Hashable {
  /// What becomes of the Gibbs kernel between passes.
  public enum Storage: String, Codable, Sendable, Hashable, CaseIterable {
    /// Kept in the real type: one value per pair of points.
    case full
    /// Kept in half the memory of float32; each value is off by up to 2^-8 of itself. float32 only.
    ///
    /// On bodies of 1,722 vertices, a network in training and a temperature of 0.03, warped vertices moved by 0.15 mm at
    /// most, by 0.014 mm on average, and the gradient of a training step by 0.1 % of its length.
    case bfloat16
    /// Computed anew for every pass, in a workspace: no memory that grows with the number of pairs.
    case recomputed
  }

  /// The kernel is exp((similarity - 1) / temperature).
  public var temperature: Double
  /// Updates of the column scaling; the row scaling is updated once less, because its last value cancels.
  public var iterations: Int
  /// Added to every sum that an update divides by.
  public var constant: Double
  public var storage: Storage

  public init(
    temperature: Double = 0.03, iterations: Int = 5, constant: Double = 1e-8, storage: Storage = .full
  ) {
    self.temperature = temperature
    self.iterations = iterations
    self.constant = constant
    self.storage = storage
  }

  /// Below this temperature exp(-2 / temperature) vanishes in float32, and the kernel is kept in its shifted form.
  static let lowestPlainTemperature = 0.023

  var isShifted: Bool { temperature < Self.lowestPlainTemperature }

  /// Throws a `.configuration` error where a number makes no sense.
  public func validate() throws {
    guard temperature.isFinite, temperature >= 1e-4 else {
      throw ComputeError(
        .configuration, what: "Sinkhorn: the temperature is \(temperature)",
        why: "similarities are divided by it; below 1e-4 their rounding in float32 decides the matching",
        mend: "set a temperature from 0.0001, for instance 0.03")
    }
    guard (1...100).contains(iterations) else {
      throw ComputeError(
        .configuration, what: "Sinkhorn: \(iterations) iterations",
        why: "the backward pass keeps two vectors for each, from 1 to 100", mend: "set iterations to 5, for instance")
    }
    guard constant >= 1e-20, constant <= 1 else {
      throw ComputeError(
        .configuration, what: "Sinkhorn: the additive constant is \(constant)",
        why: "it keeps a vanishing sum from being divided by, and is small beside sums of 1",
        mend: "set a constant from 1e-20 to 1, for instance 1e-8")
    }
  }
}
