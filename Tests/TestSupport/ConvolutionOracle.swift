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

/// Two-dimensional convolution and its gradients in Double: loops over every product of a pixel and a weight.
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

  /// What a term of the sums belongs to.
  private enum Role { case result, pixel, weight }

  /// Where a run of terms begins, one for each input channel.
  private struct Run {
    let result, pixel, weight: Int

    func start(_ role: Role) -> Int { role == .result ? result : role == .pixel ? pixel : weight }
  }

  /// Calls `body` for every result and every pixel under its window.
  private func forEachRun(_ body: (Run) -> Void) {
    let corners = WindowCorners(pictures, window)
    let (height, width, inputs, size) = (pictures[1], pictures[2], pictures[3], window.size)
    var result = 0
    for picture in 0..<pictures[0] {
      for top in corners.rows {
        for left in corners.columns {
          for output in 0..<results[3] {
            for row in max(top, 0)..<min(top + size, height) {
              for column in max(left, 0)..<min(left + size, width) {
                body(
                  Run(
                    result: result, pixel: ((picture * height + row) * width + column) * inputs,
                    weight: (output * inputs * size + row - top) * size + column - left))
              }
            }
            result += 1
          }
        }
      }
    }
  }

  /// beta times what was there, and the products of two factors summed where they belong.
  private func sum(
    _ role: Role, _ shape: [Int], _ first: (role: Role, HostTensor), _ second: (role: Role, HostTensor),
    beta: Double = 0, adding old: HostTensor? = nil
  ) -> SummedTensor {
    var sums = [Double](repeating: 0, count: shape.reduce(1, *))
    if beta != 0, let old { sums = old.values.map { beta * $0 } }
    var magnitudes = sums.map { abs($0) }
    let inputs = pictures[3]
    func step(_ role: Role) -> Int { role == .result ? 0 : role == .pixel ? 1 : window.size * window.size }
    let steps = (step(role), step(first.role), step(second.role))
    // Pointers and a plain loop: tests are built without optimisation.
    first.1.values.withUnsafeBufferPointer { a in
      second.1.values.withUnsafeBufferPointer { b in
        sums.withUnsafeMutableBufferPointer { total in
          magnitudes.withUnsafeMutableBufferPointer { magnitude in
            forEachRun { run in
              var (to, one, other) = (run.start(role), run.start(first.role), run.start(second.role))
              var channel = 0
              while channel < inputs {
                let term = a[one] * b[other]
                total[to] += term
                magnitude[to] += term.magnitude
                (to, one, other) = (to + steps.0, one + steps.1, other + steps.2)
                channel += 1
              }
            }
          }
        }
      }
    }
    var result = SummedTensor(shape)
    result.tensor.values = sums
    result.magnitude = magnitudes
    return result
  }

  /// The convolution alone.
  public func forward(_ x: HostTensor, _ weight: HostTensor) -> SummedTensor {
    sum(.result, results, (.pixel, x), (.weight, weight))
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
    sum(.pixel, pictures, (.result, dy), (.weight, weight), beta: beta, adding: old)
  }

  /// The gradient by the weight, added to beta times what was there.
  public func filterGradient(
    _ x: HostTensor, _ dy: HostTensor, beta: Double = 0, adding old: HostTensor? = nil
  ) -> SummedTensor {
    sum(.weight, weights, (.result, dy), (.pixel, x), beta: beta, adding: old)
  }
}
