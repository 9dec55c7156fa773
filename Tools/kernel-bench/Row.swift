import Compute
import Foundation

/// One result, as a JSON line and as a line of a table.
struct Row: Encodable {
  let kernel: String
  let device: String
  let deviceName: String
  let driver: String
  let commit: String
  let scalar: String
  let medianSeconds: Double
  let p10Seconds: Double
  let p90Seconds: Double
  let samples: Int
  let gflops: Double
  let gbps: Double
  /// Our best square matrix product of this run.
  let roofGflops: Double
  /// A large copy of this run.
  let roofGbps: Double
  /// Of the roof that limits this kernel.
  let shareOfRoof: Double
  /// The greatest error of the checked elements, as a share of the allowed one.
  let worstError: Double
  let checkedElements: Int

  enum CodingKeys: String, CodingKey {
    case kernel, device, driver, commit, scalar, samples, gflops, gbps
    case deviceName = "device_name"
    case medianSeconds = "median_s"
    case p10Seconds = "p10_s"
    case p90Seconds = "p90_s"
    case roofGflops = "roof_gflops"
    case roofGbps = "roof_gbps"
    case shareOfRoof = "share_of_roof"
    case worstError = "worst_error"
    case checkedElements = "checked_elements"
  }

  init(
    _ benchmark: Benchmark, _ measurement: Measurement, _ verification: Verification, roof: Roof,
    device: DeviceInformation, type: ElementType, commit: String
  ) {
    let flops = Double(benchmark.flop) / measurement.median
    let bytes = Double(benchmark.elementTraffic * type.byteCount) / measurement.median
    kernel = benchmark.name
    self.device = device.identifier
    deviceName = device.name
    driver = device.driver
    self.commit = commit
    scalar = type == .float32 ? "float" : "double"
    medianSeconds = measurement.median
    p10Seconds = measurement.percentile(0.1)
    p90Seconds = measurement.percentile(0.9)
    samples = measurement.samples.count
    gflops = flops / 1e9
    gbps = bytes / 1e9
    roofGflops = roof.arithmetic / 1e9
    roofGbps = roof.memory / 1e9
    shareOfRoof = benchmark.bound == .arithmetic ? flops / roof.arithmetic : bytes / roof.memory
    worstError = verification.worst
    checkedElements = verification.sampleCount
  }

  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  static let header =
    "kernel".padded(32) + "median ms".leading(11) + "p10".leading(9) + "p90".leading(9) + "GFLOP/s".leading(10)
    + "GB/s".leading(8) + "of roof".leading(9)

  var line: String {
    kernel.padded(32) + (medianSeconds * 1e3).text(3).leading(11) + (p10Seconds * 1e3).text(3).leading(9)
      + (p90Seconds * 1e3).text(3).leading(9) + gflops.text(1).leading(10) + gbps.text(1).leading(8)
      + "\((shareOfRoof * 100).text(0)) %".leading(9)
  }
}

extension String {
  fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
  fileprivate func leading(_ width: Int) -> String { String(repeating: " ", count: max(1, width - count)) + self }
}

extension Double {
  fileprivate func text(_ digits: Int) -> String { String(format: "%.\(digits)f", self) }
}
