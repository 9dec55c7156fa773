import Compute

/// Seconds of a training step's parts; each ends with a wait for the device.
public struct StepTimes: Sendable {
  public var forward = 0.0
  public var backward = 0.0
  public var optimizer = 0.0

  public init() {}
}

extension StepTimes? {
  /// Runs a part of a step; nil adds no wait, so that timing costs nothing where nobody asks for it.
  public mutating func timing<Result>(
    _ part: WritableKeyPath<StepTimes, Double>, on device: any Device, _ body: () throws -> Result
  ) throws -> Result {
    guard self != nil else { return try body() }
    let start = ContinuousClock.now
    let result = try body()
    try device.synchronize()
    self?[keyPath: part] += (ContinuousClock.now - start) / .seconds(1)
    return result
  }
}
