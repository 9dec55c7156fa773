import CLShim
import Compute

/// What a driver says about one of its devices.
public struct OpenCLDeviceDescription: Sendable {
  /// Its place among all platforms' devices: what `OpenCLDevice(index:)` and `--device opencl:N` take.
  public let index: Int
  public let platform, platformVersion: String
  public let name, vendor, version, driverVersion: String
  public let extensions: Set<String>
  public let computeUnits: Int
  public let memoryByteCount: Int
  public let largestAllocation: Int
  public let localMemoryByteCount: Int
  public let largestWorkGroup: Int
  /// The most bytes that one launch's arguments may take.
  public let parameterByteCount: Int
  /// Whether the device is the host's own processor (PoCL, for instance).
  public let isProcessor: Bool
  /// NVIDIA's compute capability, 90 for 9.0; 0 for other devices.
  public let nvidiaCapability: Int

  public var supportsDouble: Bool { extensions.contains("cl_khr_fp64") }

  let handle: DeviceHandle

  init?(index: Int) {
    var device: clshim_device?
    guard clshim_device_at(Int32(index), &device) == 0, let device else { return nil }
    let handle = DeviceHandle(pointer: device)
    self.index = index
    self.handle = handle
    platform = handle.text(CLSHIM_PLATFORM_NAME)
    platformVersion = handle.text(CLSHIM_PLATFORM_VERSION)
    name = handle.text(CLSHIM_DEVICE_NAME)
    vendor = handle.text(CLSHIM_DEVICE_VENDOR)
    version = handle.text(CLSHIM_DEVICE_VERSION)
    driverVersion = handle.text(CLSHIM_DRIVER_VERSION)
    extensions = Set(handle.text(CLSHIM_DEVICE_EXTENSIONS).split(separator: " ").map(String.init))
    computeUnits = handle.number(CLSHIM_COMPUTE_UNITS)
    memoryByteCount = handle.number(CLSHIM_GLOBAL_MEMORY)
    largestAllocation = handle.number(CLSHIM_LARGEST_ALLOCATION)
    localMemoryByteCount = handle.number(CLSHIM_LOCAL_MEMORY)
    largestWorkGroup = handle.number(CLSHIM_LARGEST_WORK_GROUP)
    parameterByteCount = handle.number(CLSHIM_PARAMETER_BYTES)
    isProcessor = handle.number(CLSHIM_IS_PROCESSOR) == 1
    nvidiaCapability =
      extensions.contains("cl_nv_device_attribute_query") ? handle.number(CLSHIM_NVIDIA_CAPABILITY) : 0
  }
}

extension OpenCLDevice {
  /// Every device of every installed driver; empty when there is none.
  public static func available() -> [OpenCLDeviceDescription] {
    var count: Int32 = 0
    guard clshim_device_count(&count) == 0 else { return [] }
    return (0..<Int(count)).compactMap { OpenCLDeviceDescription(index: $0) }
  }
}

/// A device as the driver knows it; lives as long as the process.
struct DeviceHandle: @unchecked Sendable {
  let pointer: clshim_device

  func text(_ which: clshim_text) -> String {
    let bytes = [CChar](unsafeUninitializedCapacity: 16_384) { buffer, count in
      count = 0
      guard clshim_device_text(pointer, which, buffer.baseAddress, buffer.count) == 0 else { return }
      while buffer[count] != 0 { count += 1 }
    }
    let text = String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }

  func number(_ which: clshim_number) -> Int {
    var number: UInt64 = 0
    return clshim_device_number(pointer, which, &number) == 0 ? Int(clamping: number) : 0
  }
}
