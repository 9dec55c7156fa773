import Compute

/// Pooling and its gradients in Double: a loop over every place of every window.
public struct PoolingOracle: Sendable {
  /// `[batch, height, width, channels]` of what goes in and what comes out.
  public let pictures, results: [Int]
  public let window: Window

  public init(_ pictures: [Int], window: Window) {
    let corners = WindowCorners(pictures, window)
    self.pictures = pictures
    self.window = window
    results = [pictures[0], corners.rows.count, corners.columns.count, pictures[3]]
  }

  /// Calls `body` for every place of every window, in row-major order: the position of the result, the place within
  /// the window, and the position of the pixel's channel; nil outside the picture.
  private func forEachPlace(_ body: (_ result: Int, _ place: Int, _ pixel: Int?) -> Void) {
    let corners = WindowCorners(pictures, window)
    let (height, width, channels) = (pictures[1], pictures[2], pictures[3])
    var result = 0
    for picture in 0..<pictures[0] {
      for top in corners.rows {
        for left in corners.columns {
          for channel in 0..<channels {
            for place in 0..<window.size * window.size {
              let (row, column) = (top + place / window.size, left + place % window.size)
              let isInside = (0..<height).contains(row) && (0..<width).contains(column)
              body(result, place, isInside ? ((picture * height + row) * width + column) * channels + channel : nil)
            }
            result += 1
          }
        }
      }
    }
  }

  private var resultCount: Int { results.reduce(1, *) }

  /// The greatest value under each window, and the first place that holds it. At most one NaN per window.
  public func maximum(_ x: HostTensor) -> (values: [Double], choice: [Double]) {
    var values = [Double](repeating: -.infinity, count: resultCount)
    var choice = [Double](repeating: 0, count: resultCount)
    forEachPlace { result, place, pixel in
      let value = pixel.map { x.values[$0] } ?? -.infinity
      if value > values[result] || value.isNaN {
        values[result] = value
        choice[result] = Double(place)
      }
    }
    return (values, choice)
  }

  public func average(_ x: HostTensor) -> SummedTensor {
    var sum = SummedTensor(results)
    let share = 1 / Double(window.size * window.size)
    forEachPlace { result, _, pixel in
      guard let pixel else { return }
      sum.tensor.values[result] += share * x.values[pixel]
      sum.magnitude[result] += share * abs(x.values[pixel])
    }
    return sum
  }

  /// The gradients of both, added to beta times what was there: `choice` nil is the mean's.
  public func gradient(
    _ dy: HostTensor, choice: [Double]?, beta: Double = 0, adding old: HostTensor? = nil
  ) -> SummedTensor {
    var sum = SummedTensor(pictures)
    if beta != 0, let old {
      sum.tensor.values = old.values.map { beta * $0 }
      sum.magnitude = sum.tensor.values.map { abs($0) }
    }
    let share = 1 / Double(window.size * window.size)
    forEachPlace { result, place, pixel in
      guard let pixel, choice.map({ $0[result] == Double(place) }) ?? true else { return }
      let term = choice == nil ? share * dy.values[result] : dy.values[result]
      sum.tensor.values[pixel] += term
      sum.magnitude[pixel] += abs(term)
    }
    return sum
  }
}
