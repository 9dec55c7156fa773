import Geometry
import Testing

@Suite struct PhiloxGeneratorTests {
  private func words(_ count: Int, seed: UInt64, stream: UInt64) -> [UInt64] {
    var generator = PhiloxGenerator(seed: seed, stream: stream)
    return (0..<count).map { _ in generator.next() }
  }

  @Test func seedAndStreamNameTheNumbers() {
    #expect(words(9, seed: 1, stream: 2) == words(9, seed: 1, stream: 2))
    let all = [(1, 2), (1, 3), (2, 2), (2, 1)].map { words(9, seed: $0.0, stream: $0.1) }
    #expect(Set(all.flatMap { $0 }).count == 36)
  }

  @Test func positionResumes() {
    let all = words(10, seed: 7, stream: 0)
    for taken in 0..<10 {
      var generator = PhiloxGenerator(seed: 7, stream: 0)
      generator.position = UInt64(taken)
      #expect(generator.next() == all[taken])
    }
  }

  /// Bounds are five standard errors wide.
  @Test func momentsAreThoseOfTheDistributions() {
    var generator = PhiloxGenerator(seed: 11, stream: 0)
    let count = 20_000
    let uniform = (0..<count).map { _ in generator.uniform(in: -1...3) }
    #expect(uniform.allSatisfy { $0 >= -1 && $0 < 3 })
    #expect(abs(mean(uniform) - 1) < 5 * (16.0 / 12 / Double(count)).squareRoot())
    let normal = (0..<count).map { _ in generator.normal(mean: 2, deviation: 3) }.map { ($0 - 2) / 3 }
    #expect(abs(mean(normal)) < 5 / Double(count).squareRoot())
    #expect(abs(mean(normal.map { $0 * $0 }) - 1) < 5 * (2 / Double(count)).squareRoot())
    #expect(abs(mean(normal.map { $0 * $0 * $0 })) < 5 * (15 / Double(count)).squareRoot())
    let beyondTwo = Double(normal.count { abs($0) > 2 }) / Double(count)
    #expect(abs(beyondTwo - 0.0455) < 5 * (0.0455 / Double(count)).squareRoot())
  }

  @Test func indicesAreUniform() {
    var generator = PhiloxGenerator(seed: 12, stream: 0)
    var hits = [Int](repeating: 0, count: 7)
    for _ in 0..<7000 { hits[generator.index(below: 7)] += 1 }
    #expect(hits.allSatisfy { abs(Double($0) - 1000) < 5 * 1000.0.squareRoot() })
  }

  private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
}
