import Foundation

/// Makes batches on a background thread, a few ahead of the one that trains.
///
/// Batches come out in order, each made once. At most `depth` wait at any time.
final class Prefetcher<Batch: Sendable>: @unchecked Sendable {
  private let make: @Sendable (Int) throws -> Batch
  private let depth: Int
  // Guarded by `condition`.
  private let condition = NSCondition()
  private var ready: [Result<Batch, any Error>] = []
  private var isStopped = false

  /// Starts with batch `range.lowerBound`.
  init(_ range: Range<Int>, depth: Int = 2, make: @escaping @Sendable (Int) throws -> Batch) {
    self.make = make
    self.depth = depth
    let thread = Thread { [self] in produce(range) }
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Waits for the next batch; throws what making it threw.
  func next() throws -> Batch {
    condition.lock()
    while ready.isEmpty { condition.wait() }
    let batch = ready.removeFirst()
    condition.broadcast()
    condition.unlock()
    return try batch.get()
  }

  /// Ends production after the batch in hand.
  func stop() {
    condition.lock()
    isStopped = true
    ready = []
    condition.broadcast()
    condition.unlock()
  }

  private func produce(_ range: Range<Int>) {
    for index in range {
      let batch = Result { try make(index) }
      condition.lock()
      while ready.count >= depth, !isStopped { condition.wait() }
      let ends = isStopped
      if !ends { ready.append(batch) }
      condition.broadcast()
      condition.unlock()
      if ends { return }
      if case .failure = batch { return }
    }
  }
}
