import CPUBackend
import Compute
import OpenCLBackend

/// A device together with the real type that a test computes in.
public struct TestDevice: Sendable, CustomStringConvertible {
  /// Shared by all tests: leave its profiler, its pool and its faults alone, see `fresh()`.
  public let device: any Device
  public let elementType: ElementType
  private let make: @Sendable (_ largestAllocation: Int?) throws -> any Device

  init(
    _ elementType: ElementType, on device: any Device,
    _ make: @escaping @Sendable (_ largestAllocation: Int?) throws -> any Device
  ) {
    self.device = device
    self.elementType = elementType
    self.make = make
  }

  public var description: String { "\(device.information.identifier) \(elementType)" }

  /// Another device of the same kind, for tests that count allocations, raise faults or profile.
  public func fresh(largestAllocation: Int? = nil) throws -> TestDevice {
    try TestDevice(elementType, on: make(largestAllocation), make)
  }
}

/// Every device present, for `@Test(arguments:)`.
public enum Devices {
  /// Each device in each real type that it computes in.
  public static let underTest: [TestDevice] = survey.pairs

  /// Each device once, in float32, for tests that no real type changes.
  public static let each: [TestDevice] = underTest.filter { $0.elementType == .float32 }

  /// What is not tested here and why; printed once.
  public static let skipped: [String] = survey.skipped

  private static let survey: (pairs: [TestDevice], skipped: [String]) = {
    var devices = [TestDevice(.float32, on: CPUDevice()) { CPUDevice(largestAllocation: $0) }]
    var skipped: [String] = []
    let present = OpenCLDevice.available()
    if present.isEmpty { skipped.append("opencl: no device") }
    for description in present {
      let make: @Sendable (Int?) throws -> any Device = {
        try OpenCLDevice(index: description.index, largestAllocation: $0)
      }
      do {
        devices.append(try TestDevice(.float32, on: make(nil), make))
      } catch {
        // A device that is there and does not start is a failure, not a skip.
        fatalError("opencl:\(description.index) does not start: \(error)")
      }
    }
    let pairs = devices.flatMap { device in
      [ElementType.float32, .float64].compactMap { type -> TestDevice? in
        if type == .float64, !device.device.information.supportsDouble {
          skipped.append("\(device.device.information.identifier) float64: the device has no fp64")
          return nil
        }
        return device.with(type)
      }
    }
    for reason in skipped { print("skipped: \(reason)") }
    if !skipped.isEmpty { print("skipped: \(skipped.count) in all") }
    return (pairs, skipped)
  }()
}

extension TestDevice {
  func with(_ type: ElementType) -> TestDevice { TestDevice(type, on: device, make) }
}

// MARK: - Operands

extension TestDevice {
  /// A view that holds `host`; what lies between and around its elements is NaN (or every bit set).
  public func input(_ host: HostTensor, _ layout: Layout = .contiguous, as type: ElementType? = nil) -> TensorView {
    let type = type ?? elementType
    let (strides, span) = layout.strides(host.shape)
    let count = layout.offset + span
    var bytes = [UInt8](repeating: 0xFF, count: count * type.byteCount)
    let stored = encoded(host.values, as: type)
    let width = type.byteCount
    for (k, position) in positions(shape: host.shape, strides: strides, offset: layout.offset).enumerated() {
      for byte in 0..<width { bytes[position * width + byte] = stored[k * width + byte] }
    }
    let storage = device.allocate(type, [count])
    bytes.withUnsafeBytes { device.upload($0, to: storage, on: .compute) }
    return TensorView(
      buffer: storage.buffer, elementType: type, shape: host.shape, strides: strides, offset: layout.offset)
  }

  /// A view to write to, between canary words.
  public func output(
    _ shape: [Int], _ layout: Layout = .contiguous, as type: ElementType? = nil, initially: HostTensor? = nil
  ) -> GuardedOutput {
    GuardedOutput(shape, type ?? elementType, layout, initially: initially?.values, on: device)
  }
}

extension TestDevice {
  /// Whether the device can store and convert `type`.
  public func holds(_ type: ElementType) -> Bool { type != .float64 || device.information.supportsDouble }
}
