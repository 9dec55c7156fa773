import Compute
import Foundation
import OpenCLBackend

// The oracles: one plain loop each, in Double.

extension Harness {
  static let families: [(String, @Sendable (inout Harness) -> Void)] = [
    ("elementwise", { $0.checkElementwise() }), ("reductions", { $0.checkReductions() }),
    ("moments", { $0.checkMoments() }), ("matrices", { $0.checkMatrices() }), ("rows", { $0.checkRows() }),
    ("random", { $0.checkRandom() }), ("transport", { $0.checkTransport() }),
    ("nearestPoints", { $0.checkNearestPoints() }), ("triplets", { $0.checkTriplets() }),
    ("convolutions", { $0.checkConvolutions() }), ("pooling", { $0.checkPooling() }),
    ("raster", { $0.checkRaster() }),
  ]

  mutating func checkElementwise() {
    let program = ElementwiseProgram("chain", inputs: 3, scalars: 2) { x, s in
      let t = tanh(x[0] * s[0]) + relu(x[1] - 0.25) / (1 + abs(x[2]))
      return [t, select(greater(x[0], x[1]), sqrt(abs(x[2])), exp(min(x[0], 0.5)) + s[1] + 1e-8)]
    }
    func oracle(_ x: Double, _ y: Double, _ z: Double) -> (Double, Double) {
      let first: Double = Foundation.tanh(x * 0.5) + max(y - 0.25, 0) / (1 + z.magnitude)
      let second: Double = x > y ? z.magnitude.squareRoot() : Foundation.exp(min(x, 0.5)) + 3 + 1e-8
      return (first, second)
    }
    for (rows, columns) in [(1, 1), (3, 5), (7, 64), (2, 259), (65, 3), (0, 4)] {
      let (x, y, z) = (numbers(rows * columns), numbers(columns), numbers(rows))
      let inputs = [upload(x, [rows, columns]), upload(y, [columns]), upload(z, [rows, 1])]
      let outputs = [canaried([rows, columns]), canaried([rows, columns])]
      device.map(program, inputs, scalars: [0.5, 3], into: outputs)
      let expected = (0..<rows * columns).map { oracle(x[$0], y[$0 % columns], z[$0 / columns]) }
      expect("map 0 \(rows)x\(columns)", outputs[0], expected.map(\.0))
      expect("map 1 \(rows)x\(columns)", outputs[1], expected.map(\.1))
    }
    let add = ElementwiseProgram("add", inputs: 2) { x, _ in [x[0] + 2 * x[1]] }
    let (x, n) = (numbers(24), (0..<24).map { Int32($0) - 5 })
    let cube = upload(x, [2, 3, 4]).transposed(0, 2)
    let turned = (0..<24).map { i -> Double in
      let (outer, middle, inner) = (i / 6, i / 2 % 3, i % 2)
      return x[inner * 12 + middle * 4 + outer]
    }
    let y = canaried([4, 3, 2])
    device.map(add, [cube, upload(n, [4, 3, 2])], into: [y])
    expect("map transposed", y, zip(turned, n).map { $0 + 2 * Double($1) })
    let copied = canaried([4, 3, 2])
    device.copy(cube, to: copied)
    expect("copy transposed", copied, turned)
    device.fill(copied.transposed(0, 1), with: -1.5)
    expect("fill", copied, [Double](repeating: -1.5, count: 24))
    let integers = device.allocate(.int32, [24])
    let scaled = ElementwiseProgram("scaled", inputs: 1) { x, _ in [x[0] * 100] }
    let hundred = device.allocate(elementType, [24])
    device.map(scaled, [upload(x, [24])], into: [hundred])
    device.copy(hundred, to: integers)
    // Truncation of 100 x, which single precision may round.
    expect("copy to int32", integers, x.map { elementType == .float32 ? Int32(Float($0) * 100) : Int32($0 * 100) })
    let short = device.allocate(.bfloat16, [24])
    device.copy(upload(x, [24]), to: short)
    let back = device.allocate(elementType, [24])
    device.copy(short, to: back)
    expect("bfloat16", back, x.map { bfloat16($0) })
  }

  private func bfloat16(_ x: Double) -> Double {
    let bits = Float(x).bitPattern
    return Double(Float(bitPattern: (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF_0000))
  }

  mutating func checkReductions() {
    let shift = ElementwiseProgram("shift", inputs: 2) { x, _ in [x[0] * x[1], x[0] - 1] }
    for shape in [[1, 1, 1], [3, 5, 7], [2, 1, 300], [300, 1, 3], [5, 257, 2], [2, 0, 3]] {
      let x = numbers(shape.reduce(1, *))
      let scale = numbers(shape[2])
      for mask in 0..<8 {
        let out = (0..<3).map { mask >> $0 & 1 == 1 ? 1 : shape[$0] }
        var sums = [[Double]](repeating: [Double](repeating: 0, count: out.reduce(1, *)), count: 2)
        var peak = [Double](repeating: -.infinity, count: out.reduce(1, *))
        for i in x.indices {
          let at = [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]]
          let to = (0..<3).reduce(0) { $0 * out[$1] + (out[$1] == 1 ? 0 : at[$1]) }
          sums[0][to] += x[i] * scale[at[2]]
          sums[1][to] += x[i] - 1
          peak[to] = max(peak[to], x[i])
        }
        let input = upload(x, shape)
        let results = [device.allocate(elementType, out), device.allocate(elementType, out)]
        device.reduce(.sum, shift, [input, upload(scale, [shape[2]])], scalars: [], domain: shape, into: results)
        // A sum of s terms of size 1 rounds by about s^(1/2) epsilon; near 0 that is no relative error.
        expect("sum 0 \(shape) to \(out)", results[0], sums[0], tolerance: 256)
        expect("sum 1 \(shape) to \(out)", results[1], sums[1], tolerance: 256)
        device.reduce(.maximum, .identity, [input], scalars: [], domain: shape, into: [results[0]])
        expect("maximum \(shape) to \(out)", results[0], peak, tolerance: 0)
      }
    }
    let long = numbers(40_000)
    let total = device.allocate(elementType, [1])
    device.reduce(.sum, .identity, [upload(long, [40_000])], scalars: [], domain: [40_000], into: [total])
    expect("long sum", total, [long.reduce(0, +)], tolerance: 2000)

    for (rows, columns) in [(1, 1), (3, 5), (2, 300), (70, 3)] {
      var x = numbers(rows * columns)
      x[columns - 1] = x[0]
      let input = upload(x, [rows, columns])
      for reduction in [Reduction.maximum, .minimum] {
        let index = device.allocate(.int32, [rows])
        device.argReduce(reduction, input, into: index)
        let expected = (0..<rows).map { row -> Int32 in
          let values = (0..<columns).map { x[row * columns + $0] * (reduction == .maximum ? 1 : -1) }
          return Int32(values.firstIndex(of: values.max() ?? 0) ?? -1)
        }
        expect("argReduce \(reduction) \(rows)x\(columns)", index, expected)
      }
      let y = device.allocate(elementType, [rows, 1])
      device.logSumExp(input, into: y)
      let twin = device.allocate(elementType, [rows, 1])
      let exponential = ElementwiseProgram("exp", inputs: 1) { x, _ in [exp(x[0])] }
      device.reduce(.sum, exponential, [input], scalars: [], domain: [rows, columns], into: [twin])
      device.map(ElementwiseProgram("log", inputs: 1) { x, _ in [log(x[0])] }, [twin], into: [twin])
      if let values = try? device.downloadDoubles(twin) { expect("logSumExp \(rows)x\(columns)", y, values) }
    }
  }

  mutating func checkMoments() {
    for (batch, rows, columns, isWeighted) in [
      (1, 1, 1, false), (2, 67, 5, true), (3, 10, 65, false), (2, 600, 2, true),
    ] {
      let x = numbers(batch * rows * columns).map { $0 + 100 }
      let w = isWeighted ? (0..<rows).map { Double($0 % 3) + ($0 == 0 ? 1 : 0) } : [Double](repeating: 1, count: rows)
      let (mean, variance) = (device.allocate(elementType, [columns]), device.allocate(elementType, [columns]))
      device.moments(
        upload(x, [batch, rows, columns]), weights: isWeighted ? upload(w, [rows]) : nil, mean: mean, variance: variance
      )
      var means: [Double] = []
      var variances: [Double] = []
      for c in 0..<columns {
        let column = (0..<batch * rows).map { (x: x[$0 * columns + c], w: w[$0 % rows]) }
        let total = column.reduce(0) { $0 + $1.w }
        let m = column.reduce(0) { $0 + $1.w * $1.x } / total
        means.append(m)
        variances.append(column.reduce(0) { $0 + $1.w * ($1.x - m) * ($1.x - m) } / total)
      }
      expect("mean \(batch)x\(rows)x\(columns)", mean, means)
      // x is 100 times larger than its spread, and each x - mean carries x's rounding.
      expect("variance \(batch)x\(rows)x\(columns)", variance, variances, tolerance: 400)
    }
  }

  mutating func checkMatrices() {
    defer { device = devices.usual }
    device = devices.tinyTiles
    let shapes = [
      (1, 1, 1), (5, 7, 3), (9, 3, 5), (3, 9, 5), (8, 8, 4), (10, 17, 9), (3, 4, 0),
    ]
    // Every shape with every pair of transposes, each time with another bias.
    for (index, (m, n, k)) in shapes.enumerated() {
      for transposes in 0..<4 { checkProduct(m, n, k, transposes, bias: (index + transposes) % 3) }
    }
    // Long enough to be cut into slices.
    checkProduct(9, 10, 520, 0, bias: 1)
    checkProduct(2, 3, 520, 3, bias: 2)
    // The tiles that products are cut into for speed: square, narrow, flat and large.
    device = devices.usual
    for transposes in [0, 3] {
      for (m, n) in [(65, 18), (129, 3), (3, 129)] { checkProduct(m, n, 17, transposes, bias: 1) }
    }
    if elementType == .float32 {
      device = devices.largeTiles
      for transposes in [1, 2] { checkProduct(129, 17, 9, transposes, bias: 2) }
    }
  }

  /// c = 1.5 a b + beta c + bias, for a batch of two a and one shared b.
  ///
  /// - Parameters:
  ///   - transposes: bit 0 stores a transposed, bit 1 b.
  ///   - bias: 0 none, and c full of NaN; 1 per column with ReLU, and an old c; 2 per row.
  private mutating func checkProduct(_ m: Int, _ n: Int, _ k: Int, _ transposes: Int, bias code: Int) {
    let isTransposed = (a: transposes & 1 == 1, b: transposes & 2 == 2)
    let (a, b, bias) = (numbers(2 * m * k), numbers(k * n), numbers(max(m, n)))
    let left = upload(a, isTransposed.a ? [2, k, m] : [2, m, k])
    let right = upload(b, isTransposed.b ? [n, k] : [k, n])
    let (beta, old) = code == 1 ? (0.5, 0.75) : (0, .nan)
    let c = canaried([2, m, n])
    device.fill(c, with: old)
    let epilogue: Epilogue? =
      switch code {
      case 1: Epilogue(bias: .perColumn(upload(Array(bias.prefix(n)), [n])), activation: .relu)
      case 2: Epilogue(bias: .perRow(upload(Array(bias.prefix(m)), [m])))
      default: nil
      }
    device.gemm(
      isTransposed.a ? left.transposed : left,
      (isTransposed.b ? right.transposed : right).broadcast(to: [2, k, n]), into: c, alpha: 1.5, beta: beta,
      epilogue: epilogue)
    var expected: [Double] = []
    for p in 0..<2 {
      for i in 0..<m {
        for j in 0..<n {
          var sum = 0.0
          for q in 0..<k {
            let left = isTransposed.a ? a[(p * k + q) * m + i] : a[(p * m + i) * k + q]
            sum += left * (isTransposed.b ? b[j * k + q] : b[q * n + j])
          }
          sum = 1.5 * sum + (code == 1 ? beta * old : 0)
          if code == 1 { sum = max(sum + bias[j], 0) }
          if code == 2 { sum += bias[i] }
          expected.append(sum)
        }
      }
    }
    expect("gemm \(m)x\(n)x\(k) transposes \(transposes) bias \(code)", c, expected, tolerance: 128)
  }

  mutating func checkRows() {
    for (batch, rows, inner, width) in [(1, 1, 1, 1), (2, 9, 5, 3), (1, 6, 70, 65), (3, 4, 4, 0)] {
      let entries = (0..<rows * 2).map { (row: $0 * 5 % rows, column: $0 * 7 % inner, value: Double($0 % 5) - 1.5) }
      let matrix = CompressedRows(rows: rows, columns: inner, entries: entries)
      let (x, z) = (numbers(batch * inner * width), numbers(batch * rows * width))
      let y = canaried([batch, rows, width])
      device.spmm(
        keep(SparseMatrix(matrix, elementType, on: device)), upload(x, [batch, inner, width]), into: y, alpha: 2,
        beta: -1,
        adding: upload(z, [batch, rows, width]))
      var expected = z.map { -$0 }
      for b in 0..<batch {
        for (r, c, value) in entries {
          for w in 0..<width { expected[(b * rows + r) * width + w] += 2 * value * x[(b * inner + c) * width + w] }
        }
      }
      expect("spmm \(rows)x\(inner)x\(width)", y, expected)

      let picks = (0..<7).map { Int32($0 * 3 % inner) }
      let index = keep(RowIndex(picks, sourceRows: inner, on: device))
      let source = upload(x, [batch, inner, width])
      let gathered = canaried([batch, 7, width])
      device.gather(source, index, into: gathered)
      // Where element i of the gathered rows comes from.
      let origin = (0..<batch * 7 * width).map { i -> Int in
        let (b, k, c) = (i / (7 * width), i / width % 7, i % width)
        return (b * inner + Int(picks[k])) * width + c
      }
      let picked = origin.map { x[$0] }
      expect("gather \(inner)x\(width)", gathered, picked)
      let sums = canaried([batch, inner, width], filledWith: 0.5)
      device.scatterAdd(gathered, index, into: sums, beta: 2)
      var added = [Double](repeating: 1, count: batch * inner * width)
      for (i, place) in origin.enumerated() { added[place] += picked[i] }
      expect("scatterAdd \(inner)x\(width)", sums, added)
    }
  }

  mutating func checkRandom() {
    let key = RandomKey(seed: 0x1234_5678_9ABC_DEF0, offset: 0xFFFF_FFFF_0000_0003)
    let words = (0..<11).map { key.words(block: UInt64($0 / 4))[$0 % 4] }
    let bits = device.allocate(.int32, [11])
    device.randomBits(key, into: bits)
    expect("randomBits", bits, words.map { Int32(bitPattern: $0) })
    let mask = canaried([11])
    device.randomMask(key, keepProbability: 0.6, scale: 1.25, into: mask)
    expect("randomMask", mask, words.map { UInt64($0) < maskThreshold(0.6) ? 1.25 : 0 })
  }
}
