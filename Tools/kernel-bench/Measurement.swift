import Compute

/// Wall-clock times of one run, in seconds: launches included, everything waited for.
struct Measurement {
  let samples: [Double]

  var median: Double { percentile(0.5) }

  /// The sample below which a share of all samples lies (nearest rank).
  func percentile(_ share: Double) -> Double {
    samples.sorted()[Int((share * Double(samples.count - 1)).rounded())]
  }

  /// Warms up, then takes samples of at least 5 ms each, so that short runs are not measured by the clock's grain.
  init(on device: any Device, quick: Bool, _ run: () -> Void) throws {
    let clock = ContinuousClock()
    func seconds(_ repetitions: Int) throws -> Double {
      let time = try clock.measure {
        for _ in 0..<repetitions { run() }
        try device.synchronize()
      }
      let (whole, attoseconds) = time.components
      return (Double(whole) + Double(attoseconds) * 1e-18) / Double(repetitions)
    }
    _ = try seconds(1)
    let estimate = try seconds(1)
    let repetitions = max(1, min(1000, Int((5e-3 / estimate).rounded(.up))))
    let count = quick ? 3 : max(7, min(50, Int(1 / (estimate * Double(repetitions)))))
    samples = try (0..<count).map { _ in try seconds(repetitions) }
  }
}
