import Compute
import Foundation
import Training

/// Times steps, after one that fills the pools and compiles kernels.
struct StepClock {
  private(set) var samples: [Double] = []
  private(set) var times = StepTimes()
  private(set) var newAllocations = 0

  /// - Parameter step: gets the times to add to.
  mutating func run(_ steps: Int, on device: any Device, _ step: (inout StepTimes?) throws -> Void) throws {
    let clock = ContinuousClock()
    var allocations = 0
    for number in 0...steps {
      if number == 1 { allocations = device.memoryStatistics.systemAllocationCount }
      var parts: StepTimes? = number == 0 ? StepTimes() : times
      let start = clock.now
      try step(&parts)
      guard number > 0 else { continue }
      times = parts ?? times
      samples.append((clock.now - start) / .seconds(1))
    }
    newAllocations = device.memoryStatistics.systemAllocationCount - allocations
  }
}

/// What one run of `kernel-bench step` found.
struct StepResult: Encodable {
  let model: String
  let device, deviceName, driver: String
  /// What was run: batch, vertices, widths.
  let settings: [String: String]
  let medianSeconds: Double
  let trainSteps: [Double]
  let forward, backward, optimizer, dataWait: Double
  /// The high-water mark of the process's resident memory.
  let peakResidentBytes: Int
  /// Requests to the system for device memory after the first step: 0 when the pools serve everything.
  let newAllocations: Int

  enum CodingKeys: String, CodingKey {
    case model, device, driver, settings
    case deviceName = "device_name"
    case medianSeconds = "median_s"
    case trainSteps = "train_steps"
    case forward = "forward_s"
    case backward = "backward_s"
    case optimizer = "optimizer_s"
    case dataWait = "data_wait_s"
    case peakResidentBytes = "peak_rss_bytes"
    case newAllocations = "new_allocations_after_first_step"
  }

  /// - Parameter waited: seconds that the timed steps waited for data, in all.
  init(_ model: String, settings: [String: String], _ clock: StepClock, waited: Double, on device: any Device) {
    self.model = model
    self.settings = settings
    self.device = device.information.identifier
    deviceName = device.information.name
    driver = device.information.driver
    medianSeconds = clock.samples.sorted()[clock.samples.count / 2]
    trainSteps = clock.samples
    let count = Double(clock.samples.count)
    forward = clock.times.forward / count
    backward = clock.times.backward / count
    optimizer = clock.times.optimizer / count
    dataWait = waited / count
    newAllocations = clock.newAllocations
    peakResidentBytes = peakResidentMemory()
  }

  /// One JSON line, or text for a reader.
  func text(asJSON: Bool) throws -> String {
    if asJSON {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
    func seconds(_ value: Double) -> String { String(format: "%.3f s", value) }
    return """
      \(model) on \(deviceName): \(settings.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
      median \(seconds(medianSeconds)) of \(trainSteps.count) steps, peak memory \(peakResidentBytes >> 20) MiB
      forward \(seconds(forward)), backward \(seconds(backward)), optimiser \(seconds(optimizer)), \
      data wait \(seconds(dataWait))
      new allocations after the first step: \(newAllocations)
      """
  }
}

/// VmHWM of this process in bytes: unlike getrusage's figure it does not survive exec.
private func peakResidentMemory() -> Int {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
  return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }.map { $0 << 10 } ?? 0
}
