import Foundation

/// Makes numbered batches ahead of their use on threads of its own, and hands them out in order.
///
/// Batch n is whatever `make(n)` returns, so the order of work among the threads cannot change it. At most `ahead`
/// batches wait or are being made. An error of `make` is thrown by the `next()` that would have given its batch, and by
/// every later one. The threads end when the producer is cancelled or released.
public final class BatchProducer<Batch: Sendable>: Sendable {
  private let queue: BatchQueue<Batch>

  /// Begins to make batches `first`, `first + 1`, ... at once.
  ///
  /// - Parameters:
  ///   - ahead: how many finished or unfinished batches may be in store; nil for two more than there are threads.
  ///   - threads: how many batches are made at the same time.
  ///   - make: called on the producer's threads, once per number.
  public init(
    first: Int = 0, ahead: Int? = nil, threads: Int = 1, make: @escaping @Sendable (Int) throws -> Batch
  ) {
    let ahead = ahead ?? threads + 2
    precondition(ahead > 0 && threads > 0, "BatchProducer: at least one batch ahead and one thread")
    let queue = BatchQueue<Batch>(first: first, capacity: ahead)
    self.queue = queue
    for number in 0..<threads {
      let thread = Thread {
        while let index = queue.claim() { queue.deliver(index, Result { try make(index) }) }
      }
      thread.name = "batch producer \(number)"
      thread.start()
    }
  }

  deinit { queue.cancel() }

  /// The next batch in order; waits until it is made.
  ///
  /// - Throws: what `make` threw for it, or `CancellationError` after `cancel()`.
  public func next() throws -> Batch { try queue.take() }

  /// Ends the production: threads stop after the batch at hand, and a waiting `next()` throws.
  public func cancel() { queue.cancel() }

  /// Seconds that `next()` has spent waiting in all: the share of a step's time lost to data.
  public var waitedSeconds: Double { queue.waitedSeconds }
}

/// The store between the threads, guarded by one condition.
private final class BatchQueue<Batch: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private let capacity: Int
  private var finished: [Int: Result<Batch, any Error>] = [:]
  private var nextToClaim: Int
  private var nextToTake: Int
  private var isCancelled = false
  private var waited = 0.0

  init(first: Int, capacity: Int) {
    self.capacity = capacity
    nextToClaim = first
    nextToTake = first
  }

  /// The number of the next batch to make, once there is room; nil when production has ended.
  func claim() -> Int? {
    condition.withLock {
      while !isCancelled && nextToClaim - nextToTake >= capacity { condition.wait() }
      guard !isCancelled else { return nil }
      defer { nextToClaim += 1 }
      return nextToClaim
    }
  }

  func deliver(_ index: Int, _ batch: Result<Batch, any Error>) {
    condition.withLock {
      guard !isCancelled else { return }
      finished[index] = batch
      condition.broadcast()
    }
  }

  func take() throws -> Batch {
    try condition.withLock {
      if finished[nextToTake] == nil && !isCancelled {
        let start = DispatchTime.now().uptimeNanoseconds
        while finished[nextToTake] == nil && !isCancelled { condition.wait() }
        waited += Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
      }
      guard !isCancelled, let batch = finished[nextToTake] else { throw CancellationError() }
      if case .success = batch {
        finished[nextToTake] = nil
        nextToTake += 1
        condition.broadcast()
      }
      return try batch.get()  // a failed batch stays in its place, so every later call fails alike
    }
  }

  func cancel() {
    condition.withLock {
      isCancelled = true
      finished = [:]
      condition.broadcast()
    }
  }

  var waitedSeconds: Double { condition.withLock { waited } }
}
