import CPUShim
import Compute
import Foundation
import Synchronization

/// A `Device` on the host, float32 to work and float64 for gradient checks.
///
/// Every operation runs at once, on the caller's thread and the device's workers, and is done when its call
/// returns. Operations may be called from several threads: while one has the workers, another runs its own
/// operation alone.
public final class CPUDevice: Device {
  public let information: DeviceInformation
  let workers: WorkerPool
  let memory = MemoryPool()
  private let firstFault = Mutex<ComputeError?>(nil)
  private let isFaulted = Atomic(false)
  private let currentProfiler = Mutex<(any Profiler)?>(nil)
  private let isProfiled = Atomic(false)

  /// - Parameters:
  ///   - threads: how many threads work, the caller included; nil takes what the process may use. Results are the
  ///     same bits for any number.
  ///   - largestAllocation: the most bytes that one buffer may have; nil for the machine's memory.
  public init(threads: Int? = nil, largestAllocation: Int? = nil) {
    let threadCount = max(threads ?? Int(cpu_available_threads()), 1)
    workers = WorkerPool(threads: threadCount)
    let memoryByteCount = Int(cpu_physical_memory())
    let processor = processorDescription()
    information = DeviceInformation(
      identifier: "cpu", name: processor.name, vendor: processor.vendor, driver: Self.gemmLibrary,
      computeUnits: threadCount, memoryByteCount: memoryByteCount,
      largestAllocation: largestAllocation ?? memoryByteCount, supportsDouble: true, isHostProcessor: true)
  }

  /// What multiplies float32 matrices: "oneDNN 2.6.3", or what its absence costs.
  public static var gemmLibrary: String {
    cpu_gemm_library().map { String(cString: $0) } ?? "plain loop (install libdnnl-dev: about twice as fast)"
  }

  public var profiler: (any Profiler)? {
    get { currentProfiler.withLock { $0 } }
    set {
      currentProfiler.withLock { $0 = newValue }
      isProfiled.store(newValue != nil, ordering: .releasing)
    }
  }

  // MARK: Faults

  public var fault: ComputeError? { firstFault.withLock { $0 } }

  /// Keeps the first fault until the next wait.
  func record(_ error: ComputeError) {
    firstFault.withLock { $0 = $0 ?? error }
    isFaulted.store(true, ordering: .releasing)
  }

  /// Throws the fault, if any, and forgets it.
  func throwFault() throws {
    guard isFaulted.load(ordering: .acquiring) else { return }
    let error = firstFault.withLock { slot in
      defer { slot = nil }
      isFaulted.store(false, ordering: .releasing)
      return slot
    }
    if let error { throw error }
  }

  // MARK: Launching

  /// Runs an operation unless the device has a fault, and tells the profiler.
  ///
  /// Traps when a view belongs to another device or leaves its buffer.
  func launch(
    _ name: @autoclosure () -> String, flop: @autoclosure () -> Int = 0, reading: [TensorView], writing: [TensorView],
    _ body: () -> Void
  ) {
    guard !isFaulted.load(ordering: .acquiring) else { return }
    for view in reading where !admits(view, to: name()) { return }
    for view in writing where !admits(view, to: name()) { return }
    let profiler = isProfiled.load(ordering: .acquiring) ? profiler : nil
    let begin = profiler == nil ? 0 : cpu_now()
    body()
    for view in writing { view.buffer.markWritten() }
    profiler?.record(
      LaunchRecord(
        name: name(), flop: flop(), byteCount: (reading + writing).reduce(0) { $0 + $1.touchedByteCount },
        begin: begin, end: cpu_now()))
  }

  /// Checks a view before its memory is touched; false when the memory was refused.
  private func admits(_ view: TensorView, to name: @autoclosure () -> String) -> Bool {
    guard let buffer = view.buffer as? CPUBuffer, buffer.pool === memory else {
      return orTrap(
        try {
          throw ComputeError(
            .shape, what: "\(name()): an operand lies on another device", why: "an operation runs on one device",
            mend: "download it and upload it to this device")
        }())
    }
    if buffer.isRefused {
      record(
        ComputeError(
          .system, what: "\(name()): an operand has no memory",
          why: "its allocation of \(buffer.byteCount) bytes failed",
          mend: "use a smaller batch or model, or free memory"))
      return false
    }
    let (first, last) = view.extent
    precondition(
      first >= 0 && last * view.elementType.byteCount <= buffer.byteCount,
      "\(name()): a view of shape \(view.shape), strides \(view.strides) and offset \(view.offset) leaves its buffer")
    return true
  }

  /// Runs tiles, each with `scratchBytes` of scratch memory that belongs to its worker.
  func runTiles(
    _ tiles: Int, scratchBytes: Int, _ body: (_ tile: Int, _ scratch: UnsafeMutableRawPointer) -> Void
  ) {
    withScratch(scratchBytes * (tiles > 1 ? workers.threadCount : 1)) { scratch in
      workers.run(tiles) { tile, worker in body(tile, scratch + worker * scratchBytes) }
    }
  }

  /// Lends pooled memory; a refusal becomes the device's fault.
  func withScratch(_ byteCount: Int, _ body: (UnsafeMutableRawPointer) -> Void) {
    guard let block = memory.obtain(byteCount) else {
      return record(outOfMemory(byteCount))
    }
    defer { memory.release(block) }
    body(block.base)
  }

  func outOfMemory(_ byteCount: Int) -> ComputeError {
    ComputeError(
      .system, what: "allocate: the system refused \(byteCount) bytes", why: "memory is exhausted",
      mend: "use a smaller batch or model, or free memory")
  }
}

/// What the system says of its processor.
private func processorDescription() -> (name: String, vendor: String) {
  let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
  func field(_ key: String) -> String? {
    let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
  }
  return (field("model name") ?? "host processor", field("vendor_id") ?? "unknown")
}

extension TensorView {
  /// The first element's address. The buffer has been admitted.
  var pointer: UnsafeMutableRawPointer {
    unsafeDowncast(buffer, to: CPUBuffer.self).base + offset * elementType.byteCount
  }

  /// The elements of a contiguous view.
  func elements<Element>(_: Element.Type) -> UnsafeMutablePointer<Element> {
    pointer.assumingMemoryBound(to: Element.self)
  }

  /// The lowest and one past the highest element that the view reaches.
  fileprivate var extent: (Int, Int) {
    if isEmpty { return (0, 0) }
    var low = offset
    var high = offset
    for axis in shape.indices {
      let reach = (shape[axis] - 1) * strides[axis]
      if reach < 0 { low += reach } else { high += reach }
    }
    return (low, high + 1)
  }

  /// Bytes of distinct elements: what an operation must move at least.
  fileprivate var touchedByteCount: Int {
    zip(shape, strides).reduce(elementType.byteCount) { $0 * ($1.1 == 0 ? min($1.0, 1) : $1.0) }
  }
}
