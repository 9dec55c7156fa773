import Compute

/// Where a window stands on pictures of `[batch, height, width, channels]`.
struct WindowCorners {
  /// The first row and the first column under the window, negative in the padding.
  let rows, columns: [Int]

  init(_ pictures: [Int], _ window: Window) {
    func corners(_ pixels: Int) -> [Int] {
      Array(stride(from: -window.padding, through: pixels + window.padding - window.size, by: window.stride))
    }
    rows = corners(pictures[1])
    columns = corners(pictures[2])
  }
}

/// Two-dimensional convolution and its gradients in Double: a loop over every product of a pixel and a weight.
public struct ConvolutionOracle: Sendable {
  /// `[batch, height, width, inputs]`, `[outputs, inputs, size, size]`, `[batch, height, width, outputs]`.
  public let pictures, weights, results: [Int]
  public let window: Window

  public init(_ pictures: [Int], outputs: Int, window: Window) {
    let corners = WindowCorners(pictures, window)
    self.pictures = pictures
    self.window = window
    weights = [outputs, pictures[3], window.size, window.size]
    results = [pictures[0], corners.rows.count, corners.columns.count, outputs]
  }

  /// Calls `body` with the positions of a result, a pixel's channel and a weight for every term of the sums.
  private func forEachTerm(_ body: (_ result: Int, _ pixel: Int, _ weight: Int) -> Void) {
    let corners = WindowCorners(pictures, window)
    let (height, width, inputs, size) = (pictures[1], pictures[2], pictures[3], window.size)
    var result = 0
    for picture in 0..<pictures[0] {
      for top in corners.rows {
        for left in corners.columns {
          for output in 0..<results[3] {
            for row in max(top, 0)..<min(top + size, height) {
              for column in max(left, 0)..<min(left + size, width) {
                var pixel = ((picture * height + row) * width + column) * inputs
                var weight = (output * inputs * size + row - top) * size + column - left
                for _ in 0..<inputs {
                  body(result, pixel, weight)
                  pixel += 1
                  weight += size * size
                }
              }
            }
            result += 1
          }
        }
      }
    }
  }

  private func sum(
    _ shape: [Int], beta: Double, adding old: HostTensor?, _ terms: ((_ place: Int, _ term: Double) -> Void) -> Void
  ) -> SummedTensor {
    var result = SummedTensor(shape)
    if beta != 0, let old {
      result.tensor.values = old.values.map { beta * $0 }
      result.magnitude = result.tensor.values.map { abs($0) }
    }
    terms { place, term in
      result.tensor.values[place] += term
      result.magnitude[place] += abs(term)
    }
    return result
  }

  /// The convolution alone.
  public func forward(_ x: HostTensor, _ weight: HostTensor) -> SummedTensor {
    sum(results, beta: 0, adding: nil) { add in forEachTerm { add($0, x.values[$1] * weight.values[$2]) } }
  }

  /// relu or identity of (scale y + bias + residual), for y from `forward`.
  public func finished(
    _ y: SummedTensor, scale: [Double]?, bias: [Double]?, residual: HostTensor?, hasReLU: Bool
  ) -> SummedTensor {
    var result = y
    for position in y.values.indices {
      let output = position % results[3]
      let terms = [bias?[output] ?? 0, residual?.values[position] ?? 0]
      let value = y.values[position] * (scale?[output] ?? 1) + terms[0] + terms[1]
      result.tensor.values[position] = hasReLU ? max(value, 0) : value
      result.magnitude[position] =
        y.magnitude[position] * abs(scale?[output] ?? 1) + abs(terms[0]) + abs(terms[1])
    }
    return result
  }

  /// The gradient by the pictures, added to beta times what was there.
  public func dataGradient(
    _ dy: HostTensor, _ weight: HostTensor, beta: Double = 0, adding old: HostTensor? = nil
  ) -> SummedTensor {
    sum(pictures, beta: beta, adding: old) { add in forEachTerm { add($1, dy.values[$0] * weight.values[$2]) } }
  }

  /// The gradient by the weight, added to beta times what was there.
  public func filterGradient(
    _ x: HostTensor, _ dy: HostTensor, beta: Double = 0, adding old: HostTensor? = nil
  ) -> SummedTensor {
    sum(weights, beta: beta, adding: old) { add in forEachTerm { add($2, dy.values[$0] * x.values[$1]) } }
  }
}
