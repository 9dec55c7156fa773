import Foundation
import Synchronization

/// The values of `body` for 0 ..< count, made on several threads and put in order; after a failure no more are begun.
///
/// - Throws: the error of the lowest number that failed.
func concurrentMap<Value: Sendable, Failure: Error>(
  _ count: Int, threads: Int = ProcessInfo.processInfo.activeProcessorCount,
  _ body: @Sendable (Int) throws(Failure) -> Value
) throws(Failure) -> [Value] {
  let results = Mutex<[Int: Result<Value, Failure>]>([:])
  let next = Atomic(0)
  let hasFailed = Atomic(false)
  DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
    while !hasFailed.load(ordering: .relaxed) {
      let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard number < count else { return }
      let result = Result { () throws(Failure) in try body(number) }
      if case .failure = result { hasFailed.store(true, ordering: .relaxed) }
      results.withLock { $0[number] = result }
    }
  }
  var values: [Value] = []
  for (_, result) in results.withLock({ $0 }).sorted(by: { $0.key < $1.key }) { values.append(try result.get()) }
  return values
}
