import Foundation
import Synchronization

/// The values of `body` for 0 ..< count, made on several threads and put in order.
func concurrentMap<Value: Sendable>(
  _ count: Int, threads: Int, _ body: @Sendable (Int) -> Value
) -> [Value] {
  let values = Mutex<[Int: Value]>([:])
  let next = Atomic(0)
  DispatchQueue.concurrentPerform(iterations: threads) { _ in
    while true {
      let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard number < count else { return }
      let value = body(number)
      values.withLock { $0[number] = value }
    }
  }
  return values.withLock { values in (0..<count).compactMap { values[$0] } }
}
