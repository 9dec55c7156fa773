import Foundation

/// Runs `body(0)`, `body(1)`, ... on all cores and waits; after a failure no more are begun.
///
/// - Throws: the error of the lowest number that failed.
func concurrently(_ count: Int, _ body: @Sendable (Int) throws -> Void) throws {
  let failures = Failures()
  DispatchQueue.concurrentPerform(iterations: count) { index in
    guard failures.first == nil else { return }
    do { try body(index) } catch { failures.add(index, error) }
  }
  if let first = failures.first { throw first }
}

private final class Failures: @unchecked Sendable {
  private let lock = NSLock()
  private var errors: [Int: any Error] = [:]

  func add(_ index: Int, _ error: any Error) { lock.withLock { errors[index] = error } }

  var first: (any Error)? { lock.withLock { errors.min { $0.key < $1.key }?.value } }
}

/// Results of numbered work, written by many threads.
final class Results<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var values: [Value?]

  init(count: Int) { values = [Value?](repeating: nil, count: count) }

  subscript(index: Int) -> Value? {
    get { lock.withLock { values[index] } }
    set { lock.withLock { values[index] = newValue } }
  }

  var all: [Value] { lock.withLock { values.compactMap { $0 } } }
}
