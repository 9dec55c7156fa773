import Compute
import Foundation

// The oracles: one plain loop each, in Double.

extension Harness {
  /// Every pass over a kernel, in the plain and the shifted form, in the real type and in bfloat16.
  mutating func checkTransport() {
    for (batch, rows, columns) in [(1, 1, 1), (2, 5, 3), (1, 9, 70), (2, 17, 4), (3, 2, 300)] {
      for stored in [elementType] + (elementType == .float32 ? [.bfloat16] : []) {
        for isShifted in [false, true] {
          checkGibbsKernel(batch, rows, columns, stored, isShifted: isShifted)
          checkAlternate(batch, rows, columns, stored, isShifted: isShifted)
        }
        checkProjection(batch, rows, columns, stored)
      }
    }
  }

  /// Multiples of 1/128 in (0, 1]: exact in bfloat16.
  private mutating func shares(_ count: Int) -> [Double] {
    numbers(count).map { ((abs($0) * 127).rounded() + 1) / 128 }
  }

  private func stored(_ values: [Double], _ shape: [Int], _ type: ElementType) -> TensorView {
    let exact = upload(values, shape)
    guard type != elementType else { return exact }
    let view = device.allocate(type, shape)
    device.copy(exact, to: view)
    return view
  }

  private func widened(_ view: TensorView) -> TensorView {
    guard view.elementType != elementType else { return view }
    let wide = device.allocate(elementType, view.shape)
    device.copy(view, to: wide)
    return wide
  }

  private mutating func checkGibbsKernel(
    _ batch: Int, _ rows: Int, _ columns: Int, _ type: ElementType, isShifted: Bool
  ) {
    let (similarity, weights) = (numbers(batch * rows * columns), numbers(batch * rows))
    let kernel =
      type == elementType ? canaried([batch, rows, columns]) : device.allocate(type, [batch, rows, columns])
    let (scale, sums) = (canaried([batch, rows]), canaried([batch, columns], filledWith: 0.5))
    device.gibbsKernel(
      upload(similarity, [batch, rows, columns]), temperature: 0.5, into: kernel, rowScale: isShifted ? scale : nil,
      summing: WeightedColumnSums(weights: upload(weights, [batch, rows]), sums: sums, beta: 2))
    var (expected, scales) = ([Double](), [Double]())
    var totals = [Double](repeating: 1, count: batch * columns)
    for i in 0..<batch * rows {
      let row = similarity[i * columns..<(i + 1) * columns]
      let peak = isShifted ? row.max() ?? 1 : 1
      scales.append(Foundation.exp((peak - 1) / 0.5))
      for (j, value) in row.enumerated() {
        expected.append(Foundation.exp((value - peak) / 0.5))
        totals[i / rows * columns + j] += Foundation.exp((value - 1) / 0.5) * weights[i]
      }
    }
    // bfloat16 rounds to 2^-8.
    let tolerance = type == .bfloat16 ? 0x1p-7 / elementType.epsilon : 64
    let name = "gibbsKernel \(type) \(rows)x\(columns)\(isShifted ? " shifted" : "")"
    expect(name, widened(kernel), expected, tolerance: tolerance)
    expect("\(name) sums", sums, totals, tolerance: Double(rows) * tolerance)
    if isShifted { expect("\(name) scale", scale, scales) }
  }

  private mutating func checkAlternate(
    _ batch: Int, _ rows: Int, _ columns: Int, _ type: ElementType, isShifted: Bool
  ) {
    let (kernel, scale) = (shares(batch * rows * columns), shares(batch * rows))
    let (x, saved) = (shares(batch * columns), shares(batch * rows))
    let operands = (
      stored(kernel, [batch, rows, columns], type), upload(scale, [batch, rows]), upload(x, [batch, columns])
    )
    for step in [
      ScalingStep.scaling(marginal: 0.25, constant: 0.5),
      .adjoint(marginal: 4, scaling: upload(saved, [batch, rows])),
    ] {
      let (result, sums) = (canaried([batch, rows]), canaried([batch, columns]))
      device.alternate(
        operands.0, rowScale: isShifted ? operands.1 : nil, operands.2, step, rows: result, columnSums: sums, beta: 0)
      var expected: [Double] = []
      var totals = [Double](repeating: 0, count: batch * columns)
      for i in 0..<batch * rows {
        let factor = isShifted ? scale[i] : 1
        var sum = 0.0
        for j in 0..<columns { sum += factor * kernel[i * columns + j] * x[i / rows * columns + j] }
        let value = step.scaling == nil ? 0.25 / (sum + 0.5) : -sum * saved[i] * saved[i] / 4
        expected.append(value)
        for j in 0..<columns { totals[i / rows * columns + j] += factor * kernel[i * columns + j] * value }
      }
      let name = "alternate \(type) \(rows)x\(columns)\(isShifted ? " shifted" : "")"
      expect(name, result, expected, tolerance: 256)
      expect("\(name) sums", sums, totals, tolerance: 256)
    }
  }

  private mutating func checkProjection(_ batch: Int, _ rows: Int, _ columns: Int, _ type: ElementType) {
    let (kernel, weights) = (shares(batch * rows * columns), shares(batch * columns))
    let (points, gradient) = (numbers(batch * columns * 3), numbers(batch * 4 * rows))
    let gibbs = stored(kernel, [batch, rows, columns], type)
    let pointView = upload(points, [batch, columns, 3])
    let (warped, mass) = (canaried([batch, rows, 3]), canaried([batch, rows]))
    let match = device.allocate(.int32, [batch, rows])
    device.project(
      gibbs, weights: upload(weights, [batch, columns]), points: pointView, warped: warped, mass: mass, match: match)
    let back = canaried([batch, columns], filledWith: 0.25)
    device.backproject(
      gibbs, gradient: upload(gradient, [batch, 4, rows]), points: pointView, columnSums: back, beta: 4)
    let (left, right) = (numbers(batch * 5 * rows), numbers(batch * 5 * columns))
    let product = canaried([batch, rows, columns])
    device.lowRankHadamard(
      gibbs, left: upload(left, [batch, 5, rows]), right: upload(right, [batch, 5, columns]), scale: -2, into: product)

    var (masses, means, best, products): ([Double], [Double], [Int32], [Double]) = ([], [], [], [])
    var sums = [Double](repeating: 1, count: batch * columns)
    for i in 0..<batch * rows {
      let (b, row) = (i / rows, i % rows)
      let share = (0..<columns).map { kernel[i * columns + $0] * weights[b * columns + $0] }
      masses.append(share.reduce(0, +))
      for c in 0..<3 {
        means.append((0..<columns).reduce(0) { $0 + share[$1] * points[(b * columns + $1) * 3 + c] } / masses[i])
      }
      best.append(Int32(share.firstIndex(of: share.max() ?? 0) ?? -1))
      for j in 0..<columns {
        var slope = gradient[(b * 4 + 3) * rows + row]
        for c in 0..<3 { slope += gradient[(b * 4 + c) * rows + row] * points[(b * columns + j) * 3 + c] }
        sums[b * columns + j] += kernel[i * columns + j] * slope
        var outer = 0.0
        for k in 0..<5 { outer += left[(b * 5 + k) * rows + row] * right[(b * 5 + k) * columns + j] }
        products.append(-2 * kernel[i * columns + j] * outer)
      }
    }
    let name = "\(type) \(rows)x\(columns)"
    expect("project \(name) mass", mass, masses)
    expect("project \(name) warped", warped, means)
    expect("project \(name) match", match, best)
    expect("backproject \(name)", back, sums, tolerance: 256)
    expect("lowRankHadamard \(name)", product, products)
  }

  mutating func checkNearestPoints() {
    for (batch, n, m) in [(1, 1, 1), (2, 5, 3), (1, 300, 2), (2, 3, 70)] {
      let (x, y) = (numbers(batch * n * 3), numbers(batch * m * 3))
      let (distance, index) = (device.allocate(elementType, [batch, n]), device.allocate(.int32, [batch, n]))
      device.nearestPoints(
        upload(x, [batch, n, 3]), among: upload(y, [batch, m, 3]), squaredDistance: distance, index: index)
      var (least, places): ([Double], [Int32]) = ([], [])
      for i in 0..<batch * n {
        let distances = (0..<m).map { j in
          (0..<3).reduce(0.0) { sum, c in
            let difference = x[i * 3 + c] - y[(i / n * m + j) * 3 + c]
            return sum + difference * difference
          }
        }
        least.append(distances.min() ?? 0)
        places.append(Int32(distances.firstIndex(of: least[i]) ?? -1))
      }
      expect("nearestPoints \(n)x\(m)", distance, least)
      expect("nearestPoints \(n)x\(m) index", index, places)
    }
  }
}
