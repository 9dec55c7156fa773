import CPUShim
import Compute
import Synchronization

/// A piece of host memory that goes back to its pool.
final class CPUBuffer: Buffer, @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  /// Whether the system refused the memory: the buffer stands in for it and no operation touches it.
  let isRefused: Bool
  let pool: MemoryPool
  private let block: MemoryPool.Block

  init(byteCount: Int, block: MemoryPool.Block, pool: MemoryPool, isRefused: Bool) {
    base = block.base
    self.block = block
    self.pool = pool
    self.isRefused = isRefused
    super.init(byteCount: byteCount)
  }

  deinit { pool.release(block) }
}

/// Memory by size class, kept when a buffer goes.
///
/// A class is an eighth of a power of two, and a request is served by its own class only: once a sequence of
/// requests has been served, the same sequence is served again without the system. What rounding up adds is
/// address space, not memory: the system provides pages when they are first written.
final class MemoryPool: Sendable {
  struct Block: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let byteCount: Int
  }

  private struct State {
    var free: [Int: [Block]] = [:]
    var statistics = MemoryStatistics()
  }

  private let state = Mutex(State())

  /// Blocks above this size are pages of their own, smaller ones come from the heap.
  private static let pageThreshold = 64 << 10
  /// A cache line, and the widest vector.
  private static let alignment = 64

  var statistics: MemoryStatistics { state.withLock { $0.statistics } }

  /// The size of the class that serves `byteCount` bytes.
  static func classSize(_ byteCount: Int) -> Int {
    guard byteCount > alignment else { return alignment }
    let step = max(greatestPowerOfTwo(notAbove: byteCount) / 8, alignment)
    return (byteCount + step - 1) / step * step
  }

  /// A block of at least `byteCount` bytes, or nil when the system has none.
  func obtain(_ byteCount: Int) -> Block? {
    let size = Self.classSize(byteCount)
    return state.withLock { state in
      if let block = state.free[size]?.popLast() {
        state.statistics.take(size)
        return block
      }
      guard let base = Self.systemAllocate(size) else { return nil }
      state.statistics.systemAllocationCount += 1
      state.statistics.mappedByteCount += size
      state.statistics.take(size)
      return Block(base: base, byteCount: size)
    }
  }

  func release(_ block: Block) {
    state.withLock { state in
      state.statistics.liveByteCount -= block.byteCount
      state.free[block.byteCount, default: []].append(block)
    }
  }

  /// Gives every free block back to the system.
  func trim() {
    state.withLock { state in
      for block in state.free.values.joined() {
        state.statistics.mappedByteCount -= block.byteCount
        Self.systemFree(block)
      }
      state.free = [:]
    }
  }

  deinit { trim() }

  private static func systemAllocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    byteCount > pageThreshold
      ? cpu_map_pages(Int64(byteCount)) : .allocate(byteCount: byteCount, alignment: alignment)
  }

  private static func systemFree(_ block: Block) {
    if block.byteCount > pageThreshold {
      cpu_unmap_pages(block.base, Int64(block.byteCount))
    } else {
      block.base.deallocate()
    }
  }
}

extension MemoryStatistics {
  fileprivate mutating func take(_ byteCount: Int) {
    liveByteCount += byteCount
    peakLiveByteCount = max(peakLiveByteCount, liveByteCount)
  }
}
