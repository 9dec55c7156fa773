import Foundation
import Geometry
import Testing

@testable import Datasets

@Suite struct ShortcutTests {
  @Test func aProbeFindsWhatIsLinearAndNothingElse() {
    var random = PhiloxGenerator(seed: 1, stream: 0)
    func rows(_ count: Int, _ label: ([Double]) -> Bool) -> (rows: [[Double]], labels: [Bool]) {
      let rows = (0..<count).map { _ in [random.normal(), random.normal(), 3 + 0 * random.normal()] }
      return (rows, rows.map(label))
    }
    let (fit, test) = (rows(1000) { 2 * $0[0] - $0[1] > 0.3 }, rows(1000) { 2 * $0[0] - $0[1] > 0.3 })
    #expect(LinearProbe(rows: fit.rows, labels: fit.labels).accuracy(rows: test.rows, labels: test.labels) > 0.97)
    let (product, tested) = (rows(1000) { $0[0] * $0[1] > 0 }, rows(1000) { $0[0] * $0[1] > 0 })
    let chance = LinearProbe(rows: product.rows, labels: product.labels)
      .accuracy(rows: tested.rows, labels: tested.labels)
    #expect(abs(chance - 0.5) < 0.08)
  }

  @Test func solvesSymmetricSystems() {
    let x = LinearProbe.solve([[4, 0, 0], [2, 5, 0], [-1, 0.5, 3]], [9, 13.5, 9])
    let a = [[4, 2, -1], [2, 5, 0.5], [-1, 0.5, 3]]
    for (row, value) in zip(a, [9, 13.5, 9]) {
      #expect(abs(zip(row, x).reduce(0) { $0 + $1.0 * $1.1 } - value) < 1e-12)
    }
  }

  @Test func figuresHoldWithinTheirBounds() {
    #expect(ShortcutFigure("a", 0.5, within: 0.47...0.53, "").holds)
    #expect(!ShortcutFigure("a", 0.54, within: 0.47...0.53, "").holds)
    #expect(!ShortcutFigure("a", .nan, within: 0...1, "").holds)
    #expect(ShortcutFigure("a", 7, "").holds)
  }

  /// Everything but the probes' accuracies, which 40 tuples cannot tell, holds on a small set.
  @Test func aSmallSetHoldsButForChance() throws {
    var counts = SceneMotions.Generated()
    (counts.trainTakes, counts.validationTakes, counts.testTakes) = (2, 1, 1)
    counts.seconds = 6
    let recordings = try RenderedRecordings(
      body: ProceduralBody.model, motions: .generated(counts, seed: 1), seed: 1)
    var settings = ShortcutChecks.Settings()
    (settings.tuples, settings.size) = (40, 24)
    let checks = try ShortcutChecks(recordings, settings: settings)
    let failures = checks.failures.filter { !$0.name.hasPrefix("sync:") && !$0.name.hasPrefix("noflip:") }
    #expect(failures == [])
    #expect(checks.figures.count { $0.name.hasPrefix("sync:") } == 8)
    #expect(checks.figures.contains { $0.name == "reprojection" && $0.value < 0.5 && $0.value > 0 })
  }

  /// A recipe that gives pairs away does not pass: here the first picture of every pair is brighter than the second.
  @Test func aLeakIsSeen() {
    var random = PhiloxGenerator(seed: 2, stream: 0)
    func picture(_ brightness: Float) -> PersonPicture {
      PersonPicture(size: 16, colors: (0..<768).map { _ in min(1, brightness + Float(random.uniform(in: 0...0.3))) })
    }
    func cues(_ brightness: Float) -> ShortcutCues {
      ShortcutCues(picture(brightness), heading: nil, box: SIMD2(1, 2))
    }
    let pairs = (0..<200).map { ($0.isMultiple(of: 2), cues(0.1), cues($0.isMultiple(of: 2) ? 0.1 : 0.6)) }
    let rows = pairs.map { zip($0.1.histogram, $0.2.histogram).map { $0 - $1 } }
    #expect(LinearProbe(rows: rows, labels: pairs.map(\.0)).accuracy(rows: rows, labels: pairs.map(\.0)) > 0.95)
  }
}
