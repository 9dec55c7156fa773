import Compute
import Foundation
import Kernels
import Synchronization

/// A device over OpenCL 1.2: any vendor's GPU, or a processor through PoCL.
///
/// Operations are enqueued on an in-order compute queue and not awaited. One lock serialises enqueueing, because a kernel
/// object's arguments and CLBlast are not thread-safe; it is never held while waiting for the device.
public final class OpenCLDevice: Device, @unchecked Sendable {
  public let information: DeviceInformation
  public let description: OpenCLDeviceDescription

  /// Work-items per group and bytes of local memory that our kernels allow themselves, whatever the driver claims.
  let groupSize: Int
  let localMemoryByteCount = 32 << 10
  /// How every product is cut; nil chooses by its shape.
  let forcedTiles: ProductTiles?

  let context: ContextHandle
  let pool: MemoryPool
  let programs: ProgramCache
  let submission: Mutex<Submission>

  /// - Parameters:
  ///   - index: which of `available()`.
  ///   - largestAllocation: caps what one buffer may hold, below the device's own limit; tests force the splitting of
  ///     temporaries with it.
  ///   - cacheDirectory: where program binaries are kept; nil takes `$XDG_CACHE_HOME/contrapposto` or
  ///     `~/.cache/contrapposto`.
  /// - Throws: `.unavailable` without a device of this index, `.permission` where the render node cannot be opened.
  public convenience init(index: Int = 0, largestAllocation: Int? = nil, cacheDirectory: URL? = nil) throws {
    try self.init(index: index, largestAllocation: largestAllocation, cacheDirectory: cacheDirectory, forcedTiles: nil)
  }

  package init(index: Int = 0, largestAllocation: Int? = nil, cacheDirectory: URL? = nil, forcedTiles: ProductTiles?)
    throws
  {
    guard index >= 0, let description = OpenCLDeviceDescription(index: index) else {
      throw Self.missingDevice(index)
    }
    self.description = description
    self.forcedTiles = forcedTiles
    context = try ContextHandle(description.handle)
    groupSize = greatestPowerOfTwo(notAbove: Swift.min(256, description.largestWorkGroup))
    let largest = Swift.min(description.largestAllocation, largestAllocation ?? Int.max)
    information = DeviceInformation(
      identifier: "opencl:\(index)", name: description.name, vendor: description.vendor,
      driver: "\(description.version) \(description.driverVersion)", computeUnits: description.computeUnits,
      memoryByteCount: description.memoryByteCount, largestAllocation: largest,
      supportsDouble: description.supportsDouble, isHostProcessor: description.isProcessor,
      // A processor's cache, or blocks with work enough for a card: a power of two, so that what a driver keeps of its
      // memory does not change how sums are cut.
      preferredWorkspaceByteCount: description.isProcessor
        ? DeviceInformation.cacheWorkspaceByteCount
        : greatestPowerOfTwo(notAbove: Swift.min(Swift.max(description.memoryByteCount / 256, 32 << 20), 256 << 20)))
    pool = MemoryPool(context, largestAllocation: largest)
    programs = ProgramCache(
      context, origin: "\(description.platformVersion) \(information.name) \(information.driver)",
      folder: (cacheDirectory ?? ProgramCache.defaultFolder).appendingPathComponent("kernels"))
    submission = Mutex(
      Submission(
        compute: try QueueHandle(context, isProfiling: false), data: try QueueHandle(context, isProfiling: false)))
  }

  public var fault: ComputeError? { submission.withLock { $0.fault } }

  public var profiler: (any Profiler)? {
    get { submission.withLock { $0.profiler } }
    set {
      submission.withLock { state in
        state.reportProfile(waiting: true)
        let isProfiling = newValue != nil
        if isProfiling != (state.profiler != nil) {
          state.keepingFault {
            try $0.compute.finish()
            $0.compute = try QueueHandle(context, isProfiling: isProfiling)
          }
        }
        state.profiler = newValue
      }
    }
  }

  /// Keeps the first fault; later work does nothing until a wait has thrown it.
  func record(_ fault: ComputeError) {
    submission.withLock { $0.fault = $0.fault ?? fault }
  }

  /// Runs `body`; what it throws becomes the device's fault.
  func keepingFault<Value>(_ body: () throws -> Value) -> Value? {
    do { return try body() } catch {
      record(error as? ComputeError ?? driverFault("an operation", "\(error)"))
      return nil
    }
  }

  /// False, with a fault kept, where an operation needs fp64 and the device has none.
  func supports(_ elementType: ElementType) -> Bool {
    guard elementType == .float64, !information.supportsDouble else { return true }
    record(
      ComputeError(
        .unavailable, what: "OpenCL: double is not supported by \(information.name)",
        why: "the driver does not list cl_khr_fp64, and double is never emulated",
        mend: "compute in float, or run with --device cpu"))
    return false
  }

  private static func missingDevice(_ index: Int) -> ComputeError {
    let count = available().count
    guard count == 0 else {
      return ComputeError(
        .unavailable, what: "OpenCL: there is no device \(index)",
        why: "the installed drivers have \(count), counted from 0", mend: "pass one that `contrapposto devices` lists")
    }
    if let node = unreadableRenderNode() {
      return ComputeError(
        .permission, what: "OpenCL: no device was found", why: "\(node) cannot be opened by this user",
        mend: "add yourself to the group that owns it (`sudo usermod -aG render $USER`) and log in again")
    }
    return ComputeError(
      .unavailable, what: "OpenCL: no device was found", why: "no installable client driver (ICD) offers one",
      mend: "install the GPU vendor's OpenCL driver, or pocl-opencl-icd to use the processor; or run with --device cpu")
  }
}

/// What enqueueing works on: guarded by the device's one lock.
struct Submission {
  var compute: QueueHandle
  let data: QueueHandle
  var fault: ComputeError?
  var kernels: [KernelKey: KernelHandle] = [:]
  /// What the self-tests of matrix products found.
  var soundness: [GemmForm: Bool] = [:]
  /// nil before it was tried.
  var hasMatrixUnits: Bool?
  /// How many commands the compute queue has been given, and how many of them are known to be done.
  var tickets = 0
  var completedTickets = 0
  /// Host bytes that pending uploads still read.
  var staging: [(bytes: StagedBytes, event: EventHandle)] = []
  var profiler: (any Profiler)?
  var profile: [(name: String, flop: Int, byteCount: Int, event: EventHandle)] = []

  init(compute: QueueHandle, data: QueueHandle) {
    self.compute = compute
    self.data = data
  }

  func queue(_ stream: StreamName) -> QueueHandle { stream == .compute ? compute : data }

  @discardableResult
  mutating func keepingFault<Value>(_ body: (inout Self) throws -> Value) -> Value? {
    do { return try body(&self) } catch {
      fault = fault ?? (error as? ComputeError) ?? driverFault("an operation", "\(error)")
      return nil
    }
  }

  /// Hands finished launches to the profiler.
  mutating func reportProfile(waiting: Bool) {
    guard let profiler else { return }
    var pending: [(name: String, flop: Int, byteCount: Int, event: EventHandle)] = []
    for entry in profile {
      if waiting { try? entry.event.wait() }
      guard entry.event.isComplete else {
        pending.append(entry)
        continue
      }
      if let (begin, end) = entry.event.times {
        profiler.record(
          LaunchRecord(name: entry.name, flop: entry.flop, byteCount: entry.byteCount, begin: begin, end: end))
      }
    }
    profile = pending
  }
}
