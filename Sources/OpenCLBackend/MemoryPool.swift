import Compute
import Synchronization

/// Device memory by size class: what a buffer gives back serves the next request of its class.
///
/// Classes are a quarter of a power of two apart, so that at most a fifth of a buffer is slack. In-order queues make reuse
/// safe without waiting: whatever still reads the old content was enqueued before whatever writes the new.
final class MemoryPool: Sendable {
  /// A block at rest, and how much work the compute queue had been given when it came back.
  struct Block {
    let memory: MemoryHandle
    let ticket: Int
  }

  private struct State {
    var free: [Int: [Block]] = [:]
    var statistics = MemoryStatistics()
  }

  private let context: ContextHandle
  private let largestAllocation: Int
  private let state = Mutex(State())

  init(_ context: ContextHandle, largestAllocation: Int) {
    self.context = context
    self.largestAllocation = largestAllocation
  }

  var statistics: MemoryStatistics { state.withLock { $0.statistics } }

  func take(byteCount: Int) throws -> Block {
    guard byteCount <= largestAllocation else {
      throw ComputeError(
        .system, what: "OpenCL: a buffer of \(byteCount) bytes was asked for",
        why: "the device's largest allocation is \(largestAllocation) bytes",
        mend: "use a smaller batch or a larger device")
    }
    let size = min(Self.sizeClass(byteCount), largestAllocation)
    let pooled = state.withLock { state -> Block? in
      let block = state.free[size]?.popLast()
      if block != nil { state.statistics.tookLive(size) }
      return block
    }
    if let pooled { return pooled }
    var memory = try? MemoryHandle(context, byteCount: size)
    if memory == nil {
      // What lies idle in other classes may be all that is missing.
      trim()
      memory = try MemoryHandle(context, byteCount: size)
    }
    guard let memory else { throw driverFault("allocating \(size) bytes", "no buffer") }
    state.withLock { state in
      state.statistics.mappedByteCount += size
      state.statistics.systemAllocationCount += 1
      state.statistics.tookLive(size)
    }
    return Block(memory: memory, ticket: 0)
  }

  func giveBack(_ memory: MemoryHandle, ticket: Int) {
    state.withLock { state in
      state.free[memory.byteCount, default: []].append(Block(memory: memory, ticket: ticket))
      state.statistics.liveByteCount -= memory.byteCount
    }
  }

  func trim() {
    let dropped = state.withLock { state in
      let idle = state.free
      state.free = [:]
      for (size, blocks) in idle { state.statistics.mappedByteCount -= size * blocks.count }
      return idle
    }
    // Released outside the lock; the driver keeps a block until the work that uses it is done.
    withExtendedLifetime(dropped) {}
  }

  /// The next of 1, 1.25, 1.5, 1.75 times a power of two, at least 256 bytes.
  static func sizeClass(_ byteCount: Int) -> Int {
    guard byteCount > 256 else { return 256 }
    let power = greatestPowerOfTwo(notAbove: byteCount - 1)
    let quarter = power / 4
    return power + (byteCount - power + quarter - 1) / quarter * quarter
  }
}

extension MemoryStatistics {
  fileprivate mutating func tookLive(_ size: Int) {
    liveByteCount += size
    peakLiveByteCount = max(peakLiveByteCount, liveByteCount)
  }
}

/// A pooled piece of an OpenCL device's memory.
final class OpenCLBuffer: Buffer, @unchecked Sendable {
  /// nil after an allocation that failed; the device holds the fault.
  let memory: MemoryHandle?
  /// Compute work with a lower ticket may still touch what this memory held before.
  let ticket: Int
  /// Whether the data queue has touched it.
  let isOnDataStream = Atomic<Bool>(false)
  private let device: OpenCLDevice

  func isOwned(by device: OpenCLDevice) -> Bool { self.device === device }

  init(byteCount: Int, block: MemoryPool.Block?, device: OpenCLDevice) {
    memory = block?.memory
    ticket = block?.ticket ?? 0
    self.device = device
    super.init(byteCount: byteCount)
  }

  deinit {
    if let memory { device.recycle(memory, wasOnDataStream: isOnDataStream.load(ordering: .relaxed)) }
  }
}
