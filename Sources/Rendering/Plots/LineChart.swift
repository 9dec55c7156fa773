import Foundation

/// Curves over a common axis: losses over steps, errors over epochs.
public struct LineChart: Sendable {
  public struct Series: Sendable {
    public enum Style: Sendable {
      case solid
      case dashed
      /// Thin and pale, without an entry in the legend: the noisy values behind a smoothed curve.
      case faint
    }

    public var name: String
    /// Rising x; a point that the axes cannot show (NaN, or 0 on a logarithmic axis) interrupts the curve.
    public var points: [SIMD2<Double>]
    public var style: Style
    /// Which of the six colours of the page; `nil` takes them in turn.
    public var colorIndex: Int?

    public init(_ name: String, points: [SIMD2<Double>], style: Style = .solid, colorIndex: Int? = nil) {
      self.name = name
      self.points = points
      self.style = style
      self.colorIndex = colorIndex
    }

    /// The running mean of up to `count` points before and at each point.
    public func smoothed(over count: Int) -> [SIMD2<Double>] {
      var sum = 0.0
      var inside = 0
      return points.indices.map { index in
        if points[index].y.isFinite { (sum, inside) = (sum + points[index].y, inside + 1) }
        if index >= count, points[index - count].y.isFinite {
          (sum, inside) = (sum - points[index - count].y, inside - 1)
        }
        return SIMD2(points[index].x, inside > 0 ? sum / Double(inside) : .nan)
      }
    }
  }

  /// A level to compare the curves with.
  public struct Reference: Sendable {
    public var name: String
    public var y: Double

    public init(_ name: String, y: Double) {
      self.name = name
      self.y = y
    }
  }

  public var title: String
  public var x: Axis
  public var y: Axis
  public var series: [Series]
  public var references: [Reference]

  /// - Parameter title: What the chart shows, for those who cannot see it; it is not drawn.
  public init(_ title: String, x: Axis, y: Axis, series: [Series], references: [Reference] = []) {
    self.title = title
    self.x = x
    self.y = y
    self.series = series
    self.references = references
  }

  /// The chart as an SVG element for a web page; the page's style sheet can set its colours (`--ink`, `--muted`,
  /// `--rule`, `--paper`, `--series-1` to `--series-6`).
  public func svg(width: Double = 720, height: Double = 320) -> String {
    var svg = SVG(width: width, height: height, label: title)
    let frame = Frame(of: self, width: width, height: height)
    drawAxes(on: &svg, frame)
    for reference in references where y.shows(reference.y) {
      let level = frame.y(reference.y)
      svg.line(frame.left, level, frame.right, level, color: SVG.muted, dashed: true)
      svg.text(reference.name, frame.right, level - 5, anchor: .end)
    }
    for (index, series) in series.enumerated() {
      for run in runs(of: series.points) {
        svg.polyline(
          thinned(run.map { SIMD2(frame.x($0.x), frame.y($0.y)) }), color: color(index),
          width: series.style == .faint ? 1 : 2, opacity: series.style == .faint ? 0.35 : 1,
          dashed: series.style == .dashed)
      }
    }
    drawLegend(on: &svg, frame)
    return svg.text
  }

  private func color(_ index: Int) -> String {
    SVG.series(series[index].colorIndex ?? series[..<index].count { $0.colorIndex == nil })
  }

  // MARK: - Parts

  private func drawAxes(on svg: inout SVG, _ frame: Frame) {
    for (value, label) in zip(frame.yTicks.values, frame.yTicks.labels) {
      let level = frame.y(value)
      svg.line(frame.left, level, frame.right, level, color: SVG.rule)
      svg.text(label, frame.left - 8, level + 4, anchor: .end)
    }
    for (value, label) in zip(frame.xTicks.values, frame.xTicks.labels) {
      svg.line(frame.x(value), frame.bottom, frame.x(value), frame.bottom + 5, color: SVG.muted)
      svg.text(label, frame.x(value), frame.bottom + 20, anchor: .middle)
    }
    svg.line(frame.left, frame.bottom, frame.right, frame.bottom, color: SVG.muted)
    svg.text(y.title, 0, 14, color: SVG.ink, bold: true)
    svg.text(x.title, frame.right, frame.bottom + 40, anchor: .end, color: SVG.ink, bold: true)
  }

  private func drawLegend(on svg: inout SVG, _ frame: Frame) {
    let named = series.indices.filter { series[$0].style != .faint && !series[$0].name.isEmpty }
    guard named.count > 1 else { return }
    var right = frame.right
    for index in named.reversed() {
      let name = series[index].name
      right -= SVG.width(of: name)
      svg.text(name, right, 14, color: SVG.ink)
      svg.polyline(
        [SIMD2(right - 24, 10), SIMD2(right - 7, 10)], color: color(index), width: 2.5,
        dashed: series[index].style == .dashed)
      right -= 42
    }
  }

  /// The stretches of points that can be shown.
  private func runs(of points: [SIMD2<Double>]) -> [ArraySlice<SIMD2<Double>>] {
    points.split { !x.shows($0.x) || !y.shows($0.y) }
  }

  /// At most the first, lowest, highest and last point of each column of the picture: no more can be seen.
  private func thinned(_ points: [SIMD2<Double>]) -> [SIMD2<Double>] {
    guard points.count > 2000 else { return points }
    var kept: [SIMD2<Double>] = []
    var start = 0
    while start < points.count {
      let column = points[start].x.rounded(.down)
      let end = points[start...].firstIndex { $0.x.rounded(.down) != column } ?? points.count
      let inside = start..<end
      let lowest = inside.min { points[$0].y < points[$1].y } ?? start
      let highest = inside.max { points[$0].y < points[$1].y } ?? start
      kept += Set([start, lowest, highest, end - 1]).sorted().map { points[$0] }
      start = end
    }
    return kept
  }
}

/// Where the data stand on the picture.
private struct Frame {
  let left: Double
  let right: Double
  let top = 34.0
  let bottom: Double
  let xTicks: Ticks
  let yTicks: Ticks
  private let xRange: ClosedRange<Double>
  private let yRange: ClosedRange<Double>
  private let xAxis: Axis
  private let yAxis: Axis

  init(of chart: LineChart, width: Double, height: Double) {
    (xAxis, yAxis) = (chart.x, chart.y)
    let points = chart.series.flatMap(\.points).filter { chart.x.shows($0.x) && chart.y.shows($0.y) }
    let ys = points.map(\.y) + chart.references.map(\.y).filter(chart.y.shows)
    let xExtent = Self.extent(points.map(\.x), chart.x.scale, padding: 0)
    let yExtent = Self.extent(ys, chart.y.scale, padding: 0.06)
    xTicks = chart.x.scale == .linear ? .linear(xExtent, about: 7) : .logarithmic(xExtent)
    yTicks = chart.y.scale == .linear ? .linear(yExtent) : .logarithmic(yExtent)
    xRange = chart.x.place(xExtent.lowerBound)...chart.x.place(xExtent.upperBound)
    yRange = chart.y.place(yExtent.lowerBound)...chart.y.place(yExtent.upperBound)
    left = 14 + (yTicks.labels.map(SVG.width).max() ?? 0)
    right = width - 14
    bottom = height - 48
  }

  func x(_ value: Double) -> Double { left + (right - left) * Self.share(xAxis.place(value), xRange) }

  func y(_ value: Double) -> Double { bottom - (bottom - top) * Self.share(yAxis.place(value), yRange) }

  private static func share(_ place: Double, _ range: ClosedRange<Double>) -> Double {
    (place - range.lowerBound) / (range.upperBound - range.lowerBound)
  }

  /// The range of the values, a little widened; never empty. A linear axis of positive values that come near zero
  /// begins there.
  private static func extent(_ values: [Double], _ scale: Axis.Scale, padding: Double) -> ClosedRange<Double> {
    guard let low = values.min(), let high = values.max() else { return scale == .linear ? 0...1 : 0.1...1 }
    if scale == .logarithmic {
      let factor = low == high ? 2 : max(1.05, pow(high / low, padding))
      return padding > 0 || low == high ? low / factor...high * factor : low...high
    }
    if low == high { return low - max(0.5, abs(low) * 0.1)...high + max(0.5, abs(high) * 0.1) }
    let margin = padding * (high - low)
    let floor = padding > 0 && low >= 0 && low < 0.4 * high ? 0 : low - margin
    return floor...high + margin
  }
}
