import Foundation
import Testing

@testable import Datasets

@Suite struct BatchProducerTests {
  private struct Fault: Error, Equatable { let number: Int }

  @Test(arguments: [1, 4])
  func batchesComeInOrder(threads: Int) throws {
    let producer = BatchProducer(first: 5, ahead: 3, threads: threads) { index -> Int in
      // Later batches are quicker, so that several threads finish out of order.
      usleep(UInt32(2000 / (1 + index % 4)))
      return index * index
    }
    for index in 5..<45 { #expect(try producer.next() == index * index) }
    #expect(producer.waitedSeconds > 0)
  }

  @Test func noMoreThanTheStoreIsMadeAhead() throws {
    let made = Counter()
    let producer = BatchProducer(ahead: 3) { index -> Int in
      made.increment()
      return index
    }
    #expect(try producer.next() == 0)
    while made.value < 4 { usleep(1000) }
    usleep(20_000)
    #expect(made.value == 4, "one was taken, three may be in store")
  }

  @Test func errorComesInItsPlaceAndStays() throws {
    let producer = BatchProducer(ahead: 4, threads: 2) { index -> Int in
      if index == 2 { throw Fault(number: index) }
      return index
    }
    #expect(try producer.next() == 0)
    #expect(try producer.next() == 1)
    for _ in 0..<2 { #expect(throws: Fault(number: 2)) { try producer.next() } }
  }

  @Test func cancellingWakesTheConsumer() throws {
    let gate = DispatchSemaphore(value: 0)
    let producer = BatchProducer { index -> Int in
      gate.wait()
      return index
    }
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.02) { producer.cancel() }
    #expect(throws: CancellationError.self) { try producer.next() }
    gate.signal()
  }

  @Test func threadsEndWithTheProducer() throws {
    let alive = Counter()
    final class Token: Sendable {
      let counter: Counter
      init(_ counter: Counter) {
        self.counter = counter
        counter.increment()
      }
      deinit { counter.decrement() }
    }
    do {
      let token = Token(alive)
      let producer = BatchProducer(threads: 2) { index in (index, token) }
      #expect(try producer.next().0 == 0)
    }
    // The closure and what it holds go when the last thread has left it.
    var attempts = 0
    while alive.value > 0, attempts < 1000 {
      usleep(1000)
      attempts += 1
    }
    #expect(alive.value == 0)
  }

  private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    var value: Int { lock.withLock { count } }
    func increment() { lock.withLock { count += 1 } }
    func decrement() { lock.withLock { count -= 1 } }
  }
}
