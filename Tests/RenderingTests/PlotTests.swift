import Foundation
import Testing

@testable import Rendering

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// All elements of an SVG or XHTML text; fails the test when it is not well-formed.
private func elements(_ text: String) throws -> [(name: String, attributes: [String: String])] {
  final class Collector: NSObject, XMLParserDelegate {
    var elements: [(name: String, attributes: [String: String])] = []
    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String]
    ) { elements.append((name, attributes)) }
  }
  let collector = Collector()
  let parser = XMLParser(data: Data(text.utf8))
  parser.delegate = collector
  try #require(parser.parse(), "not well-formed: \(text.prefix(300))")
  return collector.elements
}

/// The corners of a path element.
private func corners(_ path: String?) -> [SIMD2<Double>] {
  (path ?? "").split { $0 == "M" || $0 == "L" }.map { pair in
    let numbers = pair.split(separator: " ").compactMap { Double($0) }
    return SIMD2(numbers[0], numbers[1])
  }
}

@Suite struct TickTests {
  @Test(arguments: [
    (0.0...10.0, ["0", "2", "4", "6", "8", "10"]), (0...1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    (-3...3, ["\u{2212}2", "0", "2"]), (0...12_000, ["0", "5\u{2009}000", "10\u{2009}000"]),
    (0.0011...0.0031, ["0.0015", "0.0020", "0.0025", "0.0030"]), (5...5, ["5.000"]),
  ])
  func linearTicksAreRound(range: ClosedRange<Double>, labels: [String]) {
    #expect(Ticks.linear(range).labels == labels)
  }

  @Test(arguments: [
    (0.5...2000.0, ["1", "10", "100", "1\u{2009}000"]), (60...1000, ["100", "200", "500", "1\u{2009}000"]),
    (0.001...1, ["0.001", "0.01", "0.1", "1"]), (1e-9...1e-6, ["1e-09", "1e-08", "1e-07", "1e-06"]),
    (40...44, ["40", "41", "42", "43", "44"]),
  ])
  func logarithmicTicksArePowers(range: ClosedRange<Double>, labels: [String]) {
    #expect(Ticks.logarithmic(range).labels == labels)
  }
}

@Suite struct LineChartTests {
  func chart(_ series: [LineChart.Series], scale: Axis.Scale = .linear) -> LineChart {
    LineChart("A <chart>", x: Axis("step"), y: Axis("error", unit: "mm", scale: scale), series: series)
  }

  /// The paths drawn in a series colour, without those of the legend.
  func curves(_ svg: String) throws -> [[SIMD2<Double>]] {
    try elements(svg).filter { $0.name == "path" && $0.attributes["stroke"]?.contains("--series") == true }
      .map { corners($0.attributes["d"]) }.filter { !$0.allSatisfy { $0.y == 10 } }
  }

  @Test func pointsStandWhereTheirValuesAre() throws {
    let svg = chart([.init("a", points: [[0, 0], [5, 50], [10, 100]])]).svg(width: 700, height: 300)
    let points = try #require(curves(svg).first)
    #expect(points.count == 3)
    // Equal steps in x and y, to the right and upwards, within rounding to hundredths.
    let (first, second) = (points[1] - points[0], points[2] - points[1])
    #expect(abs(first.x - second.x) < 0.02 && abs(first.y - second.y) < 0.02)
    #expect(first.x > 0 && first.y < 0)
    #expect(points.allSatisfy { $0.x >= 0 && $0.x <= 700 && $0.y >= 0 && $0.y <= 300 })
    #expect(svg.contains(">error (mm)</text>") && svg.contains(">step</text>"))
    #expect(svg.contains("aria-label=\"A &lt;chart&gt;\""))
  }

  @Test func equalFactorsAreEqualStepsOnALogarithmicAxis() throws {
    let svg = chart([.init("a", points: [[0, 1000], [1, 100], [2, 10], [3, 0], [4, 1]])], scale: .logarithmic).svg()
    let runs = try curves(svg)
    // 0 cannot be shown: the curve is interrupted there.
    #expect(runs.map(\.count) == [3, 2])
    #expect(abs((runs[0][1] - runs[0][0]).y - (runs[0][2] - runs[0][1]).y) < 0.02)
  }

  @Test func valuesThatAreNotFiniteInterruptTheCurve() throws {
    let points: [SIMD2<Double>] = [[0, 1], [1, .nan], [2, 2], [3, 3], [4, .infinity]]
    #expect(try curves(chart([.init("a", points: points)]).svg()).map(\.count) == [2, 2])
  }

  @Test func chartsWithoutDataAndWithOnePointAreStillCharts() throws {
    #expect(try curves(chart([]).svg()).isEmpty)
    #expect(try curves(chart([.init("a", points: [])], scale: .logarithmic).svg()).isEmpty)
    let point = try curves(chart([.init("a", points: [[3, 7]])]).svg())
    #expect(point.count == 1 && point[0].allSatisfy { $0.x.isFinite && $0.y.isFinite })
  }

  @Test func manyPointsAreThinnedButKeepTheirExtremes() throws {
    var points = (0..<100_000).map { SIMD2(Double($0), sin(Double($0) / 500)) }
    points[51_234].y = 9
    let svg = chart([.init("a", points: points)]).svg()
    let drawn = try #require(curves(svg).first)
    #expect(drawn.count < 3500)
    let short = try #require(curves(chart([.init("a", points: [[0, -1], [99_999, 9]])]).svg()).first)
    #expect(abs((drawn.map(\.y).min() ?? 0) - short[1].y) < 0.05)
  }

  @Test func theLegendNamesSolidAndDashedSeries() throws {
    let points: [SIMD2<Double>] = [[0, 0], [1, 1]]
    let svg = chart([
      .init("train & test", points: points), .init("raw", points: points, style: .faint),
      .init("other", points: points, style: .dashed),
    ]).svg()
    #expect(svg.contains(">train &amp; test</text>") && svg.contains(">other</text>") && !svg.contains(">raw</text>"))
    #expect(!chart([.init("alone", points: points)]).svg().contains(">alone</text>"))
  }

  @Test func referencesAreDrawnWithinTheAxis() throws {
    var lower = chart([.init("a", points: [[0, 10], [1, 20]])])
    lower.references = [.init("mean pose", y: 95)]
    let svg = lower.svg(height: 300)
    #expect(svg.contains(">mean pose</text>"))
    let dashed = try elements(svg).first { $0.attributes["stroke-dasharray"] != nil }
    let level = try #require(corners(dashed?.attributes["d"]).first?.y)
    let curve = try #require(curves(svg).first)
    #expect(level > 0 && curve.allSatisfy { $0.y > level })
  }

  @Test func smoothingIsTheMeanOfTheLastPoints() {
    let series = LineChart.Series("a", points: [[0, 1], [1, 3], [2, .nan], [3, 5], [4, 7]])
    #expect(series.smoothed(over: 2).map(\.y) == [1, 2, 3, 5, 6])
    #expect(series.smoothed(over: 1)[2].y.isNaN)
  }
}

@Suite struct BarChartTests {
  @Test func barsAreAsLongAsTheirValues() throws {
    let chart = BarChart(
      "errors", unit: "mm", rows: ["ours", "mean pose", "none"],
      columns: [.init("MPJPE", values: [50, 100, nil]), .init("MPVPE", values: [25, 200, .infinity])],
      highlightedRow: 0)
    let svg = chart.svg()
    let bars = try elements(svg).filter { $0.name == "rect" }.map { Double($0.attributes["width"] ?? "") ?? 0 }
    #expect(bars.count == 4)
    // Row by row: 50, 25, 100, 200 mm on one scale.
    #expect(zip(bars, [0.25, 0.125, 0.5, 1]).allSatisfy { abs($0 / bars[3] - $1) < 0.001 })
    for text in ["50.0", "200.0", "\u{2013}", "not finite", "MPJPE (mm)", "mean pose"] {
      #expect(svg.contains(">\(text)</text>"))
    }
  }

  @Test func barsOfNothingButZerosAreDrawn() throws {
    let svg = BarChart("t", unit: "", rows: ["a"], columns: [.init("b", values: [0])]).svg()
    #expect(try elements(svg).contains { $0.name == "text" })
    #expect(!svg.contains("nan"))
  }

  @Test func colorScalesRunFromZeroToTheirMaximum() throws {
    let svg = ColorScale("error", unit: "mm", maximum: 60).svg()
    let strips = try elements(svg).filter { $0.name == "rect" }.compactMap { $0.attributes["fill"] }
    #expect(strips.count > 20 && strips.first != strips.last)
    for text in ["0", "20", "40", "60", "error (mm)"] { #expect(svg.contains(">\(text)</text>")) }
  }
}
